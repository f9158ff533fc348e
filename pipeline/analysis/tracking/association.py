"""One-to-one assignment under a gate."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

_FORBIDDEN = 1e6


def assign(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Pairs:
    """Return rows and columns of the cheapest assignment that pairs as many as `allowed` permits.

    cost and allowed are (n, m); costs are finite and far below a million. No row or column is used twice.
    """
    if not allowed.any():
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    rows, columns = linear_sum_assignment(np.where(allowed, cost, _FORBIDDEN))
    good = allowed[rows, columns]
    return rows[good], columns[good]
