"""Small pictures to put into messages."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from pipeline.errors import PipelineError

LONGEST_SIDE = 192  # pixels
QUALITY = 80
KEPT = 512


def thumbnails(picture: Callable[[str], bytes]) -> Callable[[str], bytes | None]:
    """Return a function from a sighting's id to a small JPEG, None when there is no picture (yet).

    `picture` returns the full JPEG and raises PipelineError when there is none. Pictures that were found are kept.
    """

    @lru_cache(maxsize=KEPT)
    def small(sighting_id: str) -> bytes:
        return shrunk(picture(sighting_id))

    def thumbnail(sighting_id: str) -> bytes | None:
        try:
            return small(sighting_id)
        except (PipelineError, ValueError):
            return None

    return thumbnail


def shrunk(jpeg: bytes) -> bytes:
    """Return the picture as JPEG with its longest side at most 192 pixels; raises ValueError when it is none."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if image is None:
        raise ValueError("not a picture")
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
