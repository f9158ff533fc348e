"""Filling, smoothing and joining tracks when the whole recording is known."""

import numpy as np
import pytest

from models.detections import Detections
from pipeline.analysis.tracking import HindsightSettings, History, LinkSettings, RecordedTracker, link
from pipeline.analysis.tracking.history import fill, smooth

RED, BLUE = np.eye(2, dtype=np.float16)
SIZE = (640, 480)


def history(
    frames: range | list[int],
    x: float,
    speed: float = 0.0,
    track_id: int = 1,
    looks: np.ndarray = RED,
    class_id: int = 0,
) -> History:
    """At 10 frames per second: a box 40 x 100 at `x` in the first frame that moves `speed` px a frame."""
    frame = np.array(list(frames), np.int64)
    left = x + speed * (frame - frame[0])
    xyxy = np.stack([left, np.full(len(frame), 100.0), left + 40.0, np.full(len(frame), 200.0)], axis=1)
    score = np.linspace(0.8, 0.9, len(frame))
    return History(track_id, class_id, frame, frame * 100, xyxy, score, np.repeat(looks[None], len(frame), axis=0))


def joined(first: History, second: History, **settings: float) -> bool:
    return len(link([first, second], SIZE, LinkSettings(**settings))) == 1


def test_a_short_gap_is_filled_along_the_straight_line():
    seen = history([1, 2, 6, 7], 100.0, speed=10.0)
    frames = np.arange(1, 10)
    whole = fill(seen, frames, frames * 100, longest_s=0.5)
    assert whole.frame.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert whole.xyxy[:, 0] == pytest.approx([100, 110, 120, 130, 140, 150, 160])
    assert whole.score[2:5] == pytest.approx([seen.score[1]] * 3)
    assert fill(seen, frames, frames * 100, longest_s=0.3).frame.tolist() == [1, 2, 6, 7]


def test_only_analysed_frames_are_filled():
    frames = np.array([1, 4, 7, 10])
    whole = fill(history([1, 10], 100.0), frames, frames * 100, longest_s=2.0)
    assert whole.frame.tolist() == [1, 4, 7, 10]


def test_one_observation_stays_one():
    frames = np.arange(1, 5)
    assert fill(history([2], 100.0), frames, frames * 100, 1.0).frame.tolist() == [2]


def test_smoothing_keeps_a_steady_walk_and_calms_a_shaking_box():
    steady = history(range(1, 30), 100.0, speed=7.0)
    assert smooth(steady, 0.2).xyxy == pytest.approx(steady.xyxy, abs=0.1)
    shaking = history(range(1, 30), 100.0)
    shaking.xyxy[:, 0] += np.where(np.arange(29) % 2, 3.0, -3.0)
    assert np.abs(smooth(shaking, 0.2).xyxy[3:-3, 0] - 100.0).max() < 0.5
    assert smooth(shaking, 0.0) is shaking


def test_a_track_of_hours_is_smoothed_as_a_short_one():
    """Blocks of the calculation leave no seam."""
    long = history(range(1, 3001), 100.0, speed=0.1)
    long.xyxy[:, 1] += np.sin(np.arange(3000) / 7.0)
    whole, part = smooth(long, 0.2), smooth(history(range(400, 701), 139.9, speed=0.1), 0.2)
    assert whole.xyxy[430:670, 0] == pytest.approx(part.xyxy[31:271, 0], abs=1e-6)
    assert np.abs(np.diff(whole.xyxy[:, 1])).max() < 0.2


def test_pieces_of_one_way_are_joined():
    assert joined(history(range(1, 20), 100.0, 5.0), history(range(30, 50), 245.0, 5.0, 2))


def test_no_join_when_it_is_too_far():
    assert not joined(history(range(1, 20), 100.0, 5.0), history(range(30, 50), 500.0, 5.0, 2))


def test_no_join_when_it_is_too_late():
    first, second = history(range(1, 20), 300.0), history(range(70, 90), 300.0, track_id=2)
    assert not joined(first, second)
    assert joined(first, second, longest_gap_s=6.0)


def test_no_join_when_looks_or_kinds_differ():
    first = history(range(1, 20), 300.0)
    assert not joined(first, history(range(25, 40), 300.0, track_id=2, looks=BLUE))
    assert not joined(first, history(range(25, 40), 300.0, track_id=2, class_id=1))


def test_who_has_left_is_not_who_comes_in_there():
    first, second = history(range(1, 20), 600.0), history(range(35, 50), 600.0, track_id=2)
    assert not joined(first, second)
    assert len(link([first, second], None)) == 1


def test_a_piece_is_used_once_and_the_better_one_wins():
    first = history(range(1, 20), 300.0)
    near, far = history(range(25, 40), 302.0, track_id=2), history(range(25, 40), 330.0, track_id=3)
    found = link([first, near, far], SIZE)
    assert [h.track_id for h in found] == [1, 3]
    assert len(found[0]) == 19 + 15


def test_a_chain_of_three_becomes_one():
    pieces = [history(range(a, a + 10), 300.0, track_id=a) for a in (1, 15, 30)]
    assert [len(h) for h in link(pieces, SIZE)] == [30]
    assert link([], SIZE) == []


def detections(*rows: tuple[float, float]) -> Detections:
    """Each row is x and score of a box 40 x 100."""
    xyxy = np.array([(x, 100, x + 40, 200) for x, _ in rows], np.float32).reshape(-1, 4)
    return Detections(xyxy, np.array([s for _, s in rows], np.float32), np.zeros(len(rows), np.int64))


def test_a_confirmed_track_is_told_from_its_first_observation_and_a_flicker_never():
    recorded = RecordedTracker(SIZE)
    for i in range(12):
        rows = [] if i in (5, 6) else [(100.0 + 5 * i, 0.9)]
        recorded.update(detections(*rows, *([(400.0, 0.9)] if i == 3 else [])), i + 1, i * 100)
    (only,) = recorded.finish()
    assert only.frame.tolist() == list(range(1, 13))
    assert only.xyxy[:, 0] == pytest.approx([100.0 + 5 * i for i in range(12)], abs=0.5)


def test_a_lasting_doubt_is_no_object():
    recorded = RecordedTracker(SIZE)
    for i in range(20):
        recorded.update(detections((100.0, 0.6 if i == 0 else 0.35)), i + 1, i * 100)
    assert recorded.finish() == []
    assert len(recorded.finish(HindsightSettings(min_mean_score=0.3))) == 1


@pytest.mark.parametrize("usual", [0.42, 0.46, 0.5])
def test_somebody_small_of_whom_the_detector_is_only_half_sure_is_told_of(usual: float):
    recorded = RecordedTracker(SIZE)
    for i in range(20):
        recorded.update(detections((100.0, 0.6 if i == 0 else usual)), i + 1, i * 100)
    assert len(recorded.finish()) == 1


def test_an_empty_recording():
    assert RecordedTracker(SIZE).finish() == []
    recorded = RecordedTracker(SIZE)
    recorded.update(Detections.empty(), 1, 0)
    assert recorded.finish() == []
