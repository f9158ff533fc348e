"""Each sentence of `pipeline.archive.journal.Journal`, for every implementation, and what an old archive becomes."""

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.archive import InMemoryArchive, Journal, Span, SpanState, open_archive
from pipeline.archive.journal import STATES
from pipeline.errors import ArchiveError

GOLDEN = Path(__file__).parent.parent / "golden" / "archives"


@pytest.fixture(params=["local", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    archive = InMemoryArchive() if request.param == "memory" else open_archive(tmp_path / "a", writable=True)
    yield archive.journal
    archive.close()


LIVE = Span("gate", "run", SpanState.LIVE, 1000, 2000, 1500)
DOWN = Span("gate", "run", SpanState.DOWN, 2000, 2600, 2600, "refused")
OTHER = Span("东门", "run", SpanState.SHEDDING, 500, 900, 700)


def test_spans_come_back_by_camera_and_start(journal: Journal) -> None:
    assert journal.extent() is None
    journal.note([DOWN, OTHER, LIVE])
    journal.note([])
    assert journal.spans(0, 9999) == [LIVE, DOWN, OTHER]
    assert journal.spans(0, 9999, ["gate"]) == [LIVE, DOWN]
    assert journal.spans(0, 9999, ["nobody"]) == []
    assert journal.cameras() == ["gate", "东门"]
    assert journal.extent() == (500, 2600)
    assert journal.extent(["gate", "nobody"]) == (1000, 2600)
    assert journal.extent(["nobody"]) is None


def test_the_asked_time_is_half_open(journal: Journal) -> None:
    journal.note([LIVE, DOWN])
    assert journal.spans(0, 1000) == []
    assert journal.spans(1999, 2000) == [LIVE]
    assert journal.spans(2000, 2001) == [DOWN]
    assert journal.spans(2600, 9999) == []


def test_a_span_only_grows(journal: Journal) -> None:
    journal.note([LIVE])
    journal.note([replace(LIVE, to_ms=3000, indexed_ms=1200)])
    journal.note([replace(LIVE, to_ms=2500, indexed_ms=2400)])
    assert journal.spans(0, 9999) == [replace(LIVE, to_ms=3000, indexed_ms=2400)]


def test_old_spans_are_forgotten(journal: Journal) -> None:
    journal.note([LIVE, DOWN, OTHER])
    assert journal.forget(2000) == 1
    assert journal.forget(2000) == 0
    assert journal.spans(0, 9999) == [LIVE, DOWN]


def test_many_cameras_fit_one_question(journal: Journal) -> None:
    cameras = [f"c{number:05d}" for number in range(1200)]
    journal.note([replace(LIVE, camera_id=camera) for camera in cameras])
    assert [span.camera_id for span in journal.spans(0, 9999, cameras)] == cameras


def test_columns_hold_the_same_as_spans(journal: Journal) -> None:
    journal.note([LIVE, DOWN, OTHER, replace(DOWN, camera_id="other", reason="no_video")])
    cameras = ["东门", "nobody", "gate"]
    for from_ms, to_ms in ((0, 9999), (1999, 2001), (600, 700), (2600, 9999)):
        table = journal.table(from_ms, to_ms, cameras)
        rows = zip(
            [cameras[n] for n in table.camera.tolist()],
            [STATES[n] for n in table.state.tolist()],
            table.from_ms.tolist(),
            table.to_ms.tolist(),
            table.indexed_ms.tolist(),
            [table.reasons[n] for n in table.reason.tolist()],
            strict=True,
        )
        spans = journal.spans(from_ms, to_ms, cameras)
        assert sorted(rows) == sorted((s.camera_id, s.state, s.from_ms, s.to_ms, s.indexed_ms, s.reason) for s in spans)
    assert len(journal.table(0, 9999, []).camera) == 0


def test_spans_stay_and_a_reader_sees_them_and_writes_none(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.journal.note([LIVE])
        with open_archive(tmp_path / "a", writable=False) as reader:
            assert reader.journal.spans(0, 9999) == [LIVE]
            with pytest.raises(ArchiveError):
                reader.journal.note([DOWN])
    with open_archive(tmp_path / "a", writable=False) as reader:
        assert reader.journal.spans(0, 9999) == [LIVE]


@pytest.mark.parametrize("version", [1, 2])
def test_an_archive_of_an_older_format_gets_a_journal(tmp_path: Path, version: int) -> None:
    with tarfile.open(GOLDEN / f"format-{version}.tar.gz") as tar:
        tar.extractall(tmp_path / "old", filter="data")
    with open_archive(tmp_path / "old", writable=False) as reader:
        assert reader.journal.cameras() == []
    with open_archive(tmp_path / "old", writable=True) as archive:
        archive.journal.note([LIVE])
        assert archive.journal.cameras() == ["gate"]
