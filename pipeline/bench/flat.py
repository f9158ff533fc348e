"""The same searches by a flat FAISS index: exact, in memory, on one thread (one query makes no use of more)."""

import time
from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from pipeline.archive import SightingFilter
from pipeline.bench.county import County
from pipeline.bench.looks import FloatArray


class Flat:
    """All vectors as float32: 4 * rows * dim bytes."""

    def __init__(self, dim: int) -> None:
        self._index: Any = faiss.IndexFlatIP(dim)  # FAISS's stubs do not know the Python face of its parameters

    def add(self, vectors: FloatArray) -> None:
        """Take the next rows, float32 (n, dim)."""
        self._index.add(vectors)

    def times(
        self, county: County, where: SightingFilter, asked: FloatArray, top: int
    ) -> tuple[list[float], list[float], list[float]]:
        """Return seconds of each query: whole, without the work for the selector, and told the rows beforehand."""
        whole, scans, told = [], [], []
        rows = _told(county.mask(where))
        for vector in asked:
            began = time.perf_counter()
            selector = _selector(county.mask(where))
            scanned = time.perf_counter()
            faiss.omp_set_num_threads(1)
            self._index.search(vector[None], top, params=selector)
            whole.append(time.perf_counter() - began)
            scans.append(time.perf_counter() - scanned)
            began = time.perf_counter()
            self._index.search(vector[None], top, params=rows)
            told.append(time.perf_counter() - began)
        return whole, scans, told


def _selector(mask: NDArray[np.bool_]) -> Any:  # noqa: ANN401
    if mask.all():
        return None
    swig: Any = faiss
    return swig.SearchParameters(sel=swig.IDSelectorBitmap(np.packbits(mask, bitorder="little")))


def _told(mask: NDArray[np.bool_]) -> Any:  # noqa: ANN401
    """Return a selector that leads FAISS to the rows that pass, and to no others."""
    if mask.all():
        return None
    swig: Any = faiss
    rows = np.flatnonzero(mask)
    if rows[-1] - rows[0] + 1 == len(rows):
        return swig.SearchParameters(sel=swig.IDSelectorRange(int(rows[0]), int(rows[-1]) + 1))
    return swig.SearchParameters(sel=swig.IDSelectorArray(rows))


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p95 in ms."""
    median, high = np.percentile(np.array(seconds) * 1_000, (50, 95))
    return round(float(median), 3), round(float(high), 3)
