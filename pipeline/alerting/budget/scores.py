"""Recorded scores as a histogram: small, and good enough to read a threshold off."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 400
WIDTH = 2.0 / BINS
KEPT, KEPT_SHARE = 1_000, 0.3  # of a histogram, the highest that are spread out again
FloatArray = NDArray[np.float32]
Counts = NDArray[np.int64]


def bin_of(scores: FloatArray) -> NDArray[np.intp]:
    """Return the bin 0..399 of cosines -1..1, each .005 wide."""
    return np.clip((scores.astype(np.float64) + 1.0) / WIDTH, 0, BINS - 1).astype(np.intp)


def middle_of(bins: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the score in the middle of each bin."""
    return (-1.0 + (bins + 0.5) * WIDTH).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of strangers: `highest` float64 (k,), falling, are the k highest of `total`."""

    highest: NDArray[np.float64]
    total: int

    @classmethod
    def of(cls, scores: FloatArray | NDArray[np.float64], total: int | None = None) -> "Scores":
        """Return the scores given, in any order; with `total` they are the highest of that many."""
        ordered = np.sort(np.asarray(scores, np.float64))[::-1]
        return cls(ordered, len(ordered) if total is None else max(total, len(ordered)))

    @classmethod
    def counted(cls, counts: Counts) -> "Scores":
        """Return the scores of a histogram int64 (400,), each taken for the middle of its bin."""
        total = int(counts.sum())
        falling = np.arange(BINS)[::-1]
        needed = max(KEPT, int(KEPT_SHARE * total))
        last = int(np.searchsorted(np.cumsum(counts[falling]), min(needed, total))) + 1
        return cls(np.repeat(middle_of(falling[:last]), counts[falling[:last]]), total)


NOTHING = Scores(np.empty(0), 0)
