"""How good a picture of a track is: seen large, whole, unhidden, sharp and from the front."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import area, intersection

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

_GOOD_HEIGHT_PX = 192.0  # what the embedders see; more pixels add little
_SHARP_VARIANCE = 300.0  # Laplacian variance at which a crop of 64 rows counts as sharp
_MARGIN_PX = np.float32(2.0)
_FULL_SPEED = 0.15  # box heights per second: slower motion says little about the pose


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crop that may become the best shot; `crop` is uint8 (h, w, 3) BGR, `xyxy` in source pixels.

    `promise` 0..1 is the quality told by the box alone, `quality` 0..1 the one after looking at the pixels.
    """

    captured_at_ms: int
    xyxy: tuple[float, float, float, float]
    score: float
    promise: float
    quality: float
    crop: Image


def covered_share(xyxy: FloatArray) -> FloatArray:
    """Return, per box of (n, 4), the share 0..1 of its area that boxes standing nearer to the camera hide.

    Nearer means that the lower edge is lower in the picture: true for cameras that look down on a flat ground.
    """
    n = len(xyxy)
    if n < 2:
        return np.zeros(n, np.float32)
    overlap = intersection(xyxy, xyxy)
    overlap *= xyxy[:, 3] > xyxy[:, 3:]
    covered: FloatArray = np.minimum(overlap.max(axis=1) / np.maximum(area(xyxy), np.float32(1e-6)), np.float32(1.0))
    return covered


def inside_share(xyxy: FloatArray, frame_size: tuple[int, int]) -> FloatArray:
    """Return per box 1 when it is clear of the picture's edge, 0.5 when it touches it: what is cut off is unknown."""
    corners = xyxy.reshape(-1, 2, 2)
    clear = (corners[:, 0] > _MARGIN_PX) & (corners[:, 1] < np.array(frame_size, np.float32) - _MARGIN_PX)
    return np.where(clear.all(axis=1), np.float32(1.0), np.float32(0.5))


def facing(velocity: FloatArray, height: FloatArray) -> FloatArray:
    """Return 0..1 per object from its velocity (n, 2) px/s: 1 walks towards the camera (down), 0 away, 0.5 unknown."""
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    front: FloatArray = velocity[:, 1] / np.maximum(
        speed, np.maximum(height * np.float32(_FULL_SPEED), np.float32(1e-6))
    )
    front *= np.float32(0.5)
    front += np.float32(0.5)
    return front


def geometric_quality(
    xyxy: FloatArray, score: FloatArray, velocity: FloatArray, frame_size: tuple[int, int]
) -> FloatArray:
    """Return 0..1 per box (n, 4) in source pixels, from what is known without looking at pixels."""
    height = xyxy[:, 3] - xyxy[:, 1]
    quality: FloatArray = facing(velocity, height)
    quality *= np.float32(0.2)
    quality += np.float32(0.8)
    quality *= score
    quality *= np.sqrt(np.minimum(np.maximum(height, 0) / np.float32(_GOOD_HEIGHT_PX), np.float32(1.0)))
    quality *= np.square(np.float32(1.0) - covered_share(xyxy))
    quality *= inside_share(xyxy, frame_size)
    return quality


def most_quality(height_px: float, score: float, velocity: tuple[float, float]) -> float:
    """Return what the quality of a box is at the most: clear of the edge, and hidden by nobody."""
    right, down = velocity
    front = 0.5 + 0.5 * down / max(math.hypot(right, down), height_px * _FULL_SPEED, 1e-6)
    return score * math.sqrt(min(max(height_px, 0.0) / _GOOD_HEIGHT_PX, 1.0)) * (0.8 + 0.2 * front)


def sharpness(crop: Image) -> float:
    """Return 0..1 from the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a fixed crop height."""
    grey = cv2.cvtColor(cv2.resize(crop, (32, 64), interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    return min(float(deviation[0, 0]) ** 2 / _SHARP_VARIANCE, 1.0)


def pixels_of(xyxy: Sequence[float], frame_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) in whole pixels of a picture of (width, height); at least 1 x 1 pixel."""
    width, height = frame_size
    left, top = min(max(int(xyxy[0]), 0), width - 1), min(max(int(xyxy[1]), 0), height - 1)
    right = min(max(math.ceil(xyxy[2]), left + 1), width)
    bottom = min(max(math.ceil(xyxy[3]), top + 1), height)
    return left, top, right, bottom
