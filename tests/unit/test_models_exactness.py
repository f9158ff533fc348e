"""How far outputs are from each other, by hand."""

import numpy as np
import pytest

from models.engine import MOST_DEVIATION, deviation


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_the_same_is_nowhere_off_also_where_it_is_zero():
    assert deviation({"a": row(1, 2), "b": row(0, 0)}, {"a": row(1, 2), "b": row(0, 0)}) == 0.0


def test_relative_to_the_size_of_the_output_and_the_worst_counts():
    """Off by 1 and -1 where the values are 3 and 4: 1 / sqrt(12.5); by 0.1 where they are 1: 0.1."""
    found = {"boxes": row(4, 3), "scores": row(1.1, 0.9)}
    exact = {"boxes": row(3, 4), "scores": row(1, 1)}
    assert deviation(found, exact) == pytest.approx(1 / np.sqrt(12.5))
    assert deviation({**found, "boxes": exact["boxes"]}, exact) == pytest.approx(0.1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_what_is_no_number_is_too_far(wrong):
    assert deviation({"a": row(1, wrong)}, {"a": row(1, 2)}) > MOST_DEVIATION


def test_something_in_place_of_zeros_is_too_far():
    assert deviation({"a": row(0, 0.1)}, {"a": row(0, 0)}) > MOST_DEVIATION
