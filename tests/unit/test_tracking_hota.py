"""HOTA on sequences small enough to count by hand."""

import numpy as np
import pytest

from benchmarks.hota import hota


def rows(*cells: tuple[int, int, float]) -> np.ndarray:
    """Each cell is frame, id, x of a box 10 x 10."""
    return np.array([(f, i, x, 0, 10, 10, 1) for f, i, x in cells], float).reshape(-1, 7)


def walk(frames: int, track: int, x: float = 0.0) -> list[tuple[int, int, float]]:
    return [(frame, track, x) for frame in range(1, frames + 1)]


def test_the_truth_itself_is_perfect():
    truth = rows(*walk(5, 1), *walk(5, 2, 50.0))
    assert hota(truth, truth) == pytest.approx(1.0)


def test_a_split_track_is_found_but_not_kept_together():
    """Id changes after six of ten: detection 1, association (6 * 6/10 + 4 * 4/10) / 10."""
    found = rows(*((f, 7 if f <= 6 else 8, 0.0) for f in range(1, 11)))
    assert hota(rows(*walk(10, 1)), found) == pytest.approx(np.sqrt(0.52))


def test_half_of_the_boxes_missed():
    """Two of four found: detection 2/4; association of the one pair 2/4."""
    assert hota(rows(*walk(4, 1)), rows(*walk(2, 1))) == pytest.approx(0.5)


def test_a_box_counts_up_to_its_overlap():
    """Moved by 2.5 of 10: IoU 7.5 / 12.5 = 0.6, which is enough for twelve of the nineteen."""
    assert hota(rows(*walk(4, 1)), rows(*walk(4, 1, 2.5))) == pytest.approx(12 / 19)


def test_a_false_track_costs_detection_alone():
    """Four pairs and four false boxes: detection 4/8, association 1."""
    assert hota(rows(*walk(4, 1)), rows(*walk(4, 1), *walk(4, 2, 80.0))) == pytest.approx(np.sqrt(0.5))


def test_nothing_found():
    assert hota(rows(*walk(4, 1)), rows()) == 0.0
