"""The archives that keep the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.archive import Archive, InMemoryArchive, open_archive


@pytest.fixture(params=["local", "sealing", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """`sealing` turns every second row into a segment, in the background, while the test goes on."""
    made: Archive = InMemoryArchive()
    if request.param != "memory":
        made = open_archive(tmp_path / "a", writable=True, seal_rows=2 if request.param == "sealing" else 16_384)
    yield made
    made.close()
