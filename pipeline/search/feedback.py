"""What the caller says of hits, and several photos of one, made into one vector to search with."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

AWAY = 0.25  # how far from the mean of the rejected, measured: `python -m benchmarks feedback`


def refined(wanted: FloatArray, rejected: FloatArray) -> FloatArray:
    """Return float32 (d,) of length 1: the mean of `wanted` (n, d), moved away from that of `rejected` (m, d).

    Rocchio, in: Salton, The SMART Retrieval System, 1971. The mean of several photos ranks better than the best of
    them does.
    """
    moved = wanted.mean(axis=0)
    if len(rejected):
        moved = moved - AWAY * rejected.mean(axis=0)
    length = np.linalg.norm(moved)
    # Pictures without any structure may be zero: they resemble nothing.
    unit: FloatArray = (moved / max(float(length), 1e-12)).astype(np.float32)
    return unit
