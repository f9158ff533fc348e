"""GFL: box sides as distributions over distances (Li et al., Generalized Focal Loss, section 3.2)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.card import InputLayout
from models.decoders.candidates import Candidates, scores_by_kind
from models.decoders.grid import grid_points, grid_shape
from models.errors import ModelCorrupt
from models.kinds import Kind

FloatArray = NDArray[np.float32]
_STRIDES = (8, 16, 32, 64)
CLASSES = 80


class GflDecoder:
    """Per stride one output (n, cells, c) of scores, sigmoid applied, and one (n, cells, 4 * bins) of distances.

    Of the network's CLASSES classes the c that mean a kind are left, rising (`models.picture_network`).
    The outputs come in any order and with any name; they are told apart by cells and width. Distances run from the
    middle of the cell to left, top, right and bottom, in strides.
    """

    def __init__(self, layout: InputLayout, classes: Mapping[Kind, tuple[int, ...]]) -> None:
        chosen = sorted({number for numbers in classes.values() for number in numbers})
        self._classes = {kind: tuple(chosen.index(number) for number in classes[kind]) for kind in classes}
        self._width = len(chosen)
        self._points: dict[int, FloatArray] = {}
        self._stride: dict[int, int] = {}
        for stride in _STRIDES:
            rows, columns = grid_shape(layout.width, layout.height, stride)
            self._stride[rows * columns] = stride
            self._points[rows * columns] = grid_points(layout.width, layout.height, stride, 0.5)

    def decode(self, outputs: Mapping[str, FloatArray], min_score: float) -> Candidates:
        """Decode a batch; distributions are turned into distances only where the score is high enough."""
        scores = {each.shape[1]: each for each in outputs.values() if each.shape[2] == self._width}
        distances = {each.shape[1]: each for each in outputs.values() if each.shape[2] != self._width}
        if scores.keys() != distances.keys() or not scores.keys() <= self._stride.keys():
            raise ModelCorrupt(f"outputs for {sorted(scores)} and {sorted(distances)} cells do not belong together")
        return Candidates.joined(
            self._decode_stride(scores[cells], distances[cells], min_score) for cells in sorted(scores)
        )

    def _decode_stride(self, raw: FloatArray, distances: FloatArray, min_score: float) -> Candidates:
        cells = raw.shape[1]
        # Nearly all cells show nothing: one look leaves few to work on.
        image, cell = np.nonzero(raw.max(axis=2) >= min_score)
        scores = scores_by_kind(raw[image, cell], self._classes)
        row, kind = np.nonzero(scores >= min_score)
        image, cell = image[row], cell[row]
        sides = _expected(distances[image, cell].reshape(len(image), 4, distances.shape[2] // 4)) * np.float32(
            self._stride[cells]
        )
        points = self._points[cells][cell]
        xyxy = np.concatenate([points - sides[:, :2], points + sides[:, 2:]], axis=1)
        return Candidates(image, kind, scores[row, kind], xyxy)


def _expected(logits: FloatArray) -> FloatArray:
    """Return the mean of the distribution over 0, 1, 2, …: (m, 4, bins) → (m, 4)."""
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    mean: FloatArray = weights @ np.arange(logits.shape[2], dtype=np.float32)
    return mean
