"""What one picture says about the camera that took it, at less than a tenth of a millisecond."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Image

FloatArray = NDArray[np.float32]
SMALL = (96, 72)
_LINES = 48  # of the picture, that sharpness is read off


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """small: uint8 (72, 96) grey. edges: float32 (72, 96), where it has edges, of mean 0 and length 1; zeros without.

    contrast: deviation of the grey values, 0..128. sharpness: how much the steps from pixel to pixel differ from each
    other, over how large they are; near 0 for a blur, about 1 for a sharp picture, whatever the light.
    """

    small: Image
    edges: FloatArray
    contrast: float
    sharpness: float


def measure(image: Image) -> Measures:
    """Measure a picture uint8 (h, w, 3) BGR of at least 16 by 16 pixels."""
    step = max(1, image.shape[0] // SMALL[1]), max(1, image.shape[1] // SMALL[0])
    small = cv2.resize(np.ascontiguousarray(image[:: step[0], :: step[1], 1]), SMALL, interpolation=cv2.INTER_AREA)
    grey = small.astype(np.float32)
    steep = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    edges = np.sqrt(steep)  # many faint edges tell more than one strong one
    edges -= edges.mean()
    length = float(np.sqrt(np.einsum("yx,yx->", edges, edges)))
    edges = edges / np.float32(length) if length > 1e-3 else np.zeros_like(edges)
    return Measures(np.asarray(small, np.uint8), edges, float(grey.std()), _sharpness(image))


def shift_between(before: FloatArray, now: FloatArray) -> tuple[float, float]:
    """Return how far the edges moved, as a part of the picture's width, and how sure that is (0..1)."""
    window = cv2.createHanningWindow(SMALL, cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(before * window, now * window)
    return float(np.hypot(dx, dy)) / SMALL[0], float(response)


def _sharpness(image: Image) -> float:
    """Mean bend over mean slope along some lines of the picture."""
    lines = np.ascontiguousarray(image[:: max(1, image.shape[0] // _LINES), :, 1]).astype(np.int16)
    slope = lines[:, 1:] - lines[:, :-1]
    bend = float(np.abs(slope[:, 1:] - slope[:, :-1]).mean())
    steep = float(np.abs(slope).mean())
    return bend / steep if steep > 0.25 else 1.0
