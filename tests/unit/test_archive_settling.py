"""A search of what changes faster than it can be searched."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from pipeline.archive import open_archive
from pipeline.archive.ranking import Candidate
from pipeline.sighting import Sighting
from tests.servers.records import query, record

AXES = np.eye(3, dtype=np.float32)


def test_a_hit_that_never_holds_still_is_of_one_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_archive(tmp_path / "archive", writable=True) as archive:
        revisions = count(1)
        rows_of = archive._rows_of

        def move() -> None:
            revision = next(revisions)
            archive.append([record("s", AXES[revision % 3], revision=revision, seen=(0, revision))])

        def unsteady(candidates: Sequence[Candidate]) -> dict[str, Sighting]:
            move()  # since it was found
            found = rows_of(candidates)
            move()  # since its row was read
            return found

        move()
        monkeypatch.setattr(archive, "_rows_of", unsteady)
        for _ in AXES:  # the last revision of the three points another way each time
            (hit,) = archive.search(query(AXES[0]))
            assert hit.sighting.last_seen_ms == hit.sighting.revision
            assert hit.score == (1.0 if hit.sighting.revision % 3 == 0 else 0.0)
