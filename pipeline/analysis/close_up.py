"""Who is who on a picture of the main stream, which is not quite in step with the sub-stream people are followed on."""

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.tracking.similarity import overlap

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

_LAG = 0.3  # of a box's size on every side: how far somebody walks in the lag between two streams
_LEAST = 0.3
_RIVAL = 0.5


def plain_pairs(expected: NDArray[np.floating], found: NDArray[np.floating], alike: NDArray[np.bool_]) -> Pairs:
    """Return rows of `expected` (n, 4) and of `found` (m, 4), boxes in the same pixels, that are plainly the same.

    `alike` (n, m): pairs of one kind. Plainly: each is the other's best by overlap of boxes grown for the lag, that is
    at least 0.3, and no other comes half as near. A picture of somebody else would be worse than none.
    """
    near = np.where(alike, overlap(expected, found, _LAG), 0.0)
    if near.size == 0:
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    rows = np.arange(len(near))
    best = near.argmax(axis=1)
    score = near[rows, best]
    others = near.copy()
    others[rows, best] = 0.0
    rival = np.maximum(others.max(axis=1), _other_rows(near, best))
    plain = (score >= _LEAST) & (rival < _RIVAL * score)
    return np.flatnonzero(plain), best[plain]


def _other_rows(near: NDArray[np.float64], best: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return for each row the largest value other rows have in its best column."""
    if len(near) < 2:
        return np.zeros(len(near))
    top, second = -np.sort(-near, axis=0)[:2]
    own = near[np.arange(len(near)), best]
    rival: NDArray[np.float64] = np.where(own >= top[best], second[best], top[best])
    return rival
