"""A worker's journal against a real camera that is killed and comes back, and a process that is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from models.boxes import InputSpec
from models.detections import Detections, Image
from pipeline.archive import InMemoryArchive, Span, SpanState, open_archive
from pipeline.assembly import Networks
from pipeline.coverage import State, archive_coverage
from pipeline.errors import ArchiveError
from pipeline.settings import Settings
from pipeline.worker import Worker
from tests.servers.cameras import make_clip, rtsp_server


class Blind:
    """A detector that sees nobody, at once."""

    name, version, input, elsewhere_s = "blind", "1", InputSpec(160, 120, "stretch"), 0.0

    def detect(self, images: Sequence[Image], sizes: object = None, *, min_score: float = 0.1) -> list[Detections]:
        return [Detections.empty() for _ in images]


NETWORKS = Networks(Blind(), {}, {})  # type: ignore[arg-type]


def settings(folder: Path, source: str, **camera: object) -> Settings:
    return Settings.model_validate(
        {
            "cameras": [{"id": "gate", "source": source, **camera}],
            "archive": {"path": folder / "archive"},
            "coverage": {"beat_s": 1},
        }
    )


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@pytest.mark.server
def test_a_camera_that_is_killed_was_down_and_is_live_again(tmp_path: Path, system_python_with_gst: str) -> None:
    clip = make_clip(tmp_path / "a.h264.mp4", frames=1500)
    archive = InMemoryArchive()

    def states() -> list[SpanState]:
        return [span.state for span in archive.journal.spans(0, 10**15)]

    with rtsp_server(system_python_with_gst, {"a": clip}) as server:
        worker = Worker(settings(tmp_path, server.url("a")), archive, NETWORKS)
        worker.start()
        until(lambda: SpanState.LIVE in states())
        server.kill()
        until(lambda: states()[-1] is SpanState.DOWN)
        server.start()
        until(lambda: states()[-1] is SpanState.LIVE)
        assert worker.stop()
    assert worker.failure is None
    spans = archive.journal.spans(0, 10**15)
    assert [span.reason for span in spans if span.state is SpanState.LIVE] == ["", ""]
    assert {span.reason for span in spans if span.state is SpanState.DOWN} <= {"connecting", "end_of_stream", "refused"}
    for one, following in pairwise(spans):
        assert one.to_ms == following.from_ms
    (answer,) = archive_coverage(archive, (), None, None)
    assert answer.intervals[-1].state is State.LIVE
    assert answer.watermark_ms == answer.to_ms


WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from pipeline.archive import open_archive
from pipeline.worker import Worker
from tests.integration.test_coverage_worker import NETWORKS, settings
folder = Path({folder!r})
archive = open_archive(folder / "archive", writable=True)
worker = Worker(settings(folder, "rtsp://127.0.0.1:1/nobody"), archive, NETWORKS)
worker.start()
worker._thread.join()
"""


def spans_in(folder: Path) -> list[Span]:
    try:
        with open_archive(folder, writable=False) as reader:
            return reader.journal.spans(0, 10**15)
    except ArchiveError:  # not there yet
        return []


def test_kill_9_ends_the_record_at_the_last_beat(tmp_path: Path) -> None:
    """A camera nobody answers for is down as long as somebody is there to notice."""
    code = WORKER.format(root=str(Path(__file__).resolve().parents[2]), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: len(spans_in(tmp_path / "archive")) > 0, 60)
            time.sleep(1.2)
            killed_ms = time.time_ns() // 1_000_000
        finally:
            process.send_signal(signal.SIGKILL)
    told = spans_in(tmp_path / "archive")
    with open_archive(tmp_path / "archive", writable=True) as archive:
        spans = archive.journal.spans(0, 10**15)
        assert spans == told  # nothing is added by whoever comes after
        assert {span.state for span in spans} == {SpanState.DOWN}
        assert spans[-1].to_ms <= killed_ms
        (answer,) = archive_coverage(archive, ("gate",), spans[0].from_ms, killed_ms + 5000)
    assert answer.intervals[-1].state is State.UNKNOWN
    assert answer.intervals[-1].from_ms == spans[-1].to_ms


def test_a_film_in_a_worker_is_live_in_its_own_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "film.mp4", frames=100)
    archive = InMemoryArchive()
    film = settings(tmp_path, str(clip), pace="fast", start="2026-05-01T12:00:00+08:00")
    worker = Worker(film, archive, NETWORKS)
    worker.start()
    until(lambda: worker.camera_reports()[0].analysed == 20)
    assert worker.stop()
    noon = 1777608000000
    (span,) = archive.journal.spans(0, 10**15)
    assert span == Span("gate", span.session, SpanState.LIVE, noon, noon + 4000, noon + 4000)
