"""Points of a feature map in input pixels."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def grid_shape(width: int, height: int, stride: int) -> tuple[int, int]:
    """Return (rows, columns) of the feature map of `stride`."""
    return -(-height // stride), -(-width // stride)


def grid_points(width: int, height: int, stride: int, offset: float) -> FloatArray:
    """Return float32 (rows * columns, 2): x, y of every cell, row by row; `offset` 0.5 is the cell's middle."""
    rows, columns = grid_shape(width, height, stride)
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    points: FloatArray = (np.stack([x.ravel(), y.ravel()], axis=1) + np.float32(offset)) * np.float32(stride)
    return points
