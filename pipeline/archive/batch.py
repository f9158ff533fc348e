"""Records that are stored together, and where: one record, or tens of thousands a second."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from models.embeddings import EmbeddingSpace
from pipeline.archive.layout import Layout, VectorName
from pipeline.archive.rows import sighting_row
from pipeline.archive.schema import sightings
from pipeline.sighting import Record

Sort = tuple[str, str, str, int]  # camera, community, kind, number of the space
ROWS_AT_ONCE = 100  # in one statement: faster than one by one, and other threads are waited for once in a hundred

_NAMES = tuple(f'"{column.name}"' for column in sightings.c)
_INTO = f"INTO sightings ({', '.join(_NAMES)}) VALUES"
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in _NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class VectorRun:
    """The places of the records of one space in a batch, and the first of the rows of its file that are theirs."""

    file: VectorName
    first_row: int
    members: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Records and where their parts go: pictures one after the other in one pack, vectors by space."""

    records: Sequence[Record]
    runs: Sequence[VectorRun]
    pack_id: int
    picture_at: Sequence[int]
    picture_bytes: Sequence[int]

    def spaces(self) -> list[int]:
        """Return the number of the space of each record."""
        numbers = [0] * len(self.records)
        for run in self.runs:
            for place in run.members:
                numbers[place] = run.file[0]
        return numbers

    def vector_rows(self) -> list[int]:
        """Return the row of its space's file that is for the vector of each record."""
        rows = [0] * len(self.records)
        for run in self.runs:
            for row, place in enumerate(run.members, run.first_row):
                rows[place] = row
        return rows

    def vectors(self, run: VectorRun) -> NDArray[np.float32]:
        """Return float32 (n, d) of one space."""
        return np.stack([self.records[place].vector for place in run.members])


def by_space(records: Sequence[Record]) -> dict[EmbeddingSpace, Sequence[int]]:
    """Return the places of the records of each space."""
    first = records[0].space if records else None
    if first is not None and all(record.space is first for record in records):  # almost always
        return {first: range(len(records))}
    members: dict[EmbeddingSpace, list[int]] = {}
    for place, record in enumerate(records):
        members.setdefault(record.space, []).append(place)
    return {space: tuple(places) for space, places in members.items()}


def write_files(layout: Layout, batch: Batch) -> None:
    """Put pictures and vectors where they go; durable on return; raises OSError."""
    layout.packs.write(batch.pack_id, batch.picture_at[0], [record.picture for record in batch.records])
    for run in batch.runs:
        vectors = batch.vectors(run)
        layout.vectors(run.file, vectors.shape[1]).write(run.first_row, vectors)


def insert_rows(connection: Connection, batch: Batch, change: int, *, replace: bool) -> Counter[Sort]:
    """Add the rows of a batch, in place of those with the same id with `replace`; return how many of each sort.

    Raises sqlite3.IntegrityError when one is known and not to be replaced; the transaction is undone then.
    """
    spaces = batch.spaces()
    places = zip(batch.records, spaces, batch.vector_rows(), batch.picture_at, batch.picture_bytes, strict=True)
    rows = [
        (*sighting_row(record.sighting, change), space, row, batch.pack_id, at, length, zlib.crc32(record.picture))
        for record, space, row, at, length in places
    ]
    for part in _parts(rows):
        connection.execute(_insert(len(part), replace=replace), tuple(chain.from_iterable(part)))
    added = zip((record.sighting for record in batch.records), spaces, strict=True)
    return Counter([(each.key.camera_id, each.community, str(each.kind), space) for each, space in added])


def _parts(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """Yield the rows in whole parts, and the rest one by one: a statement for every length would crowd the cache."""
    whole = len(rows) // ROWS_AT_ONCE * ROWS_AT_ONCE
    for start in range(0, whole, ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]
    for place in range(whole, len(rows)):
        yield rows[place : place + 1]


@cache
def _insert(rows: int, *, replace: bool) -> str:
    values = ", ".join([f"({', '.join('?' * len(_NAMES))})"] * rows)
    if replace:
        return f"INSERT {_INTO} {values} ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}"
    # A statement that may fail alone keeps copies of the pages it changes, which costs a third: let all fail with it.
    return f"INSERT OR ROLLBACK {_INTO} {values}"
