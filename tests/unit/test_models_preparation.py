import numpy as np
import pytest

from models.card import InputLayout
from models.errors import BadPicture
from models.preparation import Preparation


def picture(width, height, colour=(10, 20, 30)):
    return np.full((height, width, 3), colour, np.uint8)


def test_stretched_pictures_fill_the_input_in_bgr_planes():
    blob, fitted = Preparation(InputLayout("x", 8, 4)).batch([picture(80, 10), picture(8, 4, (1, 2, 3))])
    assert blob.shape == (2, 3, 4, 8)
    assert blob.dtype == np.float32
    assert fitted == [(8, 4), (8, 4)]
    assert blob[:, :, 0, 0].tolist() == [[10, 20, 30], [1, 2, 3]]


def test_a_picture_of_the_right_size_is_taken_pixel_for_pixel():
    random = np.random.default_rng(0).integers(0, 256, (4, 8, 3), np.uint8)
    blob, _ = Preparation(InputLayout("x", 8, 4)).batch([random])
    assert np.array_equal(blob[0], random.transpose(2, 0, 1))


def test_letterboxed_pictures_lie_at_the_top_left_and_padding_is_normalised_too():
    layout = InputLayout("x", 8, 8, "within", 5.0, (10.0, 20.0, 30.0), (2.0, 2.0, 2.0))
    blob, fitted = Preparation(layout).batch([picture(16, 8, (12, 24, 36))])
    assert fitted == [(8, 4)]
    assert blob[0, :, 3, 7].tolist() == [1, 2, 3]
    assert blob[0, :, 4, 0].tolist() == [-2.5, -7.5, -12.5]


def test_pixels_lie_at_the_top_left_of_the_padding():
    pixels, fitted = Preparation(InputLayout("x", 8, 8, "within", 5.0)).pixels(
        [picture(16, 8), picture(4, 8, (1, 2, 3))]
    )
    assert (pixels.dtype, pixels.shape) == (np.uint8, (2, 8, 8, 3))
    assert fitted == [(8, 4), (4, 8)]
    assert pixels[0, 3, 7].tolist() == [10, 20, 30]
    assert pixels[0, 4, 0].tolist() == [5, 5, 5]
    assert pixels[1, 7, 3].tolist() == [1, 2, 3]
    assert (pixels[1, :, 4:] == 5).all()


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(BadPicture, match="a picture is uint8"):
        Preparation(InputLayout("x", 8, 4)).batch([wrong])
    with pytest.raises(BadPicture, match="a picture is uint8"):
        Preparation(InputLayout("x", 8, 4)).pixels([wrong])
