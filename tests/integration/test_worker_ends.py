"""A worker ends as a whole: what fails on one of its threads ends the others, and is told."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from camera_adapters.frame import Frame
from models.boxes import InputSpec
from models.detections import Detections, Image
from pipeline.analysis.tracking import Tracks
from pipeline.archive import InMemoryArchive
from pipeline.assembly import Networks
from pipeline.settings import Settings
from pipeline.worker import Listeners, Worker
from tests.servers.cameras import make_clip


class Blind:
    """A detector that sees nobody, and fails at the batch asked for."""

    name, version, input, elsewhere_s = "blind", "1", InputSpec(160, 120, "stretch"), 0.0

    def __init__(self, fails_at: int = 10**9) -> None:
        self.batches, self.fails_at = 0, fails_at

    def detect(self, images: Sequence[Image], sizes: object = None, *, min_score: float = 0.1) -> list[Detections]:
        self.batches += 1
        if self.batches >= self.fails_at:
            raise ZeroDivisionError("the detector broke")
        return [Detections.empty() for _ in images]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", frames=250)


def worker(clip: Path, detector: Blind, listeners: Listeners | None = None) -> Worker:
    cameras = [{"id": name, "source": str(clip), "pace": "fast", "analysis_fps": 25} for name in ("east", "west")]
    settings = Settings.model_validate({"cameras": cameras, "archive": {"path": "nowhere"}})
    networks = Networks(detector, {}, {})  # type: ignore[arg-type]
    return Worker(settings, InMemoryArchive(), networks, listeners=listeners or Listeners())


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def running() -> set[str]:
    return {each.name for each in threading.enumerate()} & {"analysis", "detection", "camera-east", "camera-west"}


def test_every_frame_of_recordings_is_analysed_and_every_thread_ends(clip: Path) -> None:
    whole = worker(clip, Blind())
    whole.start()
    until(lambda: all(report.analysed == 250 for report in whole.camera_reports()))
    assert whole.alive
    assert whole.stop()
    assert whole.failure is None
    assert {(r.received, r.analysed, r.dropped) for r in whole.camera_reports()} == {(250, 250, 0)}
    assert not running()


def test_stopped_in_the_middle_what_was_taken_in_is_analysed(clip: Path) -> None:
    whole = worker(clip, Blind())
    whole.start()
    until(lambda: whole.camera_reports()[0].analysed > 5)
    assert whole.stop()
    for report in whole.camera_reports():
        assert report.received == report.analysed + report.dropped
    assert not running()


def test_a_detector_that_breaks_ends_the_worker_and_is_told(clip: Path) -> None:
    broken = worker(clip, Blind(fails_at=3))
    broken.start()
    until(lambda: not broken.alive)
    assert isinstance(broken.failure, ZeroDivisionError)
    assert broken.stop()
    assert not running()


def test_a_listener_that_breaks_ends_detection_too(clip: Path) -> None:
    def hear(frame: Frame, tracks: Tracks) -> None:
        raise LookupError("the rules broke")

    broken = worker(clip, Blind(), Listeners(tracks=hear))
    broken.start()
    until(lambda: not broken.alive)
    assert isinstance(broken.failure, LookupError)
    assert broken.stop()
    until(lambda: not running())
