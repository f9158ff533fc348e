"""Where rows, vectors and pictures lie, and the numbers that are given to new ones; part of a writer's transaction.

All on a connection of the driver's own, in text: on this path SQLAlchemy's work would cost more than the database's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from sqlite3 import Connection
from typing import Any

from models.embeddings import EmbeddingSpace
from pipeline.archive.batch import Batch, Sort, VectorRun, by_space
from pipeline.archive.layout import VectorName
from pipeline.archive.packs import Extent
from pipeline.sighting import Record

_IDS = "(SELECT value FROM json_each(?))"
_PLACE = "id, revision, space_id, vector_row, pack_id, picture_at, picture_bytes, camera_id, community, kind"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stored revision of a sighting is; no `extent`: its picture is a file of its own."""

    id: str
    revision: int
    space_id: int
    vector_row: int
    extent: Extent | None
    sort: Sort


def stored(connection: Connection, ids: Iterable[str]) -> dict[str, Place]:
    """Return the places of those ids that are known."""
    rows = connection.execute(f"SELECT {_PLACE} FROM sightings WHERE id IN {_IDS}", (json.dumps(list(ids)),))  # noqa: S608
    return {row[0]: _place(row) for row in rows}


def next_change(connection: Connection) -> int:
    """Return the number of this transaction's change."""
    connection.execute("UPDATE state SET changed = changed + 1")  # RETURNING would cost more than a second statement
    (number,) = connection.execute("SELECT changed FROM state").fetchone()
    return int(number)


def allot(connection: Connection, records: Sequence[Record], pack_bytes: int) -> Batch:
    """Return the records (at least one) with places that are theirs from now on."""
    lengths = [len(record.picture) for record in records]
    pack_id, starts = allot_pictures(connection, lengths, pack_bytes)
    runs = []
    for space, members in by_space(records).items():
        file, first_row = allot_rows(connection, space, len(members))
        runs.append(VectorRun(file, first_row, members))
    return Batch(records, runs, pack_id, starts, lengths)


def allot_rows(connection: Connection, space: EmbeddingSpace, count: int) -> tuple[VectorName, int]:
    """Return the space's vector file and the first of `count` rows in it that are the caller's from now on."""
    named = (space.name, space.version, space.dim)
    known = connection.execute(
        "SELECT id, generation, rows FROM spaces WHERE name = ? AND version = ? AND dim = ?", named
    ).fetchone()
    if known is not None:
        number, generation, rows = known
        connection.execute("UPDATE spaces SET rows = ? WHERE id = ?", (rows + count, number))
        return (number, generation), rows
    (number,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM spaces").fetchone()
    connection.execute(
        "INSERT INTO spaces (id, name, version, dim, generation, rows) VALUES (?, ?, ?, ?, 0, ?)",
        (number, *named, count),
    )
    return (number, 0), 0


def allot_pictures(connection: Connection, lengths: Sequence[int], pack_bytes: int) -> tuple[int, list[int]]:
    """Return where pictures of these lengths go, one after the other: the newest pack, or a new one, and offsets."""
    newest = connection.execute("SELECT id, bytes FROM packs ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None or newest[1] >= pack_bytes:
        newest = (begin_pack(connection), 0)
    pack_id, at = newest
    *starts, end = accumulate(lengths, initial=at)
    total = end - at
    connection.execute("UPDATE packs SET bytes = bytes + ?, live = live + ? WHERE id = ?", (total, total, pack_id))
    return pack_id, starts


def begin_pack(connection: Connection) -> int:
    """Begin a new pack and return its number."""
    (number,) = connection.execute("INSERT INTO packs (bytes, live) VALUES (0, 0) RETURNING id").fetchone()
    return int(number)


def give_up(connection: Connection, places: Sequence[Place], change: int) -> None:
    """Note vectors and pictures that no row will name any more, so that they are erased even after a kill."""
    if not places:
        return
    connection.executemany(
        "INSERT INTO removals (space_id, vector_row, changed, erased) VALUES (?, ?, ?, 0)",
        [(place.space_id, place.vector_row, change) for place in places],
    )
    free(connection, [place.extent for place in places if place.extent is not None])


def free(connection: Connection, extents: Sequence[Extent]) -> None:
    """Give up extents of packs."""
    if not extents:
        return
    connection.executemany(
        "INSERT INTO freed (pack_id, picture_at, picture_bytes) VALUES (?, ?, ?)",
        [(extent.pack_id, extent.at, extent.length) for extent in extents],
    )
    totals: dict[int, int] = {}
    for extent in extents:
        totals[extent.pack_id] = totals.get(extent.pack_id, 0) + extent.length
    connection.executemany(
        "UPDATE packs SET live = live - ? WHERE id = ?", [(total, pack_id) for pack_id, total in totals.items()]
    )


def first_held(connection: Connection, ids: Iterable[str]) -> tuple[str, str] | None:
    """Return one of these ids that a case holds, and the case."""
    chosen = f"SELECT sighting_id, case_id FROM holds WHERE sighting_id IN {_IDS} LIMIT 1"  # noqa: S608
    found = connection.execute(chosen, (json.dumps(list(ids)),)).fetchone()
    return None if found is None else (found[0], found[1])


def unheld(connection: Connection, ids: Iterable[str]) -> list[str]:
    """Return those of the ids that no case holds."""
    chosen = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT sighting_id FROM holds)"
    return [row[0] for row in connection.execute(chosen, (json.dumps(list(ids)),))]


def forget_rows(connection: Connection, ids: Iterable[str]) -> None:
    """Delete rows."""
    connection.execute(f"DELETE FROM sightings WHERE id IN {_IDS}", (json.dumps(list(ids)),))  # noqa: S608


def tally(connection: Connection, added: Mapping[Sort, int], gone: Mapping[Sort, int]) -> None:
    """Count sightings that came and went."""
    counts = dict(added)
    for sort, number in gone.items():
        counts[sort] = counts.get(sort, 0) - number
    changes = [(*sort, count) for sort, count in counts.items() if count]
    connection.executemany(
        "INSERT INTO tallies VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET sightings = sightings + excluded.sightings",
        changes,
    )
    if any(change[-1] < 0 for change in changes):
        connection.execute("DELETE FROM tallies WHERE sightings = 0")


def picture_files(places: Iterable[Place]) -> list[tuple[str, int]]:
    """Return the names of those pictures that are files of their own."""
    return [(place.id, place.revision) for place in places if place.extent is None]


def _place(row: Sequence[Any]) -> Place:
    name, revision, space_id, vector_row, pack_id, at, length, camera, community, kind = row
    extent = None if pack_id is None else Extent(pack_id, at, length)
    return Place(name, revision, space_id, vector_row, extent, (camera, community, kind, space_id))
