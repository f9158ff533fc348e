"""What exact searches would find, worked out while rows are made up: no index over all of them is needed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.bench.looks import FloatArray


class Truth:
    """The best `top` rows of each query, float32 (q, dim), among those that pass each of some masks, bool (rows,)."""

    def __init__(self, asked: FloatArray, masks: Sequence[NDArray[np.bool_]], top: int) -> None:
        self._asked = asked
        self._masks = masks
        self._scores = [np.full((len(asked), top), -np.inf, np.float32) for _ in masks]
        self._rows = [np.full((len(asked), top), -1, np.int64) for _ in masks]

    def see(self, first: int, vectors: FloatArray) -> None:
        """Take the next rows, float32 (n, dim), numbered from `first`."""
        scores = self._asked @ vectors.T
        for place, mask in enumerate(self._masks):
            chosen = np.flatnonzero(mask[first : first + len(vectors)])
            numbers = np.broadcast_to(first + chosen, (len(scores), len(chosen)))
            both = np.concatenate([self._scores[place], scores[:, chosen]], axis=1)
            rows = np.concatenate([self._rows[place], numbers], axis=1)
            top = self._scores[place].shape[1]
            best = np.argpartition(-both, top - 1, axis=1)[:, :top]
            self._scores[place] = np.take_along_axis(both, best, axis=1)
            self._rows[place] = np.take_along_axis(rows, best, axis=1)

    def best(self) -> NDArray[np.int64]:
        """Return int64 (masks, q, top): the rows of each query for each mask, -1 where fewer pass."""
        return np.stack(self._rows)
