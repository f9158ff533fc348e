"""Multi-object tracking scores: CLEAR MOT (Bernardin & Stiefelhagen 2008) and ID measures (Ristani et al. 2016)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models import boxes

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MotScore:
    """Counts over one sequence, and the ratios drawn from them."""

    truths: int
    boxes: int
    misses: int
    false_boxes: int
    switches: int
    id_true_positives: int

    @property
    def mota(self) -> float:
        """1 - (misses + false boxes + identity switches) / truths; may be below 0."""
        return 1.0 - (self.misses + self.false_boxes + self.switches) / max(self.truths, 1)

    @property
    def idf1(self) -> float:
        """Part of boxes and truths that carry the right identity under the best one-to-one naming."""
        return 2.0 * self.id_true_positives / max(self.truths + self.boxes, 1)


def read_mot(path: Path, *, flagged_only: bool = False) -> Array:
    """Rows frame, id, x, y, w, h, flag; with `flagged_only` those whose seventh column is 1 (evaluated truth)."""
    if not path.stat().st_size:
        return np.empty((0, 7))
    rows = np.loadtxt(path, delimiter=",", ndmin=2)[:, :7]
    return rows[rows[:, 6] == 1] if flagged_only else rows


def score(truth: Array, found: Array, min_iou: float = 0.5) -> MotScore:
    """Compare rows (n, >= 6) frame, id, x, y, w, h; a pair counts when its IoU is at least `min_iou`."""
    truth_ids, truth_at = np.unique(truth[:, 1], return_inverse=True)
    found_ids, found_at = np.unique(found[:, 1], return_inverse=True)
    together = np.zeros((len(truth_ids), len(found_ids)))
    last = np.full(len(truth_ids), -1)
    matched = switches = 0
    for frame in np.unique(np.concatenate([truth[:, 0], found[:, 0]])):
        g, f = truth[:, 0] == frame, found[:, 0] == frame
        gi, fi = truth_at[g], found_at[f]
        fit = iou(truth[g, 2:6], found[f, 2:6])
        near = fit >= min_iou
        np.add.at(together, (np.broadcast_to(gi[:, None], fit.shape), np.broadcast_to(fi, fit.shape)), near)
        rows, columns = _continued(fit, near, last[gi][:, None] == fi[None, :])
        before = last[gi[rows]]
        switches += int(((before >= 0) & (before != fi[columns])).sum())
        last[gi[rows]] = fi[columns]
        matched += len(rows)
    rows, columns = linear_sum_assignment(together, maximize=True)
    return MotScore(
        truths=len(truth),
        boxes=len(found),
        misses=len(truth) - matched,
        false_boxes=len(found) - matched,
        switches=switches,
        id_true_positives=int(together[rows, columns].sum()),
    )


def iou(a: Array, b: Array) -> Array:
    """IoU (n, m) of boxes x, y, w, h."""
    return boxes.iou(_corners(a), _corners(b))


def _corners(xywh: Array) -> Array:
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def _continued(fit: Array, near: NDArray[np.bool_], before: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Pairs of one frame: a pair that lasts is kept, then as many as possible, then the greatest overlap."""
    value = np.where(near, 1.0 + fit + 1000.0 * before, 0.0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    good = near[rows, columns]
    return rows[good], columns[good]
