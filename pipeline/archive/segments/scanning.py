"""The scan of a segment's codes: approximate cosines of all rows, or of some blocks of rows."""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import faiss
import numpy as np

from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import BLOCK, CodeArray, IntArray, Quantiser
from pipeline.archive.segments.runs import expand
from pipeline.archive.segments.sharing import threads_at_hand, work_done

AT_ONCE = 65_536 // BLOCK  # chosen blocks that are copied together: their codes stay in the core's own cache
LONG = 64  # blocks; a stretch of as many is scanned where it lies
WORTH_SHARING = 32_768 // BLOCK  # blocks; a scan of fewer is over before another thread has woken
WORTH_TURNS = 262_144 // BLOCK  # of as many each thread scans two parts: who is slower leaves the last to the other
LEAST = 64  # rows that every portion of a scan returns at least
CACHE_LINE = 64  # bytes
SLACK = 1.25  # the best rows are not spread evenly over the portions
NOTHING_LEFT = -np.inf

Found = tuple[FloatArray, IntArray, float]


class Scanner:
    """Approximate cosines; safe between threads."""

    def __init__(self, quantiser: Quantiser, codes: CodeArray) -> None:
        self._quantiser = quantiser
        self._rows = len(codes)
        self._windows = [_Window(quantiser.empty_index())]
        self._copies: list[_Copy] = []  # indexes to copy blocks into: fresh memory costs more than the scan
        self._blocks = _packed(quantiser.index(codes)) if len(codes) else np.empty((0, 1), np.uint8)
        self._bytes = self._blocks.shape[1]
        self._long = LONG if self._windows[0].works else len(self._blocks) + 1

    @property
    def bytes_held(self) -> int:
        """Memory of the codes."""
        return int(self._blocks.nbytes) + sum(copy.blocks.nbytes for copy in list(self._copies))

    def scan(self, turned: FloatArray, count: int, stretches: IntArray) -> Found:
        """Return approximate cosines float32 (k,), rows int64 (k,), about the best `count`, in no order, and a bar.

        `turned` is float32 (dim,), `stretches` int64 (n, 2) are ranges of blocks, ascending and apart. No row of theirs
        that is not returned scores more than the bar; it is NOTHING_LEFT when all are.
        """
        return scan_all([ScanRequest(self, turned, count, stretches)])[0]

    def portions(self, turned: FloatArray, count: int, stretches: IntArray, piece: int) -> list[Callable[[], Found]]:
        """Return the scans of parts of at most `piece` blocks."""
        lengths = stretches[:, 1] - stretches[:, 0]
        total = int(lengths.sum())
        long = lengths >= self._long
        work: list[Callable[[], Found]] = []
        for start, end in stretches[long].tolist():
            for first in range(start, end, piece):
                last = min(end, first + piece)
                work.append(partial(self._scan_stretch, turned, _part(count, last - first, total), first, last))
        short = expand(stretches[~long])
        for begin in range(0, len(short), AT_ONCE):
            blocks = short[begin : begin + AT_ONCE]
            work.append(partial(self._scan_copied, turned, _part(count, len(blocks), total), blocks))
        return work

    def _scan_stretch(self, turned: FloatArray, count: int, first: int, last: int) -> Found:
        window = self._windows.pop() if self._windows else _Window(self._quantiser.empty_index())
        window.index.ntotal, window.index.ntotal2 = self._rows_in(last - first, last), (last - first) * BLOCK
        scores, rows, bar = window.search(self._blocks[first], turned, count)
        self._windows.append(window)
        return scores, rows + first * BLOCK, bar

    def _scan_copied(self, turned: FloatArray, count: int, blocks: IntArray) -> Found:
        """Scan blocks whose codes are copied together: FAISS's scan takes no filter."""
        copy = self._copies.pop() if self._copies else _Copy(self._quantiser.empty_index(), self._bytes)
        np.take(self._blocks, blocks, axis=0, out=copy.blocks[: len(blocks)], mode="clip")  # "raise" would copy twice
        copy.index.ntotal, copy.index.ntotal2 = self._rows_in(len(blocks), int(blocks[-1]) + 1), len(blocks) * BLOCK
        scores, places, bar = _searched(copy.index, turned, count)
        self._copies.append(copy)
        return scores, blocks[places // BLOCK] * BLOCK + places % BLOCK, bar

    def _rows_in(self, blocks: int, end: int) -> int:
        """Return how many rows some blocks hold; the last of all may be filled in part only."""
        missing = len(self._blocks) * BLOCK - self._rows if end == len(self._blocks) else 0
        return blocks * BLOCK - int(missing)


@dataclass(frozen=True, slots=True, eq=False)
class ScanRequest:
    """The arguments of one `Scanner.scan`."""

    scanner: Scanner
    turned: FloatArray
    count: int
    stretches: IntArray

    @property
    def blocks(self) -> int:
        """How many blocks are to be scanned."""
        return int((self.stretches[:, 1] - self.stretches[:, 0]).sum())


def scan_all(requests: Sequence[ScanRequest]) -> list[Found]:
    """Return what each `Scanner.scan` would, their parts shared among the cores at hand."""
    total = sum(request.blocks for request in requests)
    threads = threads_at_hand() if total >= WORTH_SHARING else 1
    turns = 2 * threads if threads > 1 and total >= WORTH_TURNS else threads
    work, ends = [], [0]
    for request in requests:
        work += request.scanner.portions(request.turned, request.count, request.stretches, -(-total // turns))
        ends.append(len(work))
    found = work_done(work, threads)
    return [_joined(found[start:end]) for start, end in pairwise(ends)]


def _joined(found: Sequence[Found]) -> Found:
    """Return what the parts of one scan found."""
    if len(found) == 1:
        return found[0]
    scores = np.concatenate([scores for scores, _, _ in found] or [np.empty(0, np.float32)])
    rows = np.concatenate([rows for _, rows, _ in found] or [np.empty(0, np.int64)])
    return scores, rows, max((bar for _, _, bar in found), default=NOTHING_LEFT)


class _Copy:
    """An index whose memory is written to block by block."""

    def __init__(self, index: Any, block_bytes: int) -> None:  # noqa: ANN401 - FAISS's stubs do not know its Python face
        self.index = index
        size = block_bytes * AT_ONCE
        index.codes.resize(size)
        self.blocks: CodeArray = faiss.rev_swig_ptr(index.codes.get(), size).reshape(-1, block_bytes)


class _Window:
    """An index that scans codes where they lie, those of another index; FAISS itself would have them copied.

    Its table of codes begins with their address. Where that is not so, in some other release, it `works` not.
    """

    def __init__(self, index: Any) -> None:  # noqa: ANN401
        self.index = index
        index.codes.resize(1)
        self._address = ctypes.c_void_p.from_address(int(index.codes.tab))
        self._own = self._address.value
        self.works = self._own == int(index.codes.get())

    def search(self, first: CodeArray, turned: FloatArray, count: int) -> Found:
        """Scan from the block at `first` on, as many rows as the index has been told."""
        self._address.value = first.ctypes.data
        try:
            return _searched(self.index, turned, count)
        finally:
            self._address.value = self._own  # what it frees one day


def _packed(index: Any) -> CodeArray:  # noqa: ANN401
    """Return a copy of the codes of an index as FAISS keeps them, uint8 (blocks, bytes of one).

    It begins where a line of the cache does. NumPy asks for large pages where it is much, FAISS does not: a scan of a
    million rows takes 4 to 12 % less time.
    """
    codes: CodeArray = faiss.rev_swig_ptr(index.codes.get(), index.codes.size())
    room = np.empty(len(codes) + CACHE_LINE, np.uint8)
    begin = -room.ctypes.data % CACHE_LINE
    room = room[begin : begin + len(codes)]
    np.copyto(room, codes)
    return room.reshape(int(index.ntotal2) // BLOCK, -1)


def _searched(index: Any, turned: FloatArray, count: int) -> Found:  # noqa: ANN401
    faiss.omp_set_num_threads(1)
    total = index.ntotal
    found, places = index.search(turned[None], min(count, total))
    scores, rows = found[0], places[0]
    if rows[-1] < 0:
        kept = rows >= 0
        return scores[kept], rows[kept], NOTHING_LEFT
    return scores, rows, NOTHING_LEFT if count >= total else float(scores[-1])


def _part(count: int, blocks: int, total: int) -> int:
    """Return how many rows of a portion of a scan are wanted."""
    return count if blocks == total else min(count, max(LEAST, int(SLACK * count * blocks / total)))
