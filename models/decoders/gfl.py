"""GFL: box sides as distributions over distances (Li et al., Generalized Focal Loss, section 3.2)."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.card import InputLayout
from models.decoders.candidates import Candidates, kind_codes, sure
from models.decoders.grid import grid_points, grid_shape
from models.errors import ModelCorrupt
from models.kinds import Kind

FloatArray = NDArray[np.float32]
_STRIDES = (64, 32, 16, 8)
CLASSES = 80


class GflDecoder:
    """One output (n, cells, c) of scores, sigmoid applied, and one (n, cells, 4 * bins) of distances.

    Cells are those of all strides, the coarsest first. Of the network's CLASSES classes the c that mean a kind are
    left, rising (`models.picture_network`). The outputs come in any order and with any name; they are told apart by
    their width. Distances run from the middle of the cell to left, top, right and bottom, in strides.
    """

    def __init__(self, layout: InputLayout, classes: Mapping[Kind, tuple[int, ...]]) -> None:
        _, self._codes = kind_codes(classes)
        self._width = len(self._codes)
        self._grids = {cells: _grid(layout, strides) for cells, strides in _possible(layout).items()}

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Decode a batch; distributions are turned into distances only where the score is high enough."""
        scores = next((each for each in outputs.values() if each.shape[2] == self._width), None)
        distances = next((each for each in outputs.values() if each.shape[2] != self._width), None)
        if scores is None or distances is None or scores.shape[1] != distances.shape[1]:
            raise ModelCorrupt(f"outputs {[each.shape for each in outputs.values()]} do not belong together")
        cells = scores.shape[1]
        if cells not in self._grids:
            raise ModelCorrupt(f"outputs for {cells} cells do not belong to pictures of this size")
        points, sides = self._grids[cells]
        place, kind, score = sure(scores.reshape(-1, self._width), self._codes, min_score)
        image, cell = np.divmod(place, cells)
        width = distances.shape[2]
        logits = distances.reshape(-1, width)[place].reshape(-1, width // 4)
        away = _expected(logits).reshape(-1, 4)
        return Candidates(image, kind, score, points[cell] + away * sides[cell])


def _possible(layout: InputLayout) -> dict[int, tuple[int, ...]]:
    """Return the strides a network of this size may have by its number of cells: 8 up to 16, 32 or 64."""
    every: dict[int, tuple[int, ...]] = {}
    for strides in (_STRIDES, _STRIDES[1:], _STRIDES[2:]):
        shapes = [grid_shape(layout.width, layout.height, stride) for stride in strides]
        every[sum(rows * columns for rows, columns in shapes)] = strides
    return every


def _grid(layout: InputLayout, strides: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return, per cell, its middle twice (cells, 4), and what a distance of 1 adds to left, top, right and bottom."""
    points = [grid_points(layout.width, layout.height, stride, 0.5) for stride in strides]
    outward = np.array([-1, -1, 1, 1], np.float32)
    sides = [np.tile(outward * stride, (len(each), 1)) for each, stride in zip(points, strides, strict=True)]
    return np.tile(np.concatenate(points), 2), np.concatenate(sides)


def _expected(logits: FloatArray) -> FloatArray:
    """Return the mean of the distribution over 0, 1, 2, …: (m, bins) → (m,)."""
    weights = logits - logits.max(axis=1, keepdims=True)
    np.exp(weights, out=weights)
    sums = weights @ _value_and_one(logits.shape[1])
    mean: FloatArray = sums[:, 0] / sums[:, 1]
    return mean


@cache
def _value_and_one(bins: int) -> FloatArray:
    """Return (bins, 2): what sums up to the mean of a distribution that does not add up to 1, and to its weight."""
    return np.stack([np.arange(bins, dtype=np.float32), np.ones(bins, np.float32)], axis=1)
