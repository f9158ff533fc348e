import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.colour_stripes import DIM, SPACE, stripes, stripes_of_boxes
from models.errors import BadPicture

RED, BLUE, GREY = (0, 0, 200), (200, 0, 0), (90, 90, 90)


def person(top, bottom, width=40, height=96):
    crop = np.full((height, width, 3), GREY, np.uint8)
    crop[: height // 2, width // 4 : -width // 4] = top
    crop[height // 2 :, width // 4 : -width // 4] = bottom
    return crop


def test_shape_length_and_space():
    vectors = stripes([person(RED, BLUE), person(BLUE, RED)])
    assert vectors.shape == (2, DIM)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])
    assert SPACE.dim == DIM
    assert stripes([]).shape == (0, DIM)


def test_clothes_count_more_than_background_and_where_they_are_counts():
    other_place = person(RED, BLUE)
    other_place[:, :8] = other_place[:, -8:] = (60, 160, 60)
    same, elsewhere, swapped = stripes([person(RED, BLUE), other_place, person(BLUE, RED)])
    assert same @ elsewhere > 0.8
    assert same @ swapped < 0.75


def test_one_flat_colour_by_hand():
    # Pure blue: hue 240 of 360 is 171 of 256, between bins 10 and 11 of 16: 171 * 16 / 256 - 0.5 = 10.1875.
    blue = stripes([np.full((48, 24, 3), (255, 0, 0), np.uint8)])[0].reshape(6, 32)
    share = blue[0] ** 2 / (blue[0] ** 2).sum()
    assert share[[10, 11]] == pytest.approx([0.8125 / 3, 0.1875 / 3], abs=1e-3)
    assert share[[16 + 7, 24 + 7]] == pytest.approx([1 / 3, 1 / 3], abs=1e-3)
    assert np.allclose(blue, blue[0])


def test_size_does_not_matter_much():
    small, large = stripes([person(RED, BLUE, 20, 48), person(RED, BLUE, 160, 384)])
    assert small @ large > 0.97


def test_boxes_of_a_picture_equal_crops():
    picture = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)
    found = stripes_of_boxes(picture, np.array([[10.4, 20.6, 39.2, 99.5], [-20, -5, 30, 300]], np.float32))
    assert found == pytest.approx(stripes([picture[20:100, 10:40], picture[:, :30]]))
    assert stripes_of_boxes(picture, np.empty((0, 4), np.float32)).shape == (0, DIM)


@settings(max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4))
def test_any_box_gives_a_vector_of_length_one(box):
    picture = np.full((30, 20, 3), 77, np.uint8)
    assert np.linalg.norm(stripes_of_boxes(picture, np.array([box], np.float32))) == pytest.approx(1, abs=1e-5)


def test_what_is_no_picture_is_refused():
    with pytest.raises(BadPicture):
        stripes([np.zeros((0, 5, 3), np.uint8)])
