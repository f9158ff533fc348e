"""Best shots: hand-computed cases of every part of the quality."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.kinds import Kind
from pipeline.analysis.shots import (
    Candidate,
    covered_share,
    facing,
    geometric_quality,
    inside_share,
    most_quality,
    pixels_of,
    sharpness,
)
from pipeline.analysis.tracklet import OpenTracklet, snapshot
from pipeline.sighting import TrackletKey

STILL = np.zeros((1, 2), np.float32)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_one_behind_is_covered_and_the_one_in_front_is_not() -> None:
    share = covered_share(boxes((0, 0, 10, 20), (5, 0, 15, 30)))
    assert share == pytest.approx([0.5, 0.0])


def test_touching_the_edge_halves_the_quality() -> None:
    assert inside_share(boxes((0, 10, 20, 50), (10, 10, 20, 50)), (100, 100)).tolist() == [0.5, 1.0]


def test_walking_towards_the_camera_shows_the_front() -> None:
    velocity = np.array([[0, 100], [0, -100], [0, 0], [100, 0]], np.float32)
    assert facing(velocity, np.full(4, 100, np.float32)) == pytest.approx([1.0, 0.0, 0.5, 0.5])


def test_quality_of_a_full_size_clear_front_view_is_its_score() -> None:
    quality = geometric_quality(
        boxes((100, 100, 200, 292)), np.array([0.9], np.float32), np.array([[0, 500]], np.float32), (1000, 1000)
    )
    assert quality == pytest.approx([0.9])


@given(st.floats(1, 400), st.floats(0, 1), st.floats(-300, 300), st.floats(-300, 300))
def test_no_quality_is_above_what_a_box_can_reach(height: float, score: float, right: float, down: float) -> None:
    row = boxes((20, 30, 60, 30 + height))
    tall, sure = float(row[0, 3] - row[0, 1]), np.array([score], np.float32)
    (quality,) = geometric_quality(row, sure, np.array([[right, down]], np.float32), (500, 500)).tolist()
    assert quality == pytest.approx(most_quality(tall, float(sure[0]), (right, down)), abs=1e-5)
    (at_the_edge,) = geometric_quality(row, sure, np.array([[right, down]], np.float32), (60, 500)).tolist()
    assert at_the_edge <= quality


def test_blur_lowers_sharpness() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 32, 3), np.uint8)
    assert sharpness(cv2.GaussianBlur(noise, (9, 9), 3)) < sharpness(noise) == 1.0


@given(arrays(np.float32, (4,), elements=st.floats(-500, 500, width=32)))
def test_a_part_never_leaves_the_picture_and_is_never_empty(xyxy: np.ndarray) -> None:
    left, top, right, bottom = pixels_of(xyxy, (80, 50))
    assert 0 <= left < right <= 80
    assert 0 <= top < bottom <= 50


def shot(t_ms: int, quality: float) -> Candidate:
    return Candidate(t_ms, (0, 0, 1, 1), 0.9, quality, quality, np.zeros((2, 2, 3), np.uint8))


def track() -> OpenTracklet:
    return OpenTracklet(TrackletKey("c", "s", 1), Kind.PERSON, "", (100, 100), 0, 0)


def test_keeps_the_best_shots_of_different_moments() -> None:
    tracklet = track()
    for t_ms, quality in [(0, 0.3), (100, 0.5), (1000, 0.2), (2000, 0.9), (3000, 0.1)]:
        tracklet.offer(shot(t_ms, quality), keep=3)
    assert [(s.captured_at_ms, s.quality) for s in tracklet.shots] == [(2000, 0.9), (100, 0.5), (1000, 0.2)]


def test_wants_only_what_is_clearly_better() -> None:
    tracklet = track()
    tracklet.offer(shot(0, 0.5), keep=1)
    assert 0.54 < tracklet.wanted(1000, keep=1) < 0.56
    assert tracklet.wanted(100, keep=2) == tracklet.wanted(1000, keep=1)
    assert tracklet.wanted(1000, keep=2) < 0


def test_velocity_follows_the_motion() -> None:
    tracklet = track()
    for i in range(11):
        x = 10.0 * i
        tracklet.seen((x, 0.0, x + 10, 20.0), 200 * i)
    assert tracklet.velocity == pytest.approx([50, 0], abs=6)


def test_a_long_tracklet_is_told_every_thirty_seconds_with_a_new_revision() -> None:
    tracklet = track()
    tracklet.offer(shot(0, 0.5), keep=1)
    tracklet.last_seen_ms = 30_000
    assert not tracklet.due(29_999, 30_000)
    assert tracklet.due(30_000, 30_000)
    assert snapshot(tracklet, still_open=True).revision == 1
    assert not tracklet.due(59_999, 30_000)
    assert snapshot(tracklet, still_open=False).revision == 2
