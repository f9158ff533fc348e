"""Prior boxes of SSD heads (OpenVINO operation PriorBoxClustered-1)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.conversion.ir import Layer


def clustered_priors(layer: Layer, inputs: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Return float32 (2, cells * boxes * 4): corners in 0..1, then variances.

    `inputs` are the feature map's (rows, columns) and the picture's (height, width).
    """
    rows, columns = (int(size) for size in inputs[0])
    height, width = (int(size) for size in inputs[1])
    step = layer.floats("step", "0")[0]
    step_x = (layer.floats("step_w", "0")[0] or step) or width / columns
    step_y = (layer.floats("step_h", "0")[0] or step) or height / rows
    offset = layer.floats("offset", "0")[0]
    half = np.array([layer.floats("width"), layer.floats("height")], np.float64).T / 2
    y, x = np.mgrid[:rows, :columns]
    centre = np.stack([(x + offset) * step_x, (y + offset) * step_y], axis=-1)[:, :, None, :]
    corners = np.concatenate([centre - half, centre + half], axis=-1) / [width, height, width, height]
    if layer.flag("clip"):
        corners = corners.clip(0, 1)
    variance = layer.floats("variance") or [0.1]
    variances = np.broadcast_to(variance, corners.shape)
    return np.stack([corners.ravel(), variances.ravel()]).astype(np.float32)
