"""What a filter asks about, as arrays that grow: one position per stored revision of a sighting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kinds import KINDS, Kind
from pipeline.archive.contract import SightingFilter
from pipeline.archive.look_columns import LookColumns, LookLedger

BoolArray = NDArray[np.bool_]
FIRST_CAPACITY = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index keeps of one row."""

    sighting_id: str
    revision: int
    vector_row: int
    kind: str
    camera_id: str
    community: str
    first_seen_ms: int
    last_seen_ms: int
    attributes: str


class Columns:
    """Struct of arrays over positions 0..n-1; a position is never reused, a dead one matches no filter."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._codes: dict[str, int] = {}
        self._position_of_row: dict[int, int] = {}
        self._dead = 0
        self._arrays = {name: np.zeros(FIRST_CAPACITY, np.int64) for name in ("revision", "first", "last")}
        self._arrays |= {name: np.zeros(FIRST_CAPACITY, np.int32) for name in ("kind", "camera", "community")}
        self._alive = np.zeros(FIRST_CAPACITY, np.bool_)
        self._ledger = LookLedger()
        self._looks: dict[str, NDArray[np.uint32]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dead(self) -> int:
        """How many positions have been given up."""
        return self._dead

    def add(self, entries: Sequence[Entry]) -> None:
        """Append entries, alive."""
        start = len(self.ids)
        self._reserve(start + len(entries))
        for position, entry in enumerate(entries, start):
            self.ids.append(entry.sighting_id)
            self._position_of_row[entry.vector_row] = position
            self._arrays["revision"][position] = entry.revision
            self._arrays["first"][position] = entry.first_seen_ms
            self._arrays["last"][position] = entry.last_seen_ms
            self._arrays["kind"][position] = KINDS.index(Kind(entry.kind))
            self._arrays["camera"][position] = self._code(entry.camera_id)
            self._arrays["community"][position] = self._code(entry.community)
            self._alive[position] = True
            for name, number in self._ledger.numbers(entry.attributes):
                if name not in self._looks:
                    self._looks[name] = np.zeros(len(self._alive), np.uint32)
                self._looks[name][position] = number

    def bury(self, vector_row: int) -> int | None:
        """Give up the position of a vector row; return it, or None when it was not there."""
        position = self._position_of_row.pop(vector_row, None)
        if position is not None:
            self._alive[position] = False
            self._dead += 1
        return position

    def revision(self, position: int) -> int:
        """Return the revision stored at a position."""
        return int(self._arrays["revision"][position])

    @property
    def last_seen_ms(self) -> NDArray[np.int64]:
        """Return int64 (n,)."""
        last: NDArray[np.int64] = self._arrays["last"][: len(self.ids)]
        return last

    def looks(self) -> LookColumns:
        """Return what was seen, by attribute."""
        return {name: (numbers[: len(self.ids)], self._ledger.table(name)) for name, numbers in self._looks.items()}

    def mask(self, where: SightingFilter, exclude: frozenset[str]) -> BoolArray:
        """Return bool (n,): alive, passing the filter, and not excluded."""
        n = len(self.ids)
        chosen = self._alive[:n].copy()
        if where.kind is not None:
            chosen &= self._arrays["kind"][:n] == where.kind.code
        if where.from_ms is not None:
            chosen &= self._arrays["last"][:n] >= where.from_ms
        if where.to_ms is not None:
            chosen &= self._arrays["first"][:n] < where.to_ms
        if where.cameras:
            chosen &= self._any_of("camera", where.cameras)
        if where.communities:
            chosen &= self._any_of("community", where.communities)
        if exclude:
            chosen[[i for i in np.flatnonzero(chosen) if self.ids[i] in exclude]] = False
        return chosen

    def _any_of(self, column: str, names: Sequence[str]) -> BoolArray:
        codes = [self._codes[name] for name in names if name in self._codes]
        return np.isin(self._arrays[column][: len(self.ids)], np.array(codes, np.int32))

    def _code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def _reserve(self, needed: int) -> None:
        capacity = len(self._alive)
        if needed <= capacity:
            return
        grown = max(needed, 2 * capacity)
        self._alive = np.resize(self._alive, grown)
        self._arrays = {name: np.resize(column, grown) for name, column in self._arrays.items()}
        for name, numbers in self._looks.items():
            self._looks[name] = np.zeros(grown, np.uint32)
            self._looks[name][: len(numbers)] = numbers
