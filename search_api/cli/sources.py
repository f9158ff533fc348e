"""Recordings named on the command line."""

from collections.abc import Sequence
from pathlib import Path

from search_api.errors import BadInput


def check_sources(sources: Sequence[Path]) -> None:
    """Refuse what is plainly no recording before any network is loaded; raises BadInput."""
    for source in sources:
        if not source.exists():
            raise BadInput(f"{source} does not exist")
        if source.is_file() and source.stat().st_size == 0:
            raise BadInput(f"{source} is empty: 0 bytes")
