"""The part of a picture where people are small, looked at once more from near."""

import numpy as np

from camera_adapters.site import Region
from models.decoders.candidates import Candidates, suppress
from models.detections import Detections

_EDGE_PX = 2.0
_SAME_IOU = 0.5


def pixels_of_region(region: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) in whole pixels of a picture of (width, height), at least 2 x 2 of them."""
    width, height = size
    left, top = min(int(region.left * width), width - 2), min(int(region.top * height), height - 2)
    right, bottom = max(round(region.right * width), left + 2), max(round(region.bottom * height), top + 2)
    return left, top, right, bottom


def merged(whole: Detections, near: Detections, part: tuple[int, int, int, int], size: tuple[int, int]) -> Detections:
    """Put together what was found in a whole picture of (width, height) and in a part of it, in pixels of the whole.

    `near` is in pixels of the part. Somebody cut off by an edge of the part inside the picture is left to the whole
    picture; of two boxes of one kind that overlap by half the surer stays.
    """
    moved = near.xyxy + np.array([part[0], part[1]] * 2, np.float32)
    inside = np.ones(len(near), bool)
    for side, sign, border in ((0, 1, 0), (1, 1, 0), (2, -1, size[0]), (3, -1, size[1])):
        if part[side] != border:
            inside &= sign * (moved[:, side] - part[side]) > _EDGE_PX
    xyxy = np.concatenate([whole.xyxy, moved[inside]])
    score = np.concatenate([whole.score, near.score[inside]])
    kind = np.concatenate([whole.class_id, near.class_id[inside]])
    (found,) = suppress(Candidates(np.zeros(len(score), np.int64), kind, score, xyxy), 1, _SAME_IOU)
    return found
