"""The exact index of the youngest rows of one embedding space: FAISS in memory, rebuilt at each opening."""

import threading
from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from pipeline.archive.columns import BoolArray, Columns, Entries
from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.look_scan import LookScan, best_rows
from pipeline.archive.looks import Looks
from pipeline.archive.ranking import Candidate, FloatArray, LookCandidate, best, exact_scores

SPARE = 32  # candidates beyond the asked ones: the scan's last bit may swap neighbours, exact scores sort them out
TIE_MARGIN = 1e-5  # float32 rounding of a cosine over some hundred values stays far below
WORTH_IT = 10_000  # dead positions; below, the memory is small anyway


class SpaceIndex:
    """Exact search among the vectors of one space; safe between threads."""

    def __init__(self, dim: int) -> None:
        self._lock = threading.Lock()
        self._columns = Columns()
        self._flat = faiss.IndexFlatIP(dim)

    @property
    def mostly_dead(self) -> bool:
        """Tell whether making the index anew would give back more than half of its memory."""
        return self._columns.dead > max(WORTH_IT, len(self._columns) // 2)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def bytes_held(self) -> int:
        """Memory of the vectors."""
        return int(self._flat.ntotal * self._flat.d * 4)

    def apply(self, gone_rows: Sequence[int], entries: Entries, vectors: FloatArray) -> None:
        """Give up vector rows and take new ones, as one step for every search."""
        with self._lock:
            for row in gone_rows:
                position = self._columns.bury(row)
                if position is not None:
                    self._vectors()[position] = 0.0
            if len(entries):
                self._flat.add(vectors)
                self._columns.add(entries)

    def from_row(self, first_row: int) -> "SpaceIndex":
        """Return an index of its own of the living entries whose vectors lie at a row or behind it."""
        made = SpaceIndex(self._flat.d)
        with self._lock:
            made._columns, places = self._columns.from_row(first_row)
            if len(places):
                made._flat.add(self._vectors()[places])
        return made

    def search(self, query: Query) -> list[Candidate]:
        """Return the best candidates; equal to scoring every selected vector."""
        if len(self) == 0:
            return []
        wanted = np.ascontiguousarray(query.vectors.vectors, np.float32)
        with self._lock:
            mask = self._columns.mask(query.where, query.exclude)
            positions = self._candidates(wanted, mask, query.top)
            vectors = self._vectors()[positions]
            ids = [self._columns.ids[i] for i in positions]
            revisions = [self._columns.revision(i) for i in positions]
        if len(positions) == 0:
            return []
        return best(ids, revisions, exact_scores(vectors, wanted), query.top)

    def search_looks(self, looks: Looks, where: SightingFilter, top: int) -> list[LookCandidate]:
        """Return the best candidates by looks, ties at the edge included, in no order."""
        with self._lock:
            if len(self._columns) == 0 or top <= 0:
                return []
            mask = self._columns.mask(where, frozenset())
            last_ms = self._columns.last_seen_ms
            everything = np.array([[0, len(mask)]], np.int64)
            scan = LookScan(looks, self._columns.looks())
            rows, scores = best_rows(scan, everything, mask.__getitem__, last_ms, top)
            return [
                LookCandidate(self._columns.ids[row], self._columns.revision(row), score, int(last_ms[row]))
                for row, score in zip(rows.tolist(), scores.tolist(), strict=True)
            ]

    def _candidates(self, wanted: FloatArray, mask: BoolArray, top: int) -> NDArray[np.intp]:
        """Return positions that hold the top of the selected ones for sure, ties at its edge included."""
        selected = np.flatnonzero(mask)
        if top <= 0 or len(wanted) == 0:
            return selected[:0]
        if len(selected) <= top + SPARE:
            return selected
        parameters = None
        if len(selected) < len(mask):
            parameters = _only(mask)
        # One core: the others decode and detect, and a shared scan waits for the thread that gets no turn (20,000 rows
        # on 2 busy cores: 16 ms instead of 1.5). OpenMP keeps the number per calling thread: set it at each search.
        faiss.omp_set_num_threads(1)
        count = top + SPARE
        while count < len(selected):
            scores, found = self._flat.search(wanted, count, params=parameters)
            if np.all(scores[:, -1] < scores[:, top - 1] - TIE_MARGIN):
                return np.unique(found)
            count *= 4
        return selected

    def _vectors(self) -> FloatArray:
        """Return the index's own memory, float32 (n, dim): no second copy of the vectors."""
        n, dim = self._flat.ntotal, self._flat.d
        if n == 0:
            return np.empty((0, dim), np.float32)
        memory: FloatArray = faiss.rev_swig_ptr(self._flat.get_xb(), n * dim).reshape(n, dim)
        return memory


def _only(mask: BoolArray) -> Any:  # noqa: ANN401 - FAISS's stubs do not know the Python face of its parameters
    swig: Any = faiss
    return swig.SearchParameters(sel=swig.IDSelectorBitmap(np.packbits(mask, bitorder="little")))
