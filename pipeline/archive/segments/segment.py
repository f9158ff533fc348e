"""One immutable segment: columns in memory-mapped files, codes in memory."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import SightingFilter
from pipeline.archive.look_columns import LookTable
from pipeline.archive.look_scan import LookScan, best_rows
from pipeline.archive.looks import Looks
from pipeline.archive.ranking import FloatArray, LookCandidate
from pipeline.archive.segments.codes import Quantiser
from pipeline.archive.segments.depth import REFINED, Errors
from pipeline.archive.segments.details import Details
from pipeline.archive.segments.residues import ResidueCode
from pipeline.archive.segments.runs import Runs, Selection, Slots
from pipeline.archive.segments.scanning import Scanner
from pipeline.errors import SegmentDamaged
from pipeline.sighting import Sighting

IntArray = NDArray[np.int64]

FORMAT = 4
OLDER = 3  # in the order of cameras alone, and without details: its hits' rows are looked up in the database
HEADER = "segment.json"
SLOTS = ("runs", "first_ms", "latest_ms", "longest_ms")
OLDER_COLUMNS = (
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
COLUMNS = (*OLDER_COLUMNS, "details", "sessions", "run_numbers", "run_starts", "run_longest")


class Segment:
    """The rows of one folder made by `building.build`, as `searching` and searches by looks need them.

    Safe between threads.
    """

    def __init__(self, folder: Path) -> None:
        """Open; raises SegmentDamaged when a file is missing or of another format."""
        self.folder = folder
        try:
            header = json.loads((folder / HEADER).read_text("utf-8"))
            if header["format"] not in (OLDER, FORMAT):
                raise SegmentDamaged(folder)
            names = COLUMNS if header["format"] == FORMAT else OLDER_COLUMNS
            self._columns = {name: _mapped(folder / f"{name}.npy") for name in names}
            self._runs = _runs(header, self._columns)
            self._looks = {
                name: (_mapped(folder / f"looks-{number}.npy"), _table(folder, number, values))
                for number, (name, values) in enumerate(header["looks"])
            }
            self.errors = Errors(np.array(header["coarse"], np.float32), *map(float, header["fine"]))
            self.refined = float(header.get("refined", REFINED))
            self._until_ms = int(header["until_ms"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SegmentDamaged(folder) from error
        columns = self._columns
        self._dead = np.zeros(len(self), np.bool_)
        self._dead_rows = 0
        self._quantiser = Quantiser(np.asarray(columns["axes"]), np.asarray(columns["centroids"]))
        self._scanner = Scanner(self._quantiser, np.asarray(columns["codes"]))
        self._residue_code = ResidueCode(columns["kept"], columns["steps"])
        self._details = (
            Details(columns["details"], columns["sessions"], self._looks) if header["format"] == FORMAT else None
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

    @property
    def scanner(self) -> Scanner:
        """What scans the codes of all rows."""
        return self._scanner

    def select(self, where: SightingFilter) -> Selection:
        """Return where the rows are that a filter selects; `passing` tells which of those are not."""
        if where.from_ms is not None and self._until_ms < where.from_ms:
            return Selection(np.empty((0, 2), np.int64), 0)
        return self._runs.select(where)

    def passing(self, places: IntArray, where: SightingFilter) -> NDArray[np.bool_]:
        """Tell which places in the ranges of a filter live and were seen in its time."""
        passing = self._runs.passing(places, where, self._columns["last_ms"])
        if self._dead_rows:
            passing &= ~self._dead[places]
        return passing

    def turned(self, vector: FloatArray) -> FloatArray:
        """Return a float32 (dim,) as seen along the axes of the codes."""
        return self._quantiser.turned_one(vector)

    def finer(self, turned: FloatArray, coarse: FloatArray, places: IntArray) -> FloatArray:
        """Return finer cosines with a turned vector than the `coarse` ones of a scan; half of the true are less."""
        gains = self._residue_code.gains(turned, self._picked("residues", places))
        return coarse + gains + np.float32(self.errors.fine_half)

    def vector_rows(self, places: IntArray) -> IntArray:
        """Return where the vectors of some places lie in the file."""
        return self._picked("vector_row", places)

    def ids(self, places: IntArray) -> list[str]:
        """Return the ids at some places."""
        return [text.decode() for text in self._picked("ids", places).tolist()]

    def revisions(self, places: IntArray) -> list[int]:
        """Return the revisions at some places."""
        numbers: list[int] = self._picked("revision", places).tolist()
        return numbers

    def sightings(self, places: Sequence[int], ids: Sequence[str]) -> list[Sighting | None]:
        """Return what stands at some places; None for what only the database has, or what was erased meanwhile."""
        if self._details is None:
            return [None] * len(places)
        rows = np.array(places, np.int64)
        revisions, last_ms = self._picked("revision", rows).tolist(), self._picked("last_ms", rows).tolist()
        found = self._details.sightings(rows, ids, revisions, last_ms, self._runs.of(rows))
        still = self._picked("ids", rows).tolist()  # whoever erases a row begins with its id: so it is read last
        return [each if name == there.decode() else None for each, name, there in zip(found, ids, still, strict=True)]

    def search_looks(self, looks: Looks, where: SightingFilter, top: int) -> list[LookCandidate]:
        """Return the best candidates by looks, ties at the edge included, in no order."""
        if top <= 0 or (where.from_ms is not None and self._until_ms < where.from_ms):
            return []
        last_ms = self._columns["last_ms"]
        scan = LookScan(looks, self._looks)
        rows, scores = best_rows(
            scan, self._runs.select(where).ranges, lambda some: self.passing(some, where), last_ms, top
        )
        return [
            LookCandidate(name.decode(), revision, score, seen_ms, (self, place))
            for name, revision, score, seen_ms, place in zip(
                self._picked("ids", rows).tolist(),
                self._picked("revision", rows).tolist(),
                scores.tolist(),
                last_ms[rows].tolist(),
                rows.tolist(),
                strict=True,
            )
        ]

    def _picked(self, name: str, places: IntArray) -> NDArray[Any]:
        """Return a column at some places; by any other way of NumPy's it takes three times as long."""
        return self._columns[name].take(places, axis=0, mode="clip")


def _runs(header: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Runs:
    names = [(kind, community, camera) for kind, community, camera in header["runs"]]
    if header["format"] == FORMAT:
        numbers, starts, longest_ms = (np.array(columns[name]) for name in ("run_numbers", "run_starts", "run_longest"))
        slots = Slots(*(np.array(header["slots"][name], np.int64) for name in SLOTS))
    else:
        numbers, starts = np.arange(len(names)), np.array(header["starts"], np.int64)
        longest_ms = np.array(header["longest_ms"], np.int64)
        one = ([0, len(names)], [header["base_ms"]], [header["until_ms"]], [longest_ms.max(initial=0)])
        slots = Slots(*(np.array(each, np.int64) for each in one))
    return Runs(names, numbers, starts, longest_ms, int(header["base_ms"]), columns["key"], slots)


def _mapped(path: Path) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped.view(np.ndarray)  # the class memmap costs at every use


def _table(folder: Path, number: int, values: Sequence[str]) -> LookTable:
    value, sure = (np.load(folder / f"look-{number}-{name}.npy") for name in ("value", "sure"))
    return LookTable(values, value, sure)
