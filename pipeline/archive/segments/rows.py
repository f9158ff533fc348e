"""The columns of a segment's rows, in the order in which a segment keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from pipeline.archive.bulk_reads import columns_of
from pipeline.archive.look_columns import LookLedger, NumberArray
from pipeline.archive.rows import NO_LOOKS
from pipeline.archive.schema import sightings
from pipeline.archive.segments.details import DETAIL_COLUMNS, DetailArray, detail_rows
from pipeline.archive.segments.runs import RunName, Runs, Slots, key_of

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_AT_ONCE = 65_536
SLOTS = 32  # in a segment: of a month, a day or two cost little more than their share
SLOT_ROWS, LEAST_SLOT_ROWS = 32_768, 2_048


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRows:
    """Struct of arrays (n,): `ids` bytes, `run` an index into `names`; times are UTC epoch ms.

    `looks` has what was seen by attribute, as numbers of the `ledger`; `details` what else a hit shows, its sessions as
    numbers of `sessions`.
    """

    names: tuple[RunName, ...]
    ids: NDArray[np.bytes_]
    revision: IntArray
    vector_row: IntArray
    run: IntArray
    first_ms: IntArray
    last_ms: IntArray
    looks: Mapping[str, NumberArray]
    ledger: LookLedger
    details: DetailArray
    sessions: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, chosen: IntArray | BoolArray) -> Self:
        """Return some of the rows."""
        return type(self)(
            self.names,
            self.ids[chosen],
            self.revision[chosen],
            self.vector_row[chosen],
            self.run[chosen],
            self.first_ms[chosen],
            self.last_ms[chosen],
            {name: numbers[chosen] for name, numbers in self.looks.items()},
            self.ledger,
            self.details[chosen],
            self.sessions,
        )

    def in_order(self) -> tuple[Self, Runs]:
        """Return the rows by slot of time, run and time, and where the runs are; there is one row at least."""
        names = tuple(sorted(set(self.names)))
        code = {name: number for number, name in enumerate(names)}
        slot_rows = min(SLOT_ROWS, max(LEAST_SLOT_ROWS, -(-len(self) // SLOTS)))
        slot = np.empty(len(self), np.int64)
        slot[np.lexsort((self.vector_row, self.first_ms))] = np.arange(len(self)) // slot_rows
        run = np.array([code[name] for name in self.names], np.int64)[self.run] + slot * len(names)
        order = np.lexsort((self.vector_row, self.first_ms, run))
        rows, run = self.select(order), run[order]
        starts = np.flatnonzero(np.append(True, run[1:] > run[:-1]))
        numbers = run[starts] % len(names)
        rows = replace(rows, names=names, run=run % len(names))
        longest = np.maximum.reduceat(rows.last_ms - rows.first_ms, starts)
        base_ms = int(rows.first_ms.min())
        place = np.cumsum(np.append(False, run[1:] > run[:-1]))
        keys = key_of(place, rows.first_ms - base_ms)
        slots = _slots(run[starts] // len(names), starts, longest, rows.first_ms)
        return rows, Runs(names, numbers, np.append(starts, len(rows)), longest, base_ms, keys, slots)


def _slots(slot_of_run: IntArray, starts: IntArray, longest: IntArray, first_ms: IntArray) -> Slots:
    first = np.flatnonzero(np.append(True, slot_of_run[1:] > slot_of_run[:-1]))
    return Slots(
        np.append(first, len(starts)),
        np.minimum.reduceat(first_ms, starts[first]),
        np.maximum.reduceat(first_ms, starts[first]),
        np.maximum.reduceat(longest, first),
    )


def read_rows(connection: Connection, space_id: int, first_row: int, end_row: int) -> SegmentRows:
    """Return the rows of a space whose vectors are in [first_row, end_row) of its file."""
    c = sightings.c
    chosen = (
        select(c.id, c.revision, c.vector_row, c.first_seen_ms, c.last_seen_ms, c.kind, c.community, c.camera_id)
        .add_columns(c.attributes, c.session, *(c[name] for name in DETAIL_COLUMNS))
        .where(c.space_id == space_id)
        .order_by(c.vector_row)
    )
    runs: dict[RunName, int] = {}
    sessions: dict[str, int] = {}
    ledger = LookLedger()
    parts = []
    for start in range(first_row, end_row, _AT_ONCE):
        some = chosen.where(c.vector_row >= start, c.vector_row < min(start + _AT_ONCE, end_row))
        parts.append(_part(columns_of(connection, some), runs, sessions, ledger))
    return joined(parts, ledger, tuple(sessions))


def joined(parts: Sequence[SegmentRows], ledger: LookLedger, sessions: Sequence[str]) -> SegmentRows:
    """Return the rows of several parts as one."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    code = {name: number for number, name in enumerate(names)}
    runs = [np.array([code[name] for name in part.names], np.int64)[part.run] for part in parts if len(part)]
    parts = [part for part in parts if len(part)]
    if not parts:
        none = np.empty(0, np.int64)
        details = detail_rows((), [()] * len(DETAIL_COLUMNS), ())
        return SegmentRows((), np.empty(0, "S1"), none, none, none, none, none, {}, ledger, details, sessions)
    return SegmentRows(
        names,
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.revision for part in parts]),
        np.concatenate([part.vector_row for part in parts]),
        np.concatenate(runs),
        np.concatenate([part.first_ms for part in parts]),
        np.concatenate([part.last_ms for part in parts]),
        {
            name: np.concatenate([part.looks.get(name, np.zeros(len(part), np.uint32)) for part in parts])
            for name in dict.fromkeys(name for part in parts for name in part.looks)
        },
        ledger,
        np.concatenate([part.details for part in parts]),
        sessions,
    )


def _part(
    columns: Sequence[Sequence[Any]], runs: dict[RunName, int], sessions: dict[str, int], ledger: LookLedger
) -> SegmentRows:
    ids, revision, vector_row, first, last, kind, community, camera, attributes, session = columns[:10]
    run = [runs.setdefault(name, len(runs)) for name in zip(kind, community, camera, strict=True)]
    looks: dict[str, NDArray[np.uint32]] = {}
    for place, text in enumerate(attributes):
        for name, number in ledger.numbers(text) if text != NO_LOOKS else ():
            if name not in looks:
                looks[name] = np.zeros(len(ids), np.uint32)
            looks[name][place] = number
    return SegmentRows(
        tuple(runs),
        np.array(ids, np.bytes_),
        np.array(revision, np.int64),
        np.array(vector_row, np.int64),
        np.array(run, np.int64),
        np.array(first, np.int64),
        np.array(last, np.int64),
        looks,
        ledger,
        detail_rows([sessions.setdefault(name, len(sessions)) for name in session], columns[10:], attributes),
        (),
    )
