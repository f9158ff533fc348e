"""Boxes of a whole batch before suppression, and the suppression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from models.kinds import KINDS, Kind

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
_MOST_PER_IMAGE = 1000
_NMS: Any = cv2.dnn.NMSBoxesBatched  # takes arrays, though its types say sequences


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """m boxes: image int64 (m,) index in the batch, kind int64 (m,), score float32 (m,), xyxy float32 (m, 4)."""

    image: IntArray
    kind: IntArray
    score: FloatArray
    xyxy: FloatArray

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Candidates":
        """Return the rows chosen by a mask (m,) or by indices (k,), in that order."""
        return Candidates(self.image[index], self.kind[index], self.score[index], self.xyxy[index])


def kind_codes(classes: Mapping[Kind, tuple[int, ...]]) -> tuple[NDArray[np.intp], IntArray]:
    """Return the network's class numbers that mean a kind, rising, and the code of the kind each of them means."""
    pairs = sorted((number, kind.code) for kind, numbers in classes.items() for number in numbers)
    return np.array([number for number, _ in pairs], np.intp), np.array([code for _, code in pairs], np.int64)


def sure(
    scores: FloatArray, codes: IntArray, min_score: float
) -> tuple[NDArray[np.intp], NDArray[np.int64], FloatArray]:
    """Return row, kind and score, each (m,), of every score of (r, c) that is at least `min_score`, row by row.

    `codes` (c,) are the kinds of the columns. A van that is half car, half truck is there twice, with one box and one
    kind: suppression leaves the surer one. Nearly all rows show nothing: this one look leaves few to work on.
    """
    row, column = np.divmod((scores >= min_score).reshape(-1).nonzero()[0], scores.shape[1])
    return row, codes[column], scores[row, column]


def suppressed(candidates: Candidates, batch: int, max_iou: float) -> Candidates:
    """Return what is left after non-maximum suppression within each image and kind, best score first."""
    if not len(candidates.score):
        return candidates
    chosen = _strongest(candidates, batch) if len(candidates.score) > _MOST_PER_IMAGE else None
    few = candidates if chosen is None else candidates.select(chosen)
    boxes = few.xyxy.astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]
    groups = few.kind if batch == 1 else few.image * len(KINDS) + few.kind
    kept = _NMS(boxes, few.score, groups.astype(np.int32), 0.0, max_iou)
    return few.select(np.asarray(kept, np.intp).reshape(-1))


def suppress(candidates: Candidates, batch: int, max_iou: float) -> list[Detections]:
    """Non-maximum suppression within each image and kind; one Detections per image, best score first."""
    return per_image(suppressed(candidates, batch, max_iou), batch)


def per_image(candidates: Candidates, batch: int) -> list[Detections]:
    """Return the candidates of each image, in their order."""
    found = Detections(candidates.xyxy, candidates.score, candidates.kind)
    return [found] if batch == 1 else [found.select(candidates.image == image) for image in range(batch)]


def _strongest(candidates: Candidates, batch: int) -> NDArray[np.intp]:
    """Bound the work a crowded or noisy picture can cause; indices, best score first within each image."""
    order = np.argsort(-candidates.score, kind="stable")
    images: Sequence[NDArray[np.intp]] = [
        order[candidates.image[order] == image][:_MOST_PER_IMAGE] for image in range(batch)
    ]
    return np.concatenate(images)
