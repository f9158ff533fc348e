"""YOLOX: one prediction per cell of three grids (Ge et al., YOLOX: Exceeding YOLO Series in 2021, section 2.1)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.card import InputLayout
from models.decoders.candidates import Candidates, kind_codes, sure
from models.decoders.grid import grid_points
from models.kinds import Kind

FloatArray = NDArray[np.float32]
_STRIDES = (8, 16, 32)


class YoloxDecoder:
    """One output (n, cells, 5 + c): x, y, log w, log h in strides, objectness, class scores; sigmoid applied."""

    def __init__(self, layout: InputLayout, classes: Mapping[Kind, tuple[int, ...]]) -> None:
        grids = [grid_points(layout.width, layout.height, stride, 0.0) for stride in _STRIDES]
        self._points = np.concatenate(grids)
        self._strides = np.concatenate(
            [np.full((len(grid), 1), stride, np.float32) for grid, stride in zip(grids, _STRIDES, strict=True)]
        )
        self._columns, self._codes = kind_codes(classes)

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Decode a batch; cells whose objectness alone is too low are never looked at again."""
        raw = next(iter(outputs.values()))
        image, cell = np.nonzero(raw[..., 4] >= min_score)
        found = raw[image, cell]
        row, kind, score = sure(found[:, 5 + self._columns] * found[:, 4:5], self._codes, min_score)
        stride = self._strides[cell[row]]
        centre = found[row, :2] * stride + self._points[cell[row]]
        half = np.exp(found[row, 2:4]) * stride / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1)
        return Candidates(image[row], kind, score, xyxy)
