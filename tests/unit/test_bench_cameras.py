"""The search for the largest number of cameras, on machines made up of arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.camera_load import LoadFigures
from pipeline.bench.cameras import CamerasFigures, largest
from search_api.cli.bench_cameras import numbers
from search_api.errors import BadInput


def machine(limit: int, cost: float = 0.1):
    def measure(cameras: int) -> LoadFigures:
        held = cameras <= limit
        return LoadFigures(cameras, 5, 1, held, "" if held else "slow", cost * cameras, {}, 1, 1, ())

    return measure


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40), st.floats(0.01, 1))
def test_the_largest_number_that_holds_is_found(limit: int, least: int, more: int, cost: float) -> None:
    found = largest(machine(limit, cost), least, least + more)
    expected = min(limit, least + more) if limit >= least else 0
    assert found.max_cameras == expected
    assert found.load.cameras == (expected or least)
    assert len({each.cameras for each in found.tried}) == len(found.tried)


def test_one_number_is_measured_once() -> None:
    found: CamerasFigures = largest(machine(100), 8, 8)
    assert (found.max_cameras, len(found.tried)) == (8, 1)


@pytest.mark.parametrize(("text", "expected"), [("8", (8, 8)), ("2..16", (2, 16)), ("4..", (4, 512)), ("..9", (1, 9))])
def test_numbers_of_cameras(text: str, expected: tuple[int, int]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize("text", ["", "x", "0", "9..3", "1..9999", "1..2..3", "-2"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--cameras"):
        numbers(text)
