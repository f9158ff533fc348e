"""The batch Kalman filter against the textbook, and overlaps against paper and pencil."""

import numpy as np
import pytest

from pipeline.analysis.tracking.association import assign
from pipeline.analysis.tracking.motion import Motion
from pipeline.analysis.tracking.settings import TrackerSettings
from pipeline.analysis.tracking.similarity import at_border, overlap

SETTINGS = TrackerSettings()


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_overlap_by_hand():
    a = boxes((0, 0, 10, 10))
    b = boxes((5, 0, 15, 10), (0, 0, 10, 10), (20, 20, 30, 30))
    assert overlap(a, b)[0] == pytest.approx([1 / 3, 1.0, 0.0])


def test_a_buffer_lets_neighbours_touch():
    """Each box grows by half its size: from -5..15 and 7..27 in x; 8 x 20 in common of 2 x 400 - 160."""
    a, b = boxes((0, 0, 10, 10)), boxes((12, 0, 22, 10))
    assert overlap(a, b)[0, 0] == 0.0
    assert overlap(a, b, buffer=0.5)[0, 0] == pytest.approx(160 / 640)


def test_the_border_is_where_the_picture_ends_but_not_above():
    rows = boxes((0, 100, 40, 200), (300, 100, 340, 200), (610, 100, 640, 200), (300, 400, 340, 480), (300, 0, 340, 90))
    assert at_border(rows, (640, 480)).tolist() == [True, False, True, True, False]


def test_assignment_takes_as_many_as_allowed():
    """The greedy choice 0.1 would leave the second row alone."""
    cost = np.array([[0.1, 0.2], [0.3, 0.9]])
    rows, columns = assign(cost, np.array([[True, True], [True, False]]))
    assert dict(zip(rows.tolist(), columns.tolist(), strict=True)) == {0: 1, 1: 0}
    assert len(assign(cost, np.zeros((2, 2), bool))[0]) == 0
    assert len(assign(np.empty((0, 3)), np.empty((0, 3), bool))[0]) == 0


def test_the_filter_equals_the_textbook():
    """One coordinate with F = [[1, t], [0, 1]], white acceleration noise, H = [1, 0]."""
    motion = Motion.start(boxes((80, 50, 120, 150)), SETTINGS)
    x, p = np.array([100.0, 0.0]), np.diag([motion.var[0, 0], motion.rate_var[0, 0]])
    q = (SETTINGS.acceleration * 100.0) ** 2
    t, noise = 0.2, 0.06
    motion.predict(t, SETTINGS)
    motion.correct(np.array([0]), boxes((96, 50, 136, 150)), np.array([noise]))
    f = np.array([[1.0, t], [0.0, 1.0]])
    x = f @ x
    p = f @ p @ f.T + q * np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
    gain = p[:, 0] / (p[0, 0] + (noise * 100.0) ** 2)
    x = x + gain * (116.0 - x[0])
    p = p - np.outer(gain, p[0])
    assert [motion.value[0, 0], motion.rate[0, 0]] == pytest.approx(x)
    assert [motion.var[0, 0], motion.cov[0, 0], motion.rate_var[0, 0]] == pytest.approx([p[0, 0], p[0, 1], p[1, 1]])


def test_ten_small_steps_predict_like_one_large_one():
    one, ten = (Motion.start(boxes((80, 50, 120, 150)), SETTINGS) for _ in range(2))
    for motion in (one, ten):
        motion.rate[:, :2] = 30.0
    one.predict(1.0, SETTINGS)
    for _ in range(10):
        ten.predict(0.1, SETTINGS)
    for name in ("value", "rate", "var", "cov", "rate_var"):
        assert getattr(ten, name)[0, :2] == pytest.approx(getattr(one, name)[0, :2])


def test_a_steady_walk_is_learnt():
    motion = Motion.start(boxes((0, 0, 40, 100)), SETTINGS)
    for i in range(1, 26):
        motion.predict(0.2, SETTINGS)
        motion.correct(np.array([0]), boxes((16.0 * i, 0, 16.0 * i + 40, 100)), np.array([0.06]))
    assert motion.rate[0, 0] == pytest.approx(80.0, rel=0.02)
    assert motion.xyxy()[0] == pytest.approx([400, 0, 440, 100], abs=0.5)


def test_rows_do_not_disturb_each_other():
    both = Motion.start(boxes((0, 0, 40, 100), (300, 0, 320, 60)), SETTINGS)
    alone = Motion.start(boxes((300, 0, 320, 60)), SETTINGS)
    for motion, rows in ((both, np.array([1])), (alone, np.array([0]))):
        motion.predict(0.2, SETTINGS)
        motion.correct(rows, boxes((305, 0, 325, 60)), np.array([0.06]))
    assert both.value[1] == pytest.approx(alone.value[0])
    assert both.select(np.array([1])).xyxy() == pytest.approx(alone.xyxy())
    assert len(both.joined(alone).value) == 3
