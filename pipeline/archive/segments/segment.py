"""One immutable segment: columns in memory-mapped files, codes in memory, exact scores from the vector file."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.ranking import Candidate, FloatArray, best, exact_scores
from pipeline.archive.segments.codes import BLOCK, Quantiser
from pipeline.archive.segments.runs import Runs, contains, expand
from pipeline.archive.vectors import VectorFile
from pipeline.errors import ArchiveDamaged

IntArray = NDArray[np.int64]

FORMAT = 1
HEADER = "segment.json"
COLUMNS = ("ids", "revision", "vector_row", "first_ms", "last_ms", "by_vector_row", "codes", "centroids")
EXACT = 2_048  # rows; fewer are scored from the vector file at once, which costs what scan and refinement would
WHOLE = 0.2  # share of the blocks; a scan of all is cheaper than copying more together
REFINED = 8  # candidates per asked hit that get exact scores at first
MOST = 16_384  # candidates per query vector that get exact scores at last
SPARE = 32  # beyond the asked hits, kept for exact ties


class Segment:
    """Searches the rows of one folder made by `building.build`; safe between threads."""

    def __init__(self, folder: Path, vectors: VectorFile) -> None:
        """Open; raises ArchiveDamaged when a file is missing or another format."""
        self.folder = folder
        try:
            header = json.loads((folder / HEADER).read_text("utf-8"))
            columns = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in COLUMNS}
        except (OSError, ValueError) as error:
            raise ArchiveDamaged(f"segment {folder} cannot be read: run `zhian archive rebuild`") from error
        if header["format"] != FORMAT:
            raise ArchiveDamaged(f"segment {folder} has another format: run `zhian archive rebuild`")
        self._vectors = vectors
        self._columns = columns
        self._runs = Runs(
            tuple((kind, community, camera) for kind, community, camera in header["runs"]),
            np.array(header["starts"], np.int64),
            np.array(header["longest_ms"], np.int64),
        )
        self._margin = float(header["margin"])
        self._span = (int(header["first_seen_ms"]), int(header["last_seen_ms"]))
        self._dead = np.zeros(len(self), np.bool_)
        self._scanner = Quantiser(np.asarray(columns["centroids"])).scanner(np.asarray(columns["codes"]))

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

    def search(self, query: Query) -> list[Candidate]:
        """Return the best candidates of the segment, exact scores."""
        where = query.where
        if (where.from_ms is not None and self._span[1] < where.from_ms) or (
            where.to_ms is not None and self._span[0] >= where.to_ms
        ):
            return []
        ranges = self._runs.select(where, self._columns["first_ms"])
        wanted = np.ascontiguousarray(query.vectors.vectors, np.float32)
        if query.top <= 0 or len(wanted) == 0 or len(ranges) == 0:
            return []
        keep = query.top + len(query.exclude)
        if (ranges[:, 1] - ranges[:, 0]).sum() <= EXACT:
            places = self._passing(expand(ranges), where)
        else:
            found = [self._nearest(vector, ranges, where, keep) for vector in wanted]
            places = np.unique(np.concatenate(found))
        return self._ranked(places, wanted, query)

    def _ranked(self, places: IntArray, wanted: FloatArray, query: Query) -> list[Candidate]:
        scores = exact_scores(self._exact(places), wanted)
        ids = [text.decode() for text in self._columns["ids"][places].tolist()]
        kept = [i for i, text in enumerate(ids) if text not in query.exclude]
        revisions = self._columns["revision"][places]
        return best([ids[i] for i in kept], revisions[kept].tolist(), scores[kept], query.top)

    def _nearest(self, vector: FloatArray, ranges: IntArray, where: SightingFilter, keep: int) -> IntArray:
        """Return places that hold the `keep` most alike: scan, score the best exactly, go deeper until it is safe."""
        blocks = _blocks(ranges)
        whole = len(blocks) > WHOLE * -(-len(self) // BLOCK)
        reachable = len(self) if whole else len(blocks) * BLOCK
        share = max(1.0, reachable / max(1, int((ranges[:, 1] - ranges[:, 0]).sum())))
        count = int(min(MOST, max(REFINED * keep, 4 * SPARE) * share))
        while True:
            approximate, places = (
                self._scanner.scan(vector, count) if whole else self._scanner.scan_blocks(vector, count, blocks)
            )
            all_seen = len(places) < count
            edge = float(approximate[-1])
            places = self._passing(places[contains(ranges, places)], where)
            exact = self._exact(places) @ vector
            if len(exact) > keep + SPARE:
                order = np.argpartition(-exact, keep + SPARE - 1)[: keep + SPARE]
                places, exact = places[order], exact[order]
            safe = len(exact) >= keep and np.partition(exact, -keep)[-keep] >= edge + self._margin
            if all_seen or safe or count >= MOST:
                return places
            count = min(4 * count, MOST)

    def _passing(self, places: IntArray, where: SightingFilter) -> IntArray:
        """Return the places that live and were still seen when the filter's time begins."""
        places = places[~self._dead[places]]
        if where.from_ms is not None:
            places = places[self._columns["last_ms"][places] >= where.from_ms]
        return places

    def _exact(self, places: IntArray) -> FloatArray:
        return self._vectors.pick(np.asarray(self._columns["vector_row"][places]))


def _blocks(ranges: IntArray) -> IntArray:
    """Return the fast-scan blocks that hold the rows of ascending ranges."""
    blocks = expand(np.stack([ranges[:, 0] // BLOCK, -(-ranges[:, 1] // BLOCK)], axis=1))
    fresh = np.ones(len(blocks), np.bool_)
    fresh[1:] = blocks[1:] > np.maximum.accumulate(blocks)[:-1]
    return blocks[fresh]
