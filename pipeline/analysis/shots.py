"""How good a picture of a track is: seen large, whole, unhidden, sharp and from the front."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import area, intersection

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

_GOOD_HEIGHT_PX = 192.0  # what the embedders see; more pixels add little
_SHARP_VARIANCE = 300.0  # Laplacian variance at which a crop of 64 rows counts as sharp
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
    nearer = xyxy[None, :, 3] > xyxy[:, None, 3]
    own = np.clip(area(xyxy), 1e-6, None)
    covered: FloatArray = np.minimum((overlap * nearer).max(axis=1) / own, 1.0).astype(np.float32)
    return covered


def inside_share(xyxy: FloatArray, frame_size: tuple[int, int]) -> FloatArray:
    """Return per box 1 when it is clear of the picture's edge, 0.5 when it touches it: what is cut off is unknown."""
    width, height = frame_size
    margin = 2.0
    touches = (
        (xyxy[:, 0] <= margin)
        | (xyxy[:, 1] <= margin)
        | (xyxy[:, 2] >= width - margin)
        | (xyxy[:, 3] >= height - margin)
    )
    return np.where(touches, 0.5, 1.0).astype(np.float32)


def facing(velocity: FloatArray, height: FloatArray) -> FloatArray:
    """Return 0..1 per object from its velocity (n, 2) px/s: 1 walks towards the camera (down), 0 away, 0.5 unknown."""
    speed = np.linalg.norm(velocity, axis=1)
    towards = velocity[:, 1] / np.clip(speed, 1e-6, None)
    certain = np.clip(speed / np.clip(height * _FULL_SPEED, 1e-6, None), 0.0, 1.0)
    front: FloatArray = (0.5 + 0.5 * towards * certain).astype(np.float32)
    return front


def geometric_quality(
    xyxy: FloatArray, score: FloatArray, velocity: FloatArray, frame_size: tuple[int, int]
) -> FloatArray:
    """Return 0..1 per box (n, 4) in source pixels, from what is known without looking at pixels."""
    height = xyxy[:, 3] - xyxy[:, 1]
    size = np.sqrt(np.clip(height / _GOOD_HEIGHT_PX, 0.0, 1.0))
    seen = (1.0 - covered_share(xyxy)) ** 2 * inside_share(xyxy, frame_size)
    quality: FloatArray = (size * seen * score * (0.8 + 0.2 * facing(velocity, height))).astype(np.float32)
    return quality


def sharpness(crop: Image) -> float:
    """Return 0..1 from the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a fixed crop height."""
    grey = cv2.cvtColor(cv2.resize(crop, (32, 64), interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    return float(min(cv2.Laplacian(grey, cv2.CV_32F).var() / _SHARP_VARIANCE, 1.0))


def pixels_of(xyxy: FloatArray, frame_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) in whole pixels of a picture of (width, height); at least 1 x 1 pixel."""
    width, height = frame_size
    left, top = int(np.clip(xyxy[0], 0, width - 1)), int(np.clip(xyxy[1], 0, height - 1))
    right = int(np.clip(np.ceil(xyxy[2]), left + 1, width))
    bottom = int(np.clip(np.ceil(xyxy[3]), top + 1, height))
    return left, top, right, bottom
