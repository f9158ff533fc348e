"""Boxes of a whole batch before suppression, and the suppression."""

from collections.abc import Iterable, Mapping, Sequence
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

    @classmethod
    def joined(cls, parts: Iterable["Candidates"]) -> "Candidates":
        """Put the candidates of several heads of one network together."""
        every = list(parts)
        return cls(
            np.concatenate([part.image for part in every]),
            np.concatenate([part.kind for part in every]),
            np.concatenate([part.score for part in every]),
            np.concatenate([part.xyxy for part in every]),
        )


def scores_by_kind(scores: FloatArray, classes: Mapping[Kind, tuple[int, ...]]) -> FloatArray:
    """Reduce class scores (..., c) to kind scores (..., k) in the order of KINDS: the best class of each kind.

    A van that is half car, half truck is thus one motor vehicle, not two.
    """
    found = np.zeros((*scores.shape[:-1], len(KINDS)), np.float32)
    for kind, numbers in classes.items():
        best = scores[..., numbers[0]]
        for number in numbers[1:]:
            best = np.maximum(best, scores[..., number])
        found[..., kind.code] = best
    return found


def suppress(candidates: Candidates, batch: int, max_iou: float) -> list[Detections]:
    """Non-maximum suppression within each image and kind; one Detections per image, best score first."""
    if not len(candidates.score):
        return [Detections.empty() for _ in range(batch)]
    chosen = _strongest(candidates, batch)
    xyxy = candidates.xyxy[chosen]
    boxes = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).astype(np.float64)
    groups = (candidates.image[chosen] * len(KINDS) + candidates.kind[chosen]).astype(np.int32)
    kept = _NMS(boxes, candidates.score[chosen], groups, 0.0, max_iou)
    chosen = chosen[np.asarray(kept, np.intp).reshape(-1)]
    return [_of_image(candidates, chosen, image) for image in range(batch)]


def _strongest(candidates: Candidates, batch: int) -> NDArray[np.intp]:
    """Bound the work a crowded or noisy picture can cause; indices, best score first."""
    order = np.argsort(-candidates.score, kind="stable")
    if len(order) <= _MOST_PER_IMAGE:
        return order
    images: Sequence[NDArray[np.intp]] = [
        order[candidates.image[order] == image][:_MOST_PER_IMAGE] for image in range(batch)
    ]
    return np.concatenate(images)


def _of_image(candidates: Candidates, chosen: NDArray[np.intp], image: int) -> Detections:
    own = chosen[candidates.image[chosen] == image]
    own = own[np.argsort(-candidates.score[own], kind="stable")]
    return Detections(candidates.xyxy[own], candidates.score[own], candidates.kind[own])
