"""What a filter asks about, as arrays that grow: one position per stored revision of a sighting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.kinds import KINDS
from pipeline.archive.contract import SightingFilter
from pipeline.archive.look_columns import LookColumns, LookLedger
from pipeline.archive.rows import NO_LOOKS

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FIRST_CAPACITY = 1024
_CODES = {kind.value: kind.code for kind in KINDS}


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What the index keeps of rows, as columns (n,)."""

    ids: Sequence[str]
    revision: IntArray
    vector_row: IntArray
    kind: Sequence[str]
    camera: Sequence[str]
    community: Sequence[str]
    first: IntArray
    last: IntArray
    attributes: Sequence[str]

    @classmethod
    def of(cls, columns: Sequence[Sequence[Any]]) -> Self:
        """Take columns in the order of the fields."""
        ids, revision, vector_row, kind, camera, community, first, last, attributes = columns
        revisions, vector_rows, firsts, lasts = (
            np.array(column, np.int64) for column in (revision, vector_row, first, last)
        )
        return cls(ids, revisions, vector_rows, kind, camera, community, firsts, lasts, attributes)

    @classmethod
    def none(cls) -> Self:
        """Return no entries."""
        return cls.of([()] * len(cls.__slots__))

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, start: int, end: int) -> Self:
        """Return those from `start` to before `end`."""
        return type(self)(*(getattr(self, name)[start:end] for name in self.__slots__))


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

    def add(self, entries: Entries) -> None:
        """Append entries, alive."""
        start, end = len(self.ids), len(self.ids) + len(entries)
        self._reserve(end)
        self.ids += entries.ids
        self._position_of_row.update(zip(entries.vector_row.tolist(), range(start, end), strict=True))
        self._arrays["revision"][start:end] = entries.revision
        self._arrays["first"][start:end] = entries.first
        self._arrays["last"][start:end] = entries.last
        self._arrays["kind"][start:end] = [_CODES[name] for name in entries.kind]
        for column, names in (("camera", entries.camera), ("community", entries.community)):
            self._arrays[column][start:end] = [self._codes.setdefault(name, len(self._codes)) for name in names]
        self._alive[start:end] = True
        for position, text in enumerate(entries.attributes, start):
            if text != NO_LOOKS:
                self._note_looks(position, text)

    def _note_looks(self, position: int, text: str) -> None:
        for name, number in self._ledger.numbers(text):
            if name not in self._looks:
                self._looks[name] = np.zeros(len(self._alive), np.uint32)
            self._looks[name][position] = number

    def from_row(self, first_row: int) -> tuple["Columns", IntArray]:
        """Return living entries whose vectors lie at a row or behind it, as columns of their own, and their places."""
        kept = {row: place for row, place in self._position_of_row.items() if row >= first_row}
        places = np.array(list(kept.values()), np.int64)
        made = Columns()
        made.ids = [self.ids[place] for place in kept.values()]
        made._codes = dict(self._codes)
        made._position_of_row = dict(zip(kept, range(len(kept)), strict=True))
        made._arrays = {name: column[places] for name, column in self._arrays.items()}
        made._alive = self._alive[places]
        made._ledger = self._ledger.copy()
        made._looks = {name: numbers[places] for name, numbers in self._looks.items()}
        return made, places

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
