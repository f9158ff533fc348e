"""How much a score says, measured against those who are certainly not her: the rest of the archive.

No threshold of any network is built in. The scores of strangers are taken for normal; mean and deviation are read off
two ranks so far down the list that the few sightings of herself at its top do not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

FloatArray = NDArray[np.float64]

_NARROWEST = 0.02  # deviation of cosines, where all strangers score the same
_MOST = 8.0  # e**8: the tail of a fitted curve is not to be believed further than that
_LEAST = -4.0


@dataclass(frozen=True, slots=True)
class Strangers:
    """The scores of `count` strangers: a normal distribution."""

    count: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, best: Sequence[float], count: int) -> "Strangers":
        """Return the distribution of `count` scores of which the `best` are known, best first."""
        scores = np.asarray(best, np.float64)
        n, count = len(scores), max(count, len(scores))
        if n < 2:
            return cls(count, float(scores.mean()) if n else 0.0, _NARROWEST)
        ranks = (n // 5, n // 2) if n == count else (n // 3, n - 1)
        high, low = (float(scores[rank]) for rank in ranks)
        z_high, z_low = (float(-ndtri((rank + 0.5) / count)) for rank in ranks)
        deviation = max((high - low) / max(z_high - z_low, 1e-9), _NARROWEST)
        return cls(count, low - z_low * deviation, deviation)

    def evidence(self, scores: Sequence[float]) -> FloatArray:
        """Return float64 (n,): minus the logarithm of how many strangers score as high by chance, -4 to 8."""
        z = (np.asarray(scores, np.float64) - self.mean) / self.deviation
        expected = np.log(max(self.count, 1)) + log_ndtr(-z)
        return np.asarray(np.clip(-expected, _LEAST, _MOST), np.float64)
