"""How the bundled clothing network was made: `python -m models.training.clothing --help`."""
