"""The columns of a segment's rows, in the order in which a segment keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from pipeline.archive.look_columns import LookLedger, NumberArray
from pipeline.archive.schema import sightings
from pipeline.archive.segments.runs import RunName, Runs, key_of

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRows:
    """Struct of arrays (n,): `ids` bytes, `run` an index into `names`; times are UTC epoch ms.

    `looks` has what was seen by attribute, as numbers of the `ledger`.
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
        )

    def in_order(self) -> tuple[Self, Runs]:
        """Return the rows by run and time, and where the runs are."""
        names = tuple(sorted(set(self.names)))
        code = {name: number for number, name in enumerate(names)}
        place = np.array([code[name] for name in self.names], np.int64)
        run = place[self.run] if len(self) else self.run
        rows = replace(self, names=names, run=run).select(np.lexsort((self.vector_row, self.first_ms, run)))
        starts = np.searchsorted(rows.run, np.arange(len(names) + 1)).astype(np.int64)
        longest = np.zeros(len(names), np.int64)
        np.maximum.at(longest, rows.run, rows.last_ms - rows.first_ms)
        base_ms = int(self.first_ms.min()) if len(self) else 0
        return rows, Runs(names, starts, longest, base_ms, key_of(rows.run, rows.first_ms - base_ms))


def read_rows(connection: Connection, space_id: int, first_row: int, end_row: int) -> SegmentRows:
    """Return the rows of a space whose vectors are in [first_row, end_row) of its file."""
    c = sightings.c
    chosen = (
        select(c.id, c.revision, c.vector_row, c.first_seen_ms, c.last_seen_ms, c.kind, c.community, c.camera_id)
        .add_columns(c.attributes)
        .where(c.space_id == space_id, c.vector_row >= first_row, c.vector_row < end_row)
        .order_by(c.vector_row)
        .execution_options(yield_per=_AT_ONCE)
    )
    runs: dict[RunName, int] = {}
    ledger = LookLedger()
    return joined([_part(part, runs, ledger) for part in connection.execute(chosen).partitions()], ledger)


def joined(parts: Sequence[SegmentRows], ledger: LookLedger) -> SegmentRows:
    """Return the rows of several parts as one."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    code = {name: number for number, name in enumerate(names)}
    runs = [np.array([code[name] for name in part.names], np.int64)[part.run] for part in parts if len(part)]
    parts = [part for part in parts if len(part)]
    if not parts:
        none = np.empty(0, np.int64)
        return SegmentRows((), np.empty(0, "S1"), none, none, none, none, none, {}, ledger)
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
    )


def _part(rows: Sequence[Any], runs: dict[RunName, int], ledger: LookLedger) -> SegmentRows:
    ids, revision, vector_row, first, last, kind, community, camera, attributes = zip(*rows, strict=True)
    run = [runs.setdefault(name, len(runs)) for name in zip(kind, community, camera, strict=True)]
    looks: dict[str, NDArray[np.uint32]] = {}
    for place, text in enumerate(attributes):
        for name, number in ledger.numbers(text):
            if name not in looks:
                looks[name] = np.zeros(len(rows), np.uint32)
            looks[name][place] = number
    return SegmentRows(
        tuple(runs),
        np.array([text.encode() for text in ids]),
        np.array(revision, np.int64),
        np.array(vector_row, np.int64),
        np.array(run, np.int64),
        np.array(first, np.int64),
        np.array(last, np.int64),
        looks,
        ledger,
    )
