"""HOTA, higher order tracking accuracy (Luiten et al. 2021): finding and keeping apart weigh the same."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.mot_metrics import Array, iou

AT_LEAST = np.arange(1, 20) / 20.0
_ROUNDING = 1e-9


def hota(truth: Array, found: Array) -> float:
    """Return HOTA 0..1, the mean over nineteen least overlaps, of rows (n, >= 6) frame, id, x, y, w, h."""
    if not len(truth) or not len(found):
        return 0.0
    frames = _frames(truth, found)
    alike = _alike(frames, truth, found)
    together = np.zeros((len(AT_LEAST), *alike.shape))
    for own, other, fit in frames:
        rows, columns = linear_sum_assignment(alike[np.ix_(own, other)] * fit, maximize=True)
        near = fit[rows, columns] >= AT_LEAST[:, None] - _ROUNDING
        together[:, own[rows], other[columns]] += near
    pairs = together.sum(axis=(1, 2))
    detection = pairs / (len(truth) + len(found) - pairs)
    share = together / np.maximum(_either(truth, found) - together, 1.0)
    association = (together * share).sum(axis=(1, 2)) / np.maximum(pairs, 1.0)
    return float(np.sqrt(detection * association).mean())


def _frames(truth: Array, found: Array) -> list[tuple[NDArray[np.intp], NDArray[np.intp], Array]]:
    """Return of each frame with both the numbers of its truths and tracks, and their IoU."""
    truth_at = np.unique(truth[:, 1], return_inverse=True)[1]
    found_at = np.unique(found[:, 1], return_inverse=True)[1]
    frames = []
    for frame in np.intersect1d(truth[:, 0], found[:, 0]):
        g, f = truth[:, 0] == frame, found[:, 0] == frame
        frames.append((truth_at[g], found_at[f], iou(truth[g, 2:6], found[f, 2:6])))
    return frames


def _either(truth: Array, found: Array) -> Array:
    """Return for each truth and track how many boxes both have, counted for themselves."""
    return np.add.outer(*(np.unique(rows[:, 1], return_counts=True)[1].astype(np.float64) for rows in (truth, found)))


def _alike(frames: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]], truth: Array, found: Array) -> Array:
    """Return how much each truth and track are together over the whole sequence, 0..1: who belongs to whom."""
    either = _either(truth, found)
    together = np.zeros_like(either)
    for own, other, fit in frames:
        union = fit.sum(axis=0) + fit.sum(axis=1)[:, None] - fit
        together[np.ix_(own, other)] += fit / np.maximum(union, _ROUNDING)
    alike: Array = together / (either - together)
    return alike
