"""Everything that shows the one meant, made into one vector to search with."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def mean_direction(wanted: FloatArray) -> FloatArray:
    """Return float32 (d,) of length 1: the mean of `wanted` (n, d), photos and confirmed sightings alike.

    Rocchio's rule without its negative part. Measured (`python -m benchmarks refining`): the mean of several photos
    ranks better than the best of them, a confirmed hit gains much; moving away from the mean of rejected hits, or a
    linear classifier against them, loses, since they look like the one meant.
    """
    mean = wanted.mean(axis=0)
    length = np.linalg.norm(mean)
    # Pictures without any structure may be zero: they resemble nothing.
    unit: FloatArray = (mean / max(float(length), 1e-12)).astype(np.float32)
    return unit
