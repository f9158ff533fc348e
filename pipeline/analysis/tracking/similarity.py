"""How well tracks and detections fit, as (tracks, detections) matrices."""

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou

Array = NDArray[np.float64]


def overlap(a: NDArray[np.floating], b: NDArray[np.floating], buffer: float = 0.0) -> Array:
    """IoU (n, m) in 0..1 of boxes (n, 4) and (m, 4), after each grew by `buffer` of its size on every side."""
    return iou(_grown(a, buffer), _grown(b, buffer))


def at_border(xyxy: NDArray[np.floating], frame_size: tuple[int, int]) -> NDArray[np.bool_]:
    """Mask (n,) of the boxes (n, 4) that touch the left, right or lower border of a picture of (width, height).

    Touching means nearer than 5 % of the box's height. The upper border counts for nothing: a camera that looks down
    on people sees them leave there only over the horizon.
    """
    near = 0.05 * (xyxy[:, 3] - xyxy[:, 1])
    width, height = frame_size
    return np.asarray((xyxy[:, 0] <= near) | (xyxy[:, 2] >= width - near) | (xyxy[:, 3] >= height - near), np.bool_)


def _grown(box: NDArray[np.floating], buffer: float) -> Array:
    grown = np.array(box, np.float64)
    if buffer:
        margin = (grown[:, 2:] - grown[:, :2]) * buffer
        grown[:, :2] -= margin
        grown[:, 2:] += margin
    return grown
