"""Trains the bundled person embedder: `make train CROPS=FOLDER`.

python -m models.training RECIPE.yaml --crops FOLDER --out FOLDER

Writes log.csv, curves.png, NAME.onnx, figures.json, MODEL_CARD.md and recipe.yaml; started again with the same folder,
it goes on where it was cut off. Exit codes: 0 done; 2 bad input, with one line that says what; 130 interrupted.
"""

import argparse
import os
import sys
from pathlib import Path

# Two thread pools share the cores, torch's and the teacher's: waiting threads have to let go (measured: +20 %).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from models.errors import ModelError


def main(argv: list[str]) -> int:
    """Run; errors of the user give one line."""
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--crops", type=Path, required=True, help="FOLDER/SOURCE/PICTURE, pictures of people")
    parser.add_argument("--out", type=Path, required=True, help="where the results go, and the state of the run")
    given = parser.parse_args(argv)
    try:
        from models.training.produce import produce
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed: `make train` installs what training needs", file=sys.stderr)  # noqa: T201
        return 2
    try:
        produce(given.recipe, given.crops, given.out)
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print(f"stopped: the same command goes on from the last state in {given.out}", file=sys.stderr)  # noqa: T201
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
