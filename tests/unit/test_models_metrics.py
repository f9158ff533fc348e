import numpy as np
import pytest

from benchmarks.average_precision import average_precision, match
from benchmarks.retrieval import retrieval


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def test_each_true_box_is_taken_once():
    truth = boxes((0, 0, 10, 10), (20, 0, 30, 10))
    found = boxes((0, 0, 10, 9), (0, 0, 10, 10), (20, 0, 30, 10), (50, 0, 60, 10))
    assert match(found, truth).tolist() == [True, False, True, False]
    assert match(found, boxes()).tolist() == [False] * 4


def test_average_precision_by_hand():
    # In order of score: right, wrong, right; three true boxes: 1/3 at precision 1, 1/3 at 2/3.
    right = [np.array([True, False]), np.array([True])]
    scores = [np.array([0.9, 0.8], np.float32), np.array([0.7], np.float32)]
    assert average_precision(right, scores, 3) == pytest.approx(1 / 3 + 2 / 9)
    assert average_precision(right, scores, 0) == 0


def test_retrieval_by_hand():
    similarity = np.array([[0.9, 0.8, 0.1], [0.2, 0.9, 0.3]], np.float32)
    # The first query's entries are at ranks 1 and 3: (1 + 2/3) / 2; the second's at rank 1.
    assert retrieval(similarity, [1, 2], [1, 2, 1]) == pytest.approx((1.0, (5 / 6 + 1) / 2))
    assert retrieval(similarity, [1, 2], [1, 3, 2]) == pytest.approx((0.5, 0.75))
    # Nobody in the gallery is 9: that query is left out.
    assert retrieval(similarity, [1, 9], [1, 1, 1]) == pytest.approx((1.0, 1.0))
