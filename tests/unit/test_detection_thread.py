"""Detection beside what follows: in order, one batch ahead, and neither side waits for ever."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from camera_adapters.frame import Frame
from models.detections import Detections
from pipeline.analysis.detecting import Detected
from pipeline.analysis.detection_thread import DetectionThread
from pipeline.analysis.mailbox import Mailbox

PICTURE = np.zeros((2, 2, 3), np.uint8)


def frame(seq: int) -> Frame:
    return Frame("a", "s", seq, seq, PICTURE, (2, 2), lambda: PICTURE)


class Looking:
    """A detector of one frame at a time that can be held up, and fails at frame 13."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.may = threading.Event()
        self.may.set()

    def detect(self, frames: Sequence[Frame]) -> Detected:
        assert self.may.wait(5)
        self.seen += [each.seq for each in frames]
        if self.seen[-1] == 13:
            raise ZeroDivisionError("thirteen")
        return Detected(frames, [Detections.empty() for _ in frames])


class Stage:
    def __init__(self) -> None:
        self.box = Mailbox()
        self.box.open_slot("a", "block", capacity=64)
        self.looking = Looking()
        self.thread = DetectionThread(self.box, self.looking, 1, 0.0)  # type: ignore[arg-type]

    def put(self, *seqs: int) -> None:
        for seq in seqs:
            self.box.put(frame(seq))

    def take(self) -> int | None:
        detected = self.thread.take(idle_s=0.1)
        return None if detected is None else detected.frames[0].seq

    def take_all(self) -> list[int]:
        taken, end = [], time.monotonic() + 5
        while not self.thread.ended and time.monotonic() < end:
            taken += [seq for seq in [self.take()] if seq is not None]
        assert self.thread.ended
        return taken


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.box.close()
    made.thread.abandon()
    made.looking.may.set()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.001)


def test_batches_come_in_order_and_all_of_them(stage: Stage) -> None:
    stage.put(*range(12))
    stage.box.close()
    stage.thread.finish()
    stage.thread.start()
    assert stage.take_all() == list(range(12))


def test_detection_is_two_batches_ahead_at_most(stage: Stage) -> None:
    stage.put(*range(8))
    stage.thread.start()
    until(lambda: stage.looking.seen == [0, 1])  # one ready, one that waits for it to be taken
    assert stage.box.waiting() == 6
    assert stage.take() == 0
    until(lambda: stage.looking.seen == [0, 1, 2])
    assert stage.box.waiting() == 5


def test_the_next_batch_is_detected_while_the_last_is_in_use(stage: Stage) -> None:
    stage.thread.start()
    stage.put(0)
    until(lambda: stage.looking.seen == [0])
    assert stage.take() == 0
    stage.put(1)
    until(lambda: stage.looking.seen == [0, 1])  # nobody asked for it yet


def test_nothing_ready_is_none_and_not_the_end(stage: Stage) -> None:
    stage.thread.start()
    assert stage.take() is None
    assert not stage.thread.ended


def test_a_failure_reaches_whoever_takes_after_what_was_found_before(stage: Stage) -> None:
    stage.put(12, 13, 14)
    stage.thread.start()
    until(lambda: stage.looking.seen == [12, 13])
    assert stage.take() == 12
    with pytest.raises(ZeroDivisionError, match="thirteen"):
        stage.take()
    assert not stage.thread.ended


def test_abandoned_while_nobody_takes_it_ends(stage: Stage) -> None:
    stage.put(*range(8))
    stage.thread.start()
    until(lambda: stage.looking.seen == [0, 1])
    stage.thread.abandon()
    until(lambda: not any(each.name == "detection" for each in threading.enumerate()))
    assert stage.looking.seen == [0, 1]
