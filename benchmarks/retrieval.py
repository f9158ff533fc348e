"""How well a ranked gallery answers queries: rank-1 and mean average precision."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def retrieval(
    similarity: NDArray[np.float32], query_ids: Sequence[int], gallery_ids: Sequence[int]
) -> tuple[float, float]:
    """Return (rank-1, mAP) for similarity (q, g), larger is nearer.

    The average precision of a query is the mean over its true gallery entries of the precision at each one's rank
    (Zheng et al., Scalable Person Re-identification, section 4). Queries without a true entry are left out.
    """
    first: list[float] = []
    average: list[float] = []
    gallery = np.asarray(gallery_ids)
    for row, identity in zip(similarity, query_ids, strict=True):
        true = gallery[np.argsort(-row, kind="stable")] == identity
        if not true.any():
            continue
        ranks = np.flatnonzero(true) + 1
        first.append(float(ranks[0] == 1))
        average.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    return float(np.mean(first)), float(np.mean(average))
