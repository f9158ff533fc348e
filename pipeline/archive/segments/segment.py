"""One immutable segment: columns in memory-mapped files, codes in memory, exact scores from the vector file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.look_columns import LookTable
from pipeline.archive.look_scan import LookScan, best_rows
from pipeline.archive.looks import Looks
from pipeline.archive.ranking import Candidate, FloatArray, LookCandidate, best, exact_scores
from pipeline.archive.segments.codes import BLOCK, Quantiser
from pipeline.archive.segments.depth import MOST, Depth, Errors
from pipeline.archive.segments.residues import ResidueCode
from pipeline.archive.segments.runs import Runs, contains, expand
from pipeline.archive.segments.scanning import Scanner
from pipeline.archive.vectors import VectorFile
from pipeline.errors import SegmentDamaged

IntArray = NDArray[np.int64]

FORMAT = 3
HEADER = "segment.json"
COLUMNS = (
    "ids",
    "revision",
    "vector_row",
    "key",
    "last_ms",
    "by_vector_row",
    "codes",
    "residues",
    "axes",
    "centroids",
    "kept",
    "steps",
)
EXACT = 512  # rows; fewer are scored from the vector file at once, which costs what scan and refinement would
WHOLE = 0.15  # share of the rows; a scan of all is cheaper than copying the blocks of more together


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
                [(kind, community, camera) for kind, community, camera in header["runs"]],
                np.array(header["starts"], np.int64),
                np.array(header["longest_ms"], np.int64),
                int(header["base_ms"]),
                self._columns["key"],
            )
            self._looks = {
                name: (_mapped(folder / f"looks-{number}.npy"), _table(folder, number, values))
                for number, (name, values) in enumerate(header["looks"])
            }
            self._errors = Errors(np.array(header["coarse"], np.float32), *map(float, header["fine"]))
            self._until_ms = int(header["until_ms"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SegmentDamaged(folder) from error
        self._vectors = vectors
        columns = self._columns
        self._dead = np.zeros(len(self), np.bool_)
        self._dead_rows = 0
        self._quantiser = Quantiser(np.asarray(columns["axes"]), np.asarray(columns["centroids"]))
        self._scanner = Scanner(self._quantiser, np.asarray(columns["codes"]))
        self._residue_code = ResidueCode(columns["kept"], columns["steps"])

    def __len__(self) -> int:
        return len(self._columns["ids"])

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def dead(self) -> int:
        """How many rows were given up since it was built."""
        return self._dead_rows

    @property
    def bytes_held(self) -> int:
        """Memory for searching: codes, and residues, which are mapped and stay in memory while there is room."""
        return self._scanner.bytes_held + int(self._columns["residues"].nbytes) + self._dead.nbytes

    def bury(self, vector_rows: IntArray) -> IntArray:
        """Give up the rows of some vectors, unknown ones are skipped; return their places."""
        order = self._columns["by_vector_row"]
        known = self._columns["vector_row"]
        places = np.searchsorted(known, vector_rows, sorter=order)
        places = np.asarray(order[np.minimum(places, len(order) - 1)], np.int64)
        places = np.asarray(places[known[places] == vector_rows], np.int64)
        self._dead[places] = True
        self._dead_rows = int(self._dead.sum())
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
        ranges = self._runs.select(where)
        wanted = np.ascontiguousarray(query.vectors.vectors, np.float32)
        if query.top <= 0 or len(wanted) == 0 or len(ranges) == 0:
            return []
        keep = query.top + len(query.exclude)
        if (ranges[:, 1] - ranges[:, 0]).sum() <= EXACT:
            places = expand(ranges)
            places = places[self._passing(places, where)]
        else:
            found = [self._nearest(vector, ranges, where, Depth(keep, floor, share)) for vector in wanted]
            places = np.unique(np.concatenate(found)) if len(found) > 1 else found[0]
        return self._ranked(places, wanted, query)

    def search_looks(self, looks: Looks, where: SightingFilter, top: int) -> list[LookCandidate]:
        """Return the best candidates by looks, ties at the edge included, in no order."""
        if top <= 0 or (where.from_ms is not None and self._until_ms < where.from_ms):
            return []
        last_ms = self._columns["last_ms"]
        scan = LookScan(looks, self._looks)
        rows, scores = best_rows(scan, self._runs.select(where), lambda some: self._passing(some, where), last_ms, top)
        return [
            LookCandidate(name.decode(), *rest)
            for name, *rest in zip(
                self._columns["ids"][rows].tolist(),
                self._columns["revision"][rows].tolist(),
                scores.tolist(),
                last_ms[rows].tolist(),
                strict=True,
            )
        ]

    def _ranked(self, places: IntArray, wanted: FloatArray, query: Query) -> list[Candidate]:
        if len(places) == 0:
            return []
        scores = exact_scores(self._vectors.pick(self._columns["vector_row"][places]), wanted)
        keep = query.top + len(query.exclude)
        if len(scores) > keep:
            chosen = scores >= np.partition(scores, -keep)[-keep]  # ties at the edge included
            places, scores = places[chosen], scores[chosen]
        ids = [text.decode() for text in self._columns["ids"][places].tolist()]
        revisions = self._columns["revision"][places].tolist()
        return best(ids, revisions, scores, query.top, query.exclude)

    def _nearest(self, vector: FloatArray, ranges: IntArray, where: SightingFilter, depth: Depth) -> IntArray:
        """Return places that hold the most alike: scan, look closer at the best, go deeper until it is safe."""
        turned = self._quantiser.turned_one(vector)
        selected = int((ranges[:, 1] - ranges[:, 0]).sum())
        whole = selected > WHOLE * len(self)
        blocks = np.empty(0, np.int64) if whole else _blocks(ranges)
        reachable = len(self) if whole else len(blocks) * BLOCK
        count = min(MOST, int(depth.first_count() * max(1.0, reachable / selected)))
        while True:
            coarse, places = (
                self._scanner.scan(turned, count) if whole else self._scanner.scan_blocks(turned, count, blocks)
            )
            all_seen = len(places) < count
            edge = float(coarse[-1])
            if selected < reachable:
                inside = contains(ranges, places)
                coarse, places = coarse[inside], places[inside]
            passing = self._passing(places, where)
            coarse, places = coarse[passing], places[passing]
            fine = coarse + self._residue_code.gains(turned, self._columns["residues"][places])
            if all_seen or count >= MOST or depth.enough(fine, edge, self._errors):
                return depth.shortlist(places, fine, self._errors)
            count = min(4 * count, MOST)

    def _passing(self, places: IntArray, where: SightingFilter) -> NDArray[np.bool_]:
        """Tell which places live and were still seen when the filter's time begins."""
        passing = ~self._dead[places]
        if where.from_ms is not None:
            passing &= self._columns["last_ms"][places] >= where.from_ms
        return passing


def _mapped(path: Path) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped.view(np.ndarray)  # the class memmap costs at every use


def _table(folder: Path, number: int, values: Sequence[str]) -> LookTable:
    value, sure = (np.load(folder / f"look-{number}-{name}.npy") for name in ("value", "sure"))
    return LookTable(values, value, sure)


def _blocks(ranges: IntArray) -> IntArray:
    """Return the fast-scan blocks that hold the rows of ascending ranges."""
    blocks = expand(np.stack([ranges[:, 0] // BLOCK, -(-ranges[:, 1] // BLOCK)], axis=1))
    fresh = np.ones(len(blocks), np.bool_)
    fresh[1:] = blocks[1:] > np.maximum.accumulate(blocks)[:-1]
    return blocks[fresh]
