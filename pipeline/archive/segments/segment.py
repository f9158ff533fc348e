"""One immutable segment: columns in memory-mapped files, codes in memory, exact scores from the vector file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.ranking import Candidate, FloatArray, best, cosines, exact_scores
from pipeline.archive.segments.codes import BLOCK, Quantiser
from pipeline.archive.segments.runs import Runs, contains, expand
from pipeline.archive.vectors import VectorFile
from pipeline.errors import SegmentDamaged

IntArray = NDArray[np.int64]

FORMAT = 1
HEADER = "segment.json"
COLUMNS = ("ids", "revision", "vector_row", "key", "last_ms", "by_vector_row", "codes", "axes", "centroids")
EXACT = 512  # rows; fewer are scored from the vector file at once, which costs what scan and refinement would
WHOLE = 0.15  # share of the rows; a scan of all is cheaper than copying the blocks of more together
REFINED = 24  # candidates per asked hit that get exact scores at first, in all segments together
LEAST = 128  # of them in one segment
MISSED = 0.008  # of the asked hits; a search goes deeper until it expects to miss no more
MOST = 16_384  # candidates per query vector that get exact scores at last
TIE_MARGIN = 1e-5  # float32 rounding of a cosine
SPARE = 32  # beyond the asked hits, kept for exact ties


@dataclass(frozen=True, slots=True)
class _Depth:
    """How far a search has to go: `keep` hits that score `floor` or more, the segment holding a `share` of all rows."""

    keep: int
    floor: float
    share: float

    def first_count(self) -> int:
        return max(LEAST, int(REFINED * self.keep * self.share))

    def missed(self, exact: FloatArray, edge: float, errors: FloatArray) -> float:
        """Return the share of the best that was probably not looked at.

        Not looked at is what has an approximate score below `edge`; `errors` are quantiles, at even levels, of how far
        true scores lie above approximate ones.
        """
        if len(exact) < self.keep and self.floor < -1:
            return 1.0
        best = np.sort(exact[exact >= self.floor])[-self.keep :]
        scores = np.append(best, self.floor) if self.floor >= -1 else best
        levels = np.linspace(0, 1, len(errors))
        return float(1 - np.interp(scores - edge, errors, levels).mean())

    def kept(self, places: IntArray, exact: FloatArray) -> IntArray:
        most = self.keep + SPARE
        chosen = np.flatnonzero(exact >= self.floor - TIE_MARGIN)
        if len(chosen) > most:
            chosen = chosen[np.argpartition(-exact[chosen], most - 1)[:most]]
        return places[chosen]


class Segment:
    """Searches the rows of one folder made by `building.build`; safe between threads."""

    def __init__(self, folder: Path, vectors: VectorFile) -> None:
        """Open; raises SegmentDamaged when a file is missing or of another format."""
        self.folder = folder
        try:
            header = json.loads((folder / HEADER).read_text("utf-8"))
            if header["format"] != FORMAT:
                raise SegmentDamaged(folder)
            self._columns = {name: _mapped(folder / f"{name}.npy") for name in COLUMNS}
            self._runs = Runs(
                np.array(header["runs"]),
                np.array(header["starts"], np.int64),
                np.array(header["longest_ms"], np.int64),
                int(header["base_ms"]),
            )
            self._errors = np.array(header["errors"], np.float32)
            self._until_ms = int(header["until_ms"])
        except (OSError, ValueError, KeyError) as error:
            raise SegmentDamaged(folder) from error
        self._vectors = vectors
        columns = self._columns
        self._dead = np.zeros(len(self), np.bool_)
        self._scanner = Quantiser(np.asarray(columns["axes"]), np.asarray(columns["centroids"])).scanner(
            np.asarray(columns["codes"])
        )

    def __len__(self) -> int:
        return len(self._columns["ids"])

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def dead(self) -> int:
        """How many rows were given up since it was built."""
        return int(self._dead.sum())

    @property
    def bytes_held(self) -> int:
        """Memory that is not backed by files."""
        return self._scanner.bytes_held + self._dead.nbytes

    def bury(self, vector_rows: IntArray) -> IntArray:
        """Give up the rows of some vectors, unknown ones are skipped; return their places."""
        order = self._columns["by_vector_row"]
        known = self._columns["vector_row"]
        places = np.searchsorted(known, vector_rows, sorter=order)
        places = np.asarray(order[np.minimum(places, len(order) - 1)], np.int64)
        places = np.asarray(places[known[places] == vector_rows], np.int64)
        self._dead[places] = True
        return places

    def living_vector_rows(self) -> IntArray:
        """Return the vector rows of the rows that were not given up, ascending."""
        return np.sort(np.asarray(self._columns["vector_row"])[~self._dead])

    def search(self, query: Query, floor: float = -2.0, share: float = 1.0) -> list[Candidate]:
        """Return the best candidates of the segment, exact scores.

        What scores less than `floor` is not wanted; `share` is how much of all rows the segment holds.
        """
        where = query.where
        if where.from_ms is not None and self._until_ms < where.from_ms:
            return []
        ranges = self._runs.select(where, self._columns["key"])
        wanted = np.ascontiguousarray(query.vectors.vectors, np.float32)
        if query.top <= 0 or len(wanted) == 0 or len(ranges) == 0:
            return []
        keep = query.top + len(query.exclude)
        if (ranges[:, 1] - ranges[:, 0]).sum() <= EXACT:
            places = self._passing(expand(ranges), where)
        else:
            found = [self._nearest(vector, ranges, where, _Depth(keep, floor, share)) for vector in wanted]
            places = np.unique(np.concatenate(found))
        return self._ranked(places, wanted, query)

    def _ranked(self, places: IntArray, wanted: FloatArray, query: Query) -> list[Candidate]:
        if len(places) == 0:
            return []
        scores = exact_scores(self._exact(places), wanted)
        keep = query.top + len(query.exclude)
        if len(scores) > keep:
            chosen = scores >= np.partition(scores, -keep)[-keep]  # ties at the edge included
            places, scores = places[chosen], scores[chosen]
        ids = [text.decode() for text in self._columns["ids"][places].tolist()]
        kept = [i for i, text in enumerate(ids) if text not in query.exclude]
        revisions = self._columns["revision"][places]
        return best([ids[i] for i in kept], revisions[kept].tolist(), scores[kept], query.top)

    def _nearest(self, vector: FloatArray, ranges: IntArray, where: SightingFilter, depth: _Depth) -> IntArray:
        """Return places that hold the most alike: scan, score the best exactly, go deeper until it is safe."""
        selected = int((ranges[:, 1] - ranges[:, 0]).sum())
        whole = selected > WHOLE * len(self)
        blocks = np.empty(0, np.int64) if whole else _blocks(ranges)
        reachable = len(self) if whole else len(blocks) * BLOCK
        count = min(MOST, int(depth.first_count() * max(1.0, reachable / selected)))
        while True:
            approximate, places = (
                self._scanner.scan(vector, count) if whole else self._scanner.scan_blocks(vector, count, blocks)
            )
            all_seen = len(places) < count
            edge = float(approximate[-1])
            places = self._passing(places[contains(ranges, places)], where)
            exact = cosines(self._exact(places), vector)
            if all_seen or count >= MOST or depth.missed(exact, edge, self._errors) <= MISSED:
                return depth.kept(places, exact)
            count = min(4 * count, MOST)

    def _passing(self, places: IntArray, where: SightingFilter) -> IntArray:
        """Return the places that live and were still seen when the filter's time begins."""
        places = places[~self._dead[places]]
        if where.from_ms is not None:
            places = places[self._columns["last_ms"][places] >= where.from_ms]
        return places

    def _exact(self, places: IntArray) -> FloatArray:
        return self._vectors.pick(np.asarray(self._columns["vector_row"][places]))


def _mapped(path: Path) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped.view(np.ndarray)  # the class memmap costs at every use


def _blocks(ranges: IntArray) -> IntArray:
    """Return the fast-scan blocks that hold the rows of ascending ranges."""
    blocks = expand(np.stack([ranges[:, 0] // BLOCK, -(-ranges[:, 1] // BLOCK)], axis=1))
    fresh = np.ones(len(blocks), np.bool_)
    fresh[1:] = blocks[1:] > np.maximum.accumulate(blocks)[:-1]
    return blocks[fresh]
