"""Pictures of the main stream belong to whom they show, or to nobody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from models.detections import Detections
from pipeline.analysis.camera_flow import CameraFlow
from pipeline.analysis.close_up import plain_pairs
from pipeline.analysis.tracking import TrackerSettings
from pipeline.settings import AnalysisSettings

SUB, MAIN = (320, 180), (1280, 720)


def pairs(expected: list[list[float]], found: list[list[float]]) -> list[tuple[int, int]]:
    a, b = np.array(expected, np.float32).reshape(-1, 4), np.array(found, np.float32).reshape(-1, 4)
    rows, picked = plain_pairs(a, b, np.ones((len(a), len(b)), bool))
    return list(zip(rows.tolist(), picked.tolist(), strict=True))


def test_apart_everybody_is_found_in_spite_of_a_small_lag() -> None:
    expected = [[0, 0, 20, 60], [100, 0, 120, 60]]
    assert pairs(expected, [[108, 0, 128, 60], [8, 0, 28, 60]]) == [(0, 1), (1, 0)]


def test_side_by_side_nobody_is_plain() -> None:
    expected = [[0, 0, 20, 60], [14, 0, 34, 60]]
    assert pairs(expected, [[7, 0, 27, 60], [21, 0, 41, 60]]) == []


def test_one_picture_of_two_people_belongs_to_neither() -> None:
    assert pairs([[0, 0, 20, 60], [10, 0, 30, 60]], [[5, 0, 25, 60]]) == []


def test_too_far_is_nobody() -> None:
    assert pairs([[0, 0, 20, 60]], [[60, 0, 80, 60]]) == []
    assert pairs([], [[60, 0, 80, 60]]) == pairs([[0, 0, 20, 60]], []) == []


def test_another_kind_is_somebody_else() -> None:
    box = np.array([[0, 0, 20, 60]], np.float32)
    rows, _ = plain_pairs(box, box, np.zeros((1, 1), bool))
    assert len(rows) == 0


boxes = arrays(np.float32, st.tuples(st.integers(0, 6), st.just(4)), elements=st.floats(0, 100, width=32)).map(
    lambda a: np.stack([a[:, 0], a[:, 1], a[:, 0] + a[:, 2] + 1, a[:, 1] + a[:, 3] + 1], axis=1)
)


@given(boxes, boxes)
def test_nobody_has_two_pictures_and_no_picture_shows_two(a: np.ndarray, b: np.ndarray) -> None:
    rows, picked = plain_pairs(a, b, np.ones((len(a), len(b)), bool))
    assert len(set(rows.tolist())) == len(rows) == len(set(picked.tolist()))


def frame(i: int, *, main: bool) -> tuple[Frame, Detections]:
    """Somebody walks right 4 px a frame on the sub-stream, five frames a second; the main stream has four times as many
    pixels each way, is green, and 100 ms late."""
    scale = 4 if main else 1
    left = (60 + 4 * i) * scale
    width, height = MAIN if main else SUB
    picture = np.full((height, width, 3), (0, 255, 0) if main else (90, 90, 90), np.uint8)
    box = np.array([[left, 40 * scale, left + 20 * scale, 100 * scale]], np.float32)
    made = Frame(
        "gate", "m" if main else "s", i, 200 * i + 100 * main, picture, (width, height), lambda: picture, main=main
    )
    return made, Detections(box, np.array([0.9], np.float32), np.array([0], np.int64))


def walk(frames: int, main_at: int | None) -> CameraFlow:
    flow = CameraFlow(Camera("gate", "x.mp4"), AnalysisSettings(), TrackerSettings())
    for i in range(frames):
        assert flow.advance(*frame(i, main=False)) == []
        if i == main_at:
            flow.look_closer(*frame(i, main=True))
    return flow


def test_the_best_shot_is_of_the_main_stream_in_pixels_of_the_sub_stream() -> None:
    (tracklet,) = walk(12, main_at=6).finish()
    best = tracklet.shots[0]
    assert best.crop.shape == (240, 80, 3)
    assert (best.crop == (0, 255, 0)).all()
    assert best.xyxy == (84.0, 40.0, 104.0, 100.0)
    assert best.captured_at_ms == 1300
    assert (tracklet.frame_size, tracklet.frames) == (SUB, walk(12, None).finish()[0].frames)


def test_long_after_she_was_seen_last_a_picture_shows_somebody_else() -> None:
    flow = walk(6, None)
    flow.look_closer(*frame(16, main=True))
    (tracklet,) = flow.finish()
    assert all((shot.crop == 90).all() for shot in tracklet.shots)


def test_an_unsure_detection_is_no_picture_of_anybody() -> None:
    flow = walk(6, None)
    shown, found = frame(5, main=True)
    flow.look_closer(shown, Detections(found.xyxy, np.array([0.2], np.float32), found.class_id))
    (tracklet,) = flow.finish()
    assert all((shot.crop == 90).all() for shot in tracklet.shots)
