"""Pictures from files and uploads, and back into JPEG."""

from pathlib import Path

import cv2
import numpy as np

from models.detections import Image
from models.errors import BadPicture
from models.picture_header import header_size

MOST_PIXELS = 50_000_000


def read_picture(source: Path | bytes) -> Image:
    """Return uint8 (h, w, 3) BGR, turned upright as its EXIF orientation says.

    `source` is a file (any name the system allows) or its bytes: JPEG, PNG, BMP or WebP. Raises BadPicture with one
    line that names the file: missing, empty, not a picture, damaged, or more than 50 megapixels, which is found out
    before anything is decoded.
    """
    name = str(source) if isinstance(source, Path) else "the picture"
    encoded = _bytes_of(source) if isinstance(source, Path) else source
    if not encoded:
        raise BadPicture(f"{name} is empty")
    size = header_size(encoded)
    if size is None:
        raise BadPicture(f"{name} is not a picture: give a JPEG, PNG, BMP or WebP file")
    width, height = size
    if width * height > MOST_PIXELS:
        megapixels = width * height / 1e6
        raise BadPicture(f"{name} has {megapixels:.0f} megapixels ({width} x {height}), at most 50 are read: shrink it")
    image = _decoded(encoded)
    if image is None:
        raise BadPicture(f"{name} is damaged: it cannot be decoded")
    return image


def encode_jpeg(image: Image, quality: int = 90) -> bytes:
    """Encode uint8 (h, w, 3) BGR as JPEG; `quality` 1..100. Raises BadPicture for what JPEG cannot hold."""
    try:
        done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise BadPicture(f"a picture {image.dtype} {image.shape} cannot be written as JPEG") from error
    if not done:
        raise BadPicture(f"a picture {image.dtype} {image.shape} cannot be written as JPEG")
    return bytes(encoded)


def _bytes_of(path: Path) -> bytes:
    try:
        # OpenCV itself cannot open every name on every system.
        return path.read_bytes()
    except OSError as error:
        raise BadPicture(f"{path} cannot be read: {error.strerror or error}") from error


def _decoded(encoded: bytes) -> Image | None:
    try:
        image: Image | None = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return image
