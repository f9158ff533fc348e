"""Colours of clothing: solid mannequins under coloured light, several shots, and crops that show nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.attributes import UNKNOWN, owners, pooled
from models.clothing import COLOUR_CODES, COLOURS, LOWER, UPPER, ClothingReader, load_clothing_reader
from models.errors import BadPicture

BGR = {
    "black": (22, 20, 20),
    "white": (235, 235, 235),
    "red": (35, 25, 190),
    "blue": (190, 80, 30),
    "yellow": (40, 210, 235),
    "green": (60, 150, 40),
}


@pytest.fixture(scope="module")
def reader() -> ClothingReader:
    return load_clothing_reader()


def mannequin(upper: str, lower: str, rows: int = 160) -> np.ndarray:
    """A figure on grey ground: head, trunk with arms, two legs."""
    crop = np.full((160, 80, 3), (128, 130, 132), np.uint8)
    crop[90:] = (100, 104, 106)
    crop[8:28, 33:47] = (120, 150, 200)
    crop[8:14, 33:47] = (25, 30, 35)
    crop[29:80, 26:54] = BGR[upper]
    crop[32:78, 19:26] = BGR[upper]
    crop[32:78, 54:61] = BGR[upper]
    crop[80:148, 27:39] = BGR[lower]
    crop[80:148, 41:53] = BGR[lower]
    crop[80:90, 27:53] = BGR[lower]
    crop[148:155, 25:55] = (30, 30, 30)
    return crop[:: 160 // rows] if rows < 160 else crop


def told(reader: ClothingReader, *crops: np.ndarray) -> tuple[str, str]:
    (read,) = reader.read([crops], [[1.0] * len(crops)])
    return read[UPPER].value, read[LOWER].value


@pytest.mark.parametrize("upper", BGR)
@pytest.mark.parametrize("lower", ["black", "blue", "red"])
def test_a_mannequin_wears_what_it_was_painted_with(reader: ClothingReader, upper: str, lower: str) -> None:
    assert told(reader, mannequin(upper, lower)) == (upper, lower)


@pytest.mark.parametrize(
    "light", [(1.15, 1.0, 0.88), (0.88, 1.0, 1.12), (0.75, 0.75, 0.75)], ids=["blue", "yellow", "dim"]
)
@pytest.mark.parametrize(
    ("upper", "lower"), [("red", "blue"), ("green", "black"), ("yellow", "blue"), ("blue", "black")]
)
def test_coloured_light_does_not_change_the_name(
    reader: ClothingReader, upper: str, lower: str, light: tuple[float, float, float]
) -> None:
    lit = np.clip(mannequin(upper, lower) * np.array(light), 0, 255).astype(np.uint8)
    assert told(reader, lit) == (upper, lower)


def test_size_does_not_change_the_name(reader: ClothingReader) -> None:
    assert told(reader, mannequin("red", "black", rows=80)) == ("red", "black")


def test_two_good_shots_outvote_a_poor_one(reader: ClothingReader) -> None:
    red, green = mannequin("red", "black"), mannequin("green", "black")
    (read,) = reader.read([[green, red, red]], [[0.1, 0.9, 0.8]])
    assert read[UPPER].value == "red"


def test_a_black_shot_has_no_say(reader: ClothingReader) -> None:
    good, night = mannequin("red", "blue"), np.zeros((160, 80, 3), np.uint8)
    with_it, without = reader.read([[night, good], [good]], [[1.0, 0.5], [0.5]])
    assert with_it[UPPER].value == without[UPPER].value == "red"
    assert with_it[UPPER].confidence == pytest.approx(without[UPPER].confidence, abs=1e-5)


@pytest.mark.parametrize("crop", [np.zeros((120, 60, 3), np.uint8), np.full((5, 3, 3), 200, np.uint8)])
def test_what_shows_nothing_is_unknown(reader: ClothingReader, crop: np.ndarray) -> None:
    (read,) = reader.read([[crop]], [[1.0]])
    assert [(one.value, one.confidence) for one in read.values()] == [(UNKNOWN, 0.0)] * 2


def test_no_tracklets_give_nothing(reader: ClothingReader) -> None:
    assert reader.read([], []) == []


def test_what_is_no_picture_is_refused(reader: ClothingReader) -> None:
    with pytest.raises(BadPicture):
        reader.read([[np.zeros((9, 9), np.uint8)]], [[1.0]])


crops = st.tuples(st.integers(1, 90), st.integers(1, 50)).flatmap(lambda hw: arrays(np.uint8, (*hw, 3)))


@settings(max_examples=25, deadline=None)
@given(crop=crops)
def test_any_crop_gives_names_and_probabilities(reader: ClothingReader, crop: np.ndarray) -> None:
    (read,) = reader.read([[crop]], [[0.0]])
    assert set(read) == {UPPER, LOWER}
    for one in read.values():
        assert one.value in {*COLOURS, UNKNOWN}
        assert 0.0 <= one.confidence <= 1.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_mirrored_crop_reads_the_same(reader: ClothingReader, seed: int) -> None:
    # Twice the network's width: the areas a pixel stands for are the same from both sides.
    crop = np.random.default_rng(seed).integers(0, 256, (128, 64, 3), np.uint8)
    ours, theirs = reader.probabilities([crop, np.ascontiguousarray(crop[:, ::-1])])[0]
    assert ours == pytest.approx(theirs, abs=0.02)


def test_shots_merge_as_a_weighted_geometric_mean() -> None:
    rows = np.array([[[0.8, 0.2]], [[0.2, 0.8]], [[0.5, 0.5]]], np.float32)
    merged = pooled(rows, *owners([[3.0, 1.0], [1.0]]), 2)
    # 0.8^(3/4) 0.2^(1/4) : 0.2^(3/4) 0.8^(1/4) = sqrt(4) : 1
    assert merged[0, 0] == pytest.approx([2 / 3, 1 / 3], abs=1e-5)
    assert merged[1, 0] == pytest.approx([0.5, 0.5])


def test_codes_are_those_of_the_standard() -> None:
    assert (COLOUR_CODES["black"], COLOUR_CODES["grey"], COLOUR_CODES["blue"], COLOUR_CODES["pink"]) == (1, 3, 5, 12)
    assert UNKNOWN not in COLOUR_CODES
