"""Lines and polygons, by hand and by property."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.rules.geometry import (
    crosses,
    crossing_edges,
    depth_in_polygon,
    distance_to_line,
    inside_polygon,
    polygon_area,
)

SQUARE = np.array([[10.0, 10.0], [30.0, 10.0], [30.0, 30.0], [10.0, 30.0]])
LINE = np.array([[0.0, 0.0], [10.0, 0.0]])
coordinate = st.floats(-500, 500, allow_nan=False, width=32)
point = st.tuples(coordinate, coordinate).map(lambda p: np.array(p, np.float64))


def test_below_a_line_to_the_right_is_positive():
    assert distance_to_line(np.array([[5.0, 3.0], [5.0, -4.0], [50.0, 0.0]]), LINE).tolist() == [3.0, -4.0, 0.0]


@pytest.mark.parametrize(
    ("before", "after", "meets"),
    [((5, -1), (5, 1), True), ((10, -1), (10, 1), True), ((10.1, -1), (10.1, 1), False), ((5, 1), (6, 2), False)],
)
def test_only_the_segment_is_crossed(before, after, meets):
    assert crosses(np.array(before, float), np.array(after, float), LINE) is meets


@given(point, point)
def test_a_crossing_is_one_both_ways(before, after):
    line = np.array([[-100.0, -50.0], [120.0, 80.0]])
    assert crosses(before, after, line) == crosses(after, before, line)


def test_depth_is_the_distance_to_the_border():
    points = np.array([[20.0, 20.0], [12.0, 20.0], [0.0, 20.0], [33.0, 34.0]])
    assert depth_in_polygon(points, SQUARE) == pytest.approx([10.0, 2.0, -10.0, -5.0])


@given(point, st.permutations(range(4)).filter(lambda p: p in ([0, 1, 2, 3], [1, 2, 3, 0], [3, 2, 1, 0])))
def test_a_polygon_is_the_same_from_any_corner_and_either_way_round(p, order):
    assert inside_polygon(p[None], SQUARE[order]).tolist() == inside_polygon(p[None], SQUARE).tolist()


@given(st.lists(point, min_size=1, max_size=8), point)
def test_depth_moves_with_the_picture(points, shift):
    points = np.array(points)
    assert depth_in_polygon(points + shift, SQUARE + shift) == pytest.approx(depth_in_polygon(points, SQUARE), abs=1e-3)


def test_a_notch_is_outside():
    notched = np.array([[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]], float)
    assert inside_polygon(np.array([[5.0, 8.0], [5.0, 1.0], [1.0, 5.0]]), notched).tolist() == [False, True, True]
    assert polygon_area(notched) == 60.0


@pytest.mark.parametrize(
    ("corners", "edges"),
    [
        ([(0, 0), (10, 0), (10, 10), (0, 10)], None),
        ([(0, 0), (10, 10), (10, 0), (0, 10)], (1, 3)),
        ([(0, 0), (10, 0), (5, 0), (5, 10)], (1, 2)),  # folds back onto itself
        ([(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)], (1, 3)),  # touches an edge with a corner
        ([(0, 0), (10, 0), (5, 8)], None),
    ],
)
def test_edges_that_meet_are_found(corners, edges):
    assert crossing_edges(corners) == edges


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=7, unique=True))
def test_a_polygon_is_as_simple_backwards(corners):
    assert (crossing_edges(corners) is None) == (crossing_edges(corners[::-1]) is None)
