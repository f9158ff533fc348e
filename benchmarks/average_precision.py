"""Average precision of detections against ground truth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou

FloatArray = NDArray[np.float32]


def match(xyxy: FloatArray, truth: FloatArray, min_iou: float = 0.5) -> NDArray[np.bool_]:
    """Tell which boxes (n, 4), best score first, are right: each takes the free true box (m, 4) it overlaps most.

    A box whose best free overlap is below `min_iou` is wrong.
    """
    right = np.zeros(len(xyxy), bool)
    if not len(truth):
        return right
    overlap = iou(xyxy, truth)
    for i, row in enumerate(overlap):
        best = int(row.argmax())
        if row[best] >= min_iou:
            right[i] = True
            overlap[:, best] = -1
    return right


def average_precision(right: Sequence[NDArray[np.bool_]], scores: Sequence[FloatArray], truths: int) -> float:
    """Area under the precision-recall curve, precision made monotone (PASCAL VOC 2010), over all pictures.

    `right` and `scores` hold one array per picture; `truths` counts the true boxes of all pictures.
    """
    if not truths:
        return 0.0
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hits = np.cumsum(np.concatenate(right)[order])
    precision = hits / np.arange(1, len(hits) + 1)
    monotone = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], hits / truths])
    return float(np.sum(np.diff(recall) * monotone))
