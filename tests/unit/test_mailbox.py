"""The mailbox: bounded, fair, in order, and its counters add up."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.frame import Frame
from pipeline.analysis.mailbox import Mailbox, SlotCounters

PICTURE = np.zeros((2, 2, 3), np.uint8)


def frame(camera: str, seq: int, *, late: bool = False) -> Frame:
    return Frame(camera, "s", seq, seq, PICTURE, (2, 2), lambda: PICTURE, late=late)


def test_latest_frame_wins_and_the_loss_is_counted() -> None:
    box = Mailbox()
    box.open_slot("a", "latest")
    for seq in range(5):
        box.put(frame("a", seq))
    assert [f.seq for f in box.take(8, 0.0)] == [4]
    assert box.counters("a") == SlotCounters(received=5, analysed=0, dropped=4, waiting=1)


def test_a_frame_waits_until_it_is_analysed() -> None:
    box = Mailbox()
    box.open_slot("a", "block")
    for seq in range(3):
        box.put(frame("a", seq))
    first = box.take(2, 0.0)
    assert (box.waiting(), box.counters("a").waiting) == (1, 3)
    box.done(first)
    assert box.counters("a") == SlotCounters(received=3, analysed=2, dropped=0, waiting=1)


def test_late_frames_wait_beside_the_latest_and_in_order() -> None:
    box = Mailbox()
    box.open_slot("a", "latest", capacity=2)
    for seq in range(10):
        box.put(frame("a", seq, late=True))
    for seq in range(10, 15):
        box.put(frame("a", seq))
    assert [f.seq for f in box.take(32, 0.0)] == [*range(10), 13, 14]
    assert box.counters("a").dropped == 3


def test_a_loud_camera_does_not_starve_the_others() -> None:
    box = Mailbox()
    box.open_slot("loud", "block", capacity=8)
    box.open_slot("quiet", "block", capacity=8)
    for seq in range(8):
        box.put(frame("loud", seq))
    box.put(frame("quiet", 0))
    assert [f.camera_id for f in box.take(4, 0.0)].count("quiet") == 1


def test_turns_go_on_where_the_last_batch_ended() -> None:
    box = Mailbox()
    for name in "abc":
        box.open_slot(name, "latest")
    served: list[str] = []
    for seq in range(3):
        for name in "abc":
            box.put(frame(name, seq))
        served += [f.camera_id for f in box.take(2, 0.0)]
    assert {name: served.count(name) for name in "abc"} == {"a": 2, "b": 2, "c": 2}


def test_blocking_slot_waits_and_loses_nothing() -> None:
    box = Mailbox()
    box.open_slot("a", "block", capacity=2)
    writer = threading.Thread(target=lambda: [box.put(frame("a", seq)) for seq in range(20)])
    writer.start()
    taken: list[int] = []
    while len(taken) < 20:
        taken += [f.seq for f in box.take(3, 0.01)]
    writer.join(5)
    assert taken == list(range(20))
    assert box.counters("a").dropped == 0


def test_close_wakes_a_blocked_camera() -> None:
    box = Mailbox()
    box.open_slot("a", "block", capacity=1)
    box.put(frame("a", 0))
    writer = threading.Thread(target=lambda: box.put(frame("a", 1)))
    writer.start()
    box.close()
    writer.join(5)
    assert not writer.is_alive()
    assert [f.seq for f in box.take(8, 0.0)] == [0]
    assert box.counters("a").dropped == 1


def test_take_waits_for_company_no_longer_than_the_deadline() -> None:
    now = [0.0]
    box = Mailbox(clock=lambda: now[0])
    box.open_slot("a", "latest")
    box.open_slot("b", "latest")
    box.put(frame("a", 0))
    assert len(box.take(8, 0.001)) == 1


def test_a_camera_has_one_slot() -> None:
    box = Mailbox()
    box.open_slot("a", "latest")
    with pytest.raises(ValueError, match="slot already"):
        box.open_slot("a", "latest")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6)), max_size=30))
def test_counters_add_up_whatever_happens(steps: list[tuple[str, int]]) -> None:
    box = Mailbox()
    for name in "abc":
        box.open_slot(name, "latest")
    for seq, (name, size) in enumerate(steps):
        box.put(frame(name, seq))
        if seq % 3 == 0:
            batch = box.take(size, 0.0)
            assert len({f.camera_id for f in batch}) == len(batch) <= size
            box.done(batch[::2])
    for name in "abc":
        c = box.counters(name)
        assert c.received == c.analysed + c.dropped + c.waiting
