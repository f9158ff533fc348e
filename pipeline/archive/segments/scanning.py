"""The scan of a segment's codes: approximate cosines of all rows, or of some blocks of rows."""

from typing import Any

import faiss
import numpy as np

from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import BLOCK, CodeArray, IntArray, Quantiser

AT_ONCE = 65_536  # rows of chosen blocks that are copied together: their codes stay in the core's own cache


class Scanner:
    """Approximate cosines, best first; safe between threads."""

    def __init__(self, quantiser: Quantiser, codes: CodeArray) -> None:
        self._quantiser = quantiser
        self._index = quantiser.index(codes)
        size = self._index.codes.size()
        self._bytes = size // max(1, self._index.ntotal2 // BLOCK)
        self._blocks: CodeArray = (
            faiss.rev_swig_ptr(self._index.codes.get(), size).reshape(-1, self._bytes)
            if self._index.ntotal
            else np.empty((0, 1), np.uint8)
        )
        self._spare: list[_Copy] = []  # indexes to copy blocks into: fresh memory costs more than the scan

    @property
    def bytes_held(self) -> int:
        """Memory of the codes."""
        return int(self._blocks.nbytes) + sum(copy.blocks.nbytes for copy in list(self._spare))

    def scan(self, turned: FloatArray, count: int) -> tuple[FloatArray, IntArray]:
        """Return approximate cosines float32 (k,) and rows int64 (k,), best first, of a turned float32 (dim,)."""
        return _searched(self._index, turned, count)

    def scan_blocks(self, turned: FloatArray, count: int, blocks: IntArray) -> tuple[FloatArray, IntArray]:
        """The same among the rows of some blocks, ascending, whose codes are copied: FAISS's scan takes no filter."""
        copy = self._spare.pop() if self._spare else _Copy(self._quantiser.empty_index(), self._bytes)
        found = [
            self._scan_copied(copy, turned, count, blocks[start : start + AT_ONCE // BLOCK])
            for start in range(0, len(blocks), AT_ONCE // BLOCK)
        ]
        self._spare.append(copy)
        if len(found) == 1:
            return found[0]
        scores = np.concatenate([scores for scores, _ in found] or [np.empty(0, np.float32)])
        rows = np.concatenate([rows for _, rows in found] or [np.empty(0, np.int64)])
        best = np.argsort(-scores, kind="stable")[:count]
        return scores[best], rows[best]

    def _scan_copied(
        self, copy: "_Copy", turned: FloatArray, count: int, blocks: IntArray
    ) -> tuple[FloatArray, IntArray]:
        np.take(self._blocks, blocks, axis=0, out=copy.blocks[: len(blocks)], mode="clip")  # "raise" would copy twice
        rows = len(blocks) * BLOCK
        if blocks[-1] == len(self._blocks) - 1:
            rows -= len(self._blocks) * BLOCK - self._index.ntotal  # the last block may be filled in part only
        copy.index.ntotal, copy.index.ntotal2 = rows, len(blocks) * BLOCK
        scores, places = _searched(copy.index, turned, count)
        return scores, blocks[places // BLOCK] * BLOCK + places % BLOCK


class _Copy:
    """An index whose memory is written to block by block."""

    def __init__(self, index: Any, block_bytes: int) -> None:  # noqa: ANN401
        self.index = index
        size = block_bytes * (AT_ONCE // BLOCK)
        index.codes.resize(size)
        self.blocks: CodeArray = faiss.rev_swig_ptr(index.codes.get(), size).reshape(-1, block_bytes)


def _searched(index: Any, turned: FloatArray, count: int) -> tuple[FloatArray, IntArray]:  # noqa: ANN401
    faiss.omp_set_num_threads(1)
    count = min(count, index.ntotal)
    if count <= 0:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    scores, rows = index.search(turned[None], count)
    if rows[0, -1] >= 0:
        return scores[0], rows[0]
    kept = rows[0] >= 0
    return scores[0][kept], rows[0][kept]
