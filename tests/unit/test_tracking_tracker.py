"""The tracker on hand-made scenes: who is followed, who is lost, who is never mixed up."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.detections import Detections
from models.kinds import Kind
from pipeline.analysis.tracking import Tracker, TrackerSettings

PERSON, CAR = Kind.PERSON.code, Kind.MOTOR_VEHICLE.code


def seen(*boxes: tuple[float, ...]) -> Detections:
    """Each box is x, y, w, h, score and perhaps a class."""
    rows = np.array([(b[0], b[1], b[0] + b[2], b[1] + b[3]) for b in boxes], np.float32).reshape(-1, 4)
    classes = np.array([b[5] if len(b) > 5 else PERSON for b in boxes], np.int64)
    return Detections(rows, np.array([b[4] for b in boxes], np.float32), classes)


def walk(x: float, score: float = 0.9) -> tuple[float, ...]:
    return (x, 100.0, 40.0, 100.0, score)


def follow(tracker: Tracker, frames: Iterable[Detections], step_ms: int = 100, start_ms: int = 0) -> list[list[int]]:
    """Ids of the detections of each frame, in their order; 0 for one that belongs to no track."""
    ids = []
    for i, detections in enumerate(frames):
        tracks = tracker.update(detections, start_ms + i * step_ms)
        of = {int(d): int(t) for d, t in zip(tracks.detection, tracks.track_id, strict=True) if d >= 0}
        ids.append([of.get(d, 0) for d in range(len(detections))])
    return ids


def test_one_walker_keeps_the_first_id():
    ids = follow(Tracker(), [seen(walk(10.0 + 12 * i)) for i in range(20)])
    assert ids == [[1]] * 20


def test_confirmed_at_the_third_observation():
    tracker = Tracker(TrackerSettings(confirm_hits=3))
    confirmed = [bool(tracker.update(seen(walk(10.0 + i)), i * 100).confirmed[0]) for i in range(4)]
    assert confirmed == [False, False, True, True]


def test_two_who_cross_keep_their_ids_by_motion():
    """They walk at 80 px/s towards each other and pass at different depths; in the middle only the nearer is seen."""
    frames = []
    for i in range(30):
        left, right = (100.0 + 8 * i, 100.0, 40.0, 100.0, 0.9), (332.0 - 8 * i, 90.0, 36.0, 92.0, 0.9)
        hidden = abs(left[0] - right[0]) < 20
        frames.append(seen(left) if hidden else seen(left, right))
    ids = follow(Tracker(), frames)
    assert ids[0] == [1, 2]
    assert ids[-1] == [1, 2]


def test_looks_decide_where_motion_cannot():
    """Two stand side by side, are unseen for a moment, and one is found again between their places."""
    red, blue = np.eye(2, dtype=np.float32)
    tracker = Tracker()
    both = seen((100, 100, 40, 100, 0.9), (130, 100, 40, 100, 0.9))
    for i in range(5):
        tracker.update(both, i * 100, np.stack([red, blue]))
    one = seen((115, 100, 40, 100, 0.9))
    for looks, expected in ((red, 1), (blue, 2)):
        tracks = tracker.update(one, 500 if expected == 1 else 600, looks[None])
        assert tracks.track_id[tracks.detection == 0].tolist() == [expected]


def test_an_occlusion_of_a_second_is_survived():
    frames = [seen() if 10 <= i < 20 else seen(walk(10.0 + 6 * i)) for i in range(30)]
    ids = follow(Tracker(), frames)
    assert ids[20:] == [[1]] * 10


def test_a_hidden_track_is_predicted_without_a_detection():
    tracker = Tracker()
    follow(tracker, [seen(walk(10.0 * i)) for i in range(10)])
    tracks = tracker.update(seen(), 1000)
    assert tracks.detection.tolist() == [-1]
    assert tracks.xyxy[0, 0] == pytest.approx(100.0, abs=3.0)


def test_after_too_long_the_id_ends_and_is_not_reused():
    tracker = Tracker(TrackerSettings(lost_after_s=2.0))
    follow(tracker, [seen(walk(100.0))] * 5)
    assert tracker.update(seen(), 2000).ended == ()
    tracks = tracker.update(seen(walk(100.0)), 3000)
    assert tracks.ended == (1,)
    assert tracks.track_id.tolist() == [2]


def test_who_left_at_the_border_is_given_up_earlier():
    settings = TrackerSettings(lost_after_s=2.0, border_after_s=0.5)
    inside, outside = Tracker(settings), Tracker(settings)
    for i in range(5):
        inside.update(seen(walk(300.0)), i * 100, frame_size=(640, 480))
        outside.update(seen(walk(600.0)), i * 100, frame_size=(640, 480))
    assert inside.update(seen(), 1000, frame_size=(640, 480)).ended == ()
    assert outside.update(seen(), 1000, frame_size=(640, 480)).ended == (1,)


def test_a_faint_detection_continues_a_track_but_starts_none():
    ids = follow(Tracker(), [seen(walk(10.0 + 5 * i, 0.9 if i < 5 else 0.3)) for i in range(10)])
    assert ids == [[1]] * 10
    assert follow(Tracker(), [seen(walk(10.0, 0.3))] * 5) == [[0]] * 5


def test_below_the_faint_score_nothing_counts():
    tracker = Tracker()
    follow(tracker, [seen(walk(10.0))] * 5)
    assert tracker.update(seen(walk(10.0, 0.1)), 500).detection.tolist() == [-1]


def test_kinds_are_never_mixed():
    tracker = Tracker()
    follow(tracker, [seen(walk(100.0))] * 5)
    tracks = tracker.update(seen((*walk(100.0), CAR)), 500)
    assert tracks.track_id.tolist() == [1, 2]
    assert tracks.class_id.tolist() == [PERSON, CAR]
    assert tracks.detection.tolist() == [-1, 0]


def test_a_double_of_a_followed_person_starts_no_track():
    ids = follow(Tracker(), [seen(walk(100.0), (104.0, 104.0, 38.0, 96.0, 0.7))] * 5)
    assert ids == [[1, 0]] * 5


@pytest.mark.parametrize("fps", [25, 12, 5, 3])
def test_a_walker_is_followed_at_any_frame_rate(fps: int):
    """1.4 m/s and 1.7 m tall: 82 px/s at 100 px height, more than half a width between frames at 3 fps."""
    frames = [seen(walk(10.0 + 82.0 * i / fps)) for i in range(4 * fps)]
    ids = follow(Tracker(), frames, step_ms=round(1000 / fps))
    assert ids == [[1]] * (4 * fps)


def test_patience_is_measured_in_seconds_not_in_frames():
    for step_ms in (40, 200, 400):
        tracker = Tracker(TrackerSettings(lost_after_s=2.0))
        follow(tracker, [seen(walk(100.0))] * 5, step_ms)
        unseen = [tracker.update(seen(), 4 * step_ms + wait).ended for wait in (1999, 2001)]
        assert unseen == [(), (1,)]


def test_ids_belong_to_the_instance():
    first, second = Tracker(), Tracker()
    follow(first, [seen(walk(10.0), walk(300.0))] * 3)
    assert follow(second, [seen(walk(10.0))]) == [[1]]


def test_flush_ends_all_and_the_numbering_goes_on():
    tracker = Tracker()
    follow(tracker, [seen(walk(10.0), walk(300.0))] * 3)
    assert tracker.flush() == (1, 2)
    assert tracker.flush() == ()
    assert tracker.update(seen(walk(10.0)), 50).track_id.tolist() == [3]


def test_nothing_in_nothing_out():
    tracker = Tracker()
    tracks = tracker.update(Detections.empty(), 0)
    assert len(tracks) == 0
    assert tracks.xyxy.shape == (0, 4)
    assert tracker.update(Detections.empty(), 0).ended == ()


def test_frames_without_features_between_frames_with():
    looks = np.eye(3, dtype=np.float32)[:1]
    tracker = Tracker()
    for i in range(6):
        tracks = tracker.update(seen(walk(10.0)), i * 100, looks if i % 2 else None)
        assert tracks.track_id.tolist() == [1]
    tracker.update(Detections.empty(), 600)
    assert tracker.update(seen(walk(10.0)), 700, looks).track_id.tolist() == [1]


class Asked:
    """Looks that remember who was asked about."""

    dim = 3

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.rows: list[int] = []

    def of(self, rows: np.ndarray) -> np.ndarray:
        self.rows += rows.tolist()
        return self.values[rows]


def test_looks_are_asked_for_once_and_only_where_they_matter():
    tracker, other = Tracker(), Tracker()
    values = np.eye(3, dtype=np.float32)
    for i in range(4):
        looks = Asked(values)
        frame = seen(walk(10.0 + i), walk(300.0, 0.5), walk(500.0, 0.3))
        asked, told = tracker.update(frame, i * 100, looks), other.update(frame, i * 100, values)
        assert asked.track_id.tolist() == told.track_id.tolist() == [1]
        assert looks.rows == [0]  # one is sure enough to continue a track, none to start one, and one is too faint
    with pytest.raises(ValueError, match="3 numbers after features of 2"):
        narrow = Tracker()
        narrow.update(seen(walk(10.0)), 0, np.eye(2, dtype=np.float32)[:1])
        narrow.update(seen(walk(10.0)), 100, Asked(values[:1]))


def test_features_that_do_not_fit_are_refused():
    tracker = Tracker()
    with pytest.raises(ValueError, match="for 1 detections"):
        tracker.update(seen(walk(10.0)), 0, np.eye(2, dtype=np.float32))
    tracker.update(seen(walk(10.0)), 0, np.eye(2, dtype=np.float32)[:1])
    with pytest.raises(ValueError, match="3 numbers after features of 2"):
        tracker.update(seen(walk(10.0)), 100, np.eye(3, dtype=np.float32)[:1])


def test_time_that_runs_backwards_stands_still():
    tracker = Tracker()
    follow(tracker, [seen(walk(10.0))] * 3, start_ms=1000)
    tracks = tracker.update(seen(walk(10.0)), 500)
    assert tracks.track_id.tolist() == [1]
    assert np.isfinite(tracks.xyxy).all()


number = st.floats(0, 600, allow_nan=False, width=32)
box = st.tuples(
    number,
    number,
    st.floats(1, 300, width=32),
    st.floats(1, 300, width=32),
    st.floats(0, 1, width=32),
    st.integers(0, 2),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.lists(box, max_size=6)), max_size=8))
def test_whatever_comes_ids_are_unique_boxes_finite_and_detections_used_once(story: list):
    tracker, now, gone = Tracker(), 0, set()
    for wait, boxes in story:
        now += wait
        detections = seen(*boxes)
        tracks = tracker.update(detections, now, frame_size=(640, 480))
        used = tracks.detection[tracks.detection >= 0]
        assert len(set(tracks.track_id.tolist())) == len(tracks)
        assert len(set(used.tolist())) == len(used)
        assert (used < len(detections)).all()
        assert np.isfinite(tracks.xyxy).all()
        assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()
        assert tracks.class_id[tracks.detection >= 0].tolist() == detections.class_id[used].tolist()
        gone |= set(tracks.ended)
        assert not gone & set(tracks.track_id.tolist())
    assert not gone & set(tracker.flush())


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0])
def test_a_slow_camera_confirms_tracks_too(fps: float) -> None:
    tracker = Tracker()
    for i in range(6):
        left = 100.0 + 8.0 * i
        box = np.array([[left, 100.0, left + 40.0, 200.0]], np.float32)
        found = Detections(box, np.array([0.9], np.float32), np.zeros(1, np.int64))
        tracks = tracker.update(found, round(i * 1000 / fps), frame_size=(768, 576))
    assert tracks.confirmed.tolist() == [True]
    assert tracks.track_id.tolist() == [1]
