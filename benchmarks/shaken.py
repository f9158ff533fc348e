"""How much of a tracking figure is luck: the same detections again, shaken as a coarser rounding shakes them.

A track that is lost or taken up hangs on single comparisons; in footage of ten people one of them moves MOTA by .05.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.detections import Detections, Image
from models.detector import Detector

# Deviation between bf16 and fp32 of what nanodet finds on TUD-Stadtmitte: of the score, of a side in box heights.
SCORE, SIDE = 0.005, 0.008
TIMES = 12


def shaken(found: Detections, rng: np.random.Generator) -> Detections:
    """Return the detections with other scores and boxes, best score first; none is added or lost, unless it is flat."""
    score = np.clip(found.score + rng.normal(0.0, SCORE, len(found)), 0.0, 1.0).astype(np.float32)
    height = found.xyxy[:, 3:] - found.xyxy[:, 1:2]
    xyxy = (found.xyxy + height * rng.normal(0.0, SIDE, (len(found), 4))).astype(np.float32)
    best_first = np.argsort(-score, kind="stable")
    solid = (xyxy[best_first, 2:] > xyxy[best_first, :2]).all(axis=1)
    return Detections(xyxy, score, found.class_id).select(best_first[solid])


@dataclass(slots=True)
class Replayed:
    """A detector that finds once more what was found before, in the same order, shaken with this seed."""

    detector: Detector
    found: Sequence[Detections]
    seed: int
    _at: int = field(init=False, default=0)
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        """Start with the first frame."""
        self._rng = np.random.default_rng(self.seed)

    @property
    def input(self) -> object:
        return self.detector.input

    def detect(self, images: Sequence[Image], _: Sequence[tuple[int, int]], *, min_score: float) -> list[Detections]:
        part = self.found[self._at : self._at + len(images)]
        self._at += len(images)
        again = [shaken(each, self._rng) for each in part]
        return [each.select(each.score >= min_score) for each in again]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean, standard deviation, least and most."""
    return {
        "mean": round(float(np.mean(values)), 4),
        "sd": round(float(np.std(values, ddof=1)), 4),
        "least": round(min(values), 4),
        "most": round(max(values), 4),
    }
