import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadPicture
from models.picture_header import header_size
from models.pictures import encode_jpeg, read_picture

PICTURE = np.zeros((30, 50, 3), np.uint8)
PICTURE[:, :10] = (0, 0, 250)


def encoded(kind):
    return bytes(cv2.imencode(kind, PICTURE)[1])


@pytest.mark.parametrize("kind", [".jpg", ".png", ".bmp", ".webp"])
def test_every_kind_is_measured_and_read(kind):
    assert header_size(encoded(kind)) == (50, 30)
    image = read_picture(encoded(kind))
    assert image.shape == (30, 50, 3)
    assert image[15, 2].tolist() == pytest.approx([0, 0, 250], abs=12)


def test_lossless_webp_is_measured():
    lossless = bytes(cv2.imencode(".webp", PICTURE, [cv2.IMWRITE_WEBP_QUALITY, 101])[1])
    assert lossless[12:16] == b"VP8L"
    assert header_size(lossless) == (50, 30)


def test_names_in_any_script(tmp_path):
    path = tmp_path / "门口 фото 写真.jpg"
    path.write_bytes(encoded(".jpg"))
    assert read_picture(path).shape == (30, 50, 3)


def exif(orientation):
    """An APP1 segment with one entry: orientation."""
    body = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def test_pictures_are_turned_upright():
    jpeg = encoded(".jpg")
    turned = read_picture(jpeg[:2] + exif(6) + jpeg[2:])
    assert turned.shape == (50, 30, 3)
    assert turned[2, 15, 2] > 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"dear sir", "is not a picture"),
        (b"\xff\xd8\xff", "is not a picture"),
        (encoded(".png")[:40], "is damaged"),
        (struct.pack(">8sI4sII", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", 20000, 10000), "200 megapixels"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_the_name(tmp_path, content, said):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(BadPicture, match=said) as caught:
        read_picture(path)
    assert "photo.jpg" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_picture_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    tall = encoded(".jpg").replace(struct.pack(">HH", 30, 50), struct.pack(">HH", 60000, 60000), 1)
    with pytest.raises(BadPicture, match="3600 megapixels"):
        read_picture(tall)


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "nobody.jpg", tmp_path):
        with pytest.raises(BadPicture, match="cannot be read"):
            read_picture(path)


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF1234WEBPVP8 "])
)
def test_headers_of_anything_raise_nothing(rest, start):
    size = header_size(start + rest)
    assert size is None or len(size) == 2


def test_jpeg_back():
    assert read_picture(encode_jpeg(PICTURE, 95)) == pytest.approx(PICTURE, abs=60)
    assert len(encode_jpeg(PICTURE, 10)) < len(encode_jpeg(PICTURE, 95))


@pytest.mark.parametrize("wrong", [np.zeros((0, 3, 3), np.uint8), np.zeros((3, 3, 5), np.uint8)])
def test_what_jpeg_cannot_hold(wrong):
    with pytest.raises(BadPicture, match="cannot be written as JPEG"):
        encode_jpeg(wrong)
