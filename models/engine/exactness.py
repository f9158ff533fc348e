"""How far the numbers of one engine are from those of another."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# Relative to the size of the outputs, noise for pictures. bf16 deviates by .01 to .06 on the detectors here and finds
# the same; disturbed by .2 nanodet loses nothing yet, by .4 .0075 of AP50 (`python -m benchmarks exactness`).
MOST_DEVIATION = 0.2
NONSENSE = 1e6


def deviation(found: Mapping[str, NDArray[np.float32]], exact: Mapping[str, NDArray[np.float32]]) -> float:
    """Return the root mean square of found - exact relative to that of exact, of the output where it is greatest.

    Both have the same outputs in the same shapes. What is no number at all deviates by NONSENSE, as does whatever
    should be nothing but zeros.
    """
    return max((_relative(found[name], values) for name, values in exact.items()), default=0.0)


def _relative(found: NDArray[np.float32], exact: NDArray[np.float32]) -> float:
    size = np.sqrt(np.square(exact, dtype=np.float64).mean())
    away = np.sqrt(np.square(found.astype(np.float64) - exact).mean())
    if away == 0.0:
        return 0.0
    return float(min(away / size, NONSENSE)) if size > 0.0 and np.isfinite(away) else NONSENSE
