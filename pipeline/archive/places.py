"""Where rows, vectors and pictures lie, and the numbers that are given to new ones; part of a writer's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from models.embeddings import EmbeddingSpace
from pipeline.archive.layout import VectorName
from pipeline.archive.packs import Extent

# Statements as text: on this path SQLAlchemy's own work would cost more than the database's.
_IDS = "(SELECT value FROM json_each(?))"
_PLACE = "id, revision, space_id, vector_row, pack_id, picture_at, picture_bytes"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stored revision of a sighting is; no `extent`: its picture is a file of its own."""

    id: str
    revision: int
    space_id: int
    vector_row: int
    extent: Extent | None


def stored(connection: Connection, ids: Iterable[str]) -> dict[str, Place]:
    """Return the places of those ids that are known."""
    rows = connection.exec_driver_sql(f"SELECT {_PLACE} FROM sightings WHERE id IN {_IDS}", (json.dumps(list(ids)),))  # noqa: S608
    return {place.id: place for place in map(_place, rows)}


def next_change(connection: Connection) -> int:
    """Return the number of this transaction's change."""
    counted = connection.exec_driver_sql("UPDATE state SET changed = changed + 1 RETURNING changed")
    number: int = counted.scalar_one()
    return number


def allot_rows(connection: Connection, space: EmbeddingSpace, count: int) -> tuple[VectorName, int]:
    """Return the space's vector file and the first of `count` rows in it that are the caller's from now on."""
    named = (space.name, space.version, space.dim)
    known = connection.exec_driver_sql(
        "UPDATE spaces SET rows = rows + ? WHERE name = ? AND version = ? AND dim = ? RETURNING id, generation, rows",
        (count, *named),
    ).one_or_none()
    if known is not None:
        return (known.id, known.generation), known.rows - count
    number = connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM spaces").scalar_one()
    connection.exec_driver_sql(
        "INSERT INTO spaces (id, name, version, dim, generation, rows) VALUES (?, ?, ?, ?, 0, ?)",
        (number, *named, count),
    )
    return (number, 0), 0


def allot_extents(connection: Connection, lengths: Sequence[int], pack_bytes: int) -> list[Extent]:
    """Return where pictures of these lengths go: one after the other in the newest pack, or in a new one."""
    newest = connection.exec_driver_sql("SELECT id, bytes FROM packs ORDER BY id DESC LIMIT 1").one_or_none()
    if newest is None or newest.bytes >= pack_bytes:
        begun = connection.exec_driver_sql("INSERT INTO packs (bytes, live) VALUES (0, 0) RETURNING id, bytes")
        newest = begun.one()
    pack_id, at = newest
    total = sum(lengths)
    connection.exec_driver_sql(
        "UPDATE packs SET bytes = bytes + ?, live = live + ? WHERE id = ?", (total, total, pack_id)
    )
    extents = []
    for length in lengths:
        extents.append(Extent(pack_id, at, length))
        at += length
    return extents


def give_up(connection: Connection, places: Sequence[Place], change: int) -> None:
    """Note vectors and pictures that no row will name any more, so that they are erased even after a kill."""
    if not places:
        return
    connection.exec_driver_sql(
        "INSERT INTO removals (space_id, vector_row, changed, erased) VALUES (?, ?, ?, 0)",
        [(place.space_id, place.vector_row, change) for place in places],
    )
    free(connection, [place.extent for place in places if place.extent is not None])


def free(connection: Connection, extents: Sequence[Extent]) -> None:
    """Give up extents of packs."""
    if not extents:
        return
    connection.exec_driver_sql(
        "INSERT INTO freed (pack_id, picture_at, picture_bytes) VALUES (?, ?, ?)",
        [(extent.pack_id, extent.at, extent.length) for extent in extents],
    )
    totals: dict[int, int] = {}
    for extent in extents:
        totals[extent.pack_id] = totals.get(extent.pack_id, 0) + extent.length
    connection.exec_driver_sql(
        "UPDATE packs SET live = live - ? WHERE id = ?", [(total, pack_id) for pack_id, total in totals.items()]
    )


def forget_rows(connection: Connection, ids: Iterable[str]) -> None:
    """Delete rows."""
    connection.exec_driver_sql(f"DELETE FROM sightings WHERE id IN {_IDS}", (json.dumps(list(ids)),))  # noqa: S608


def picture_files(places: Iterable[Place]) -> list[tuple[str, int]]:
    """Return the names of those pictures that are files of their own."""
    return [(place.id, place.revision) for place in places if place.extent is None]


def _place(row: Sequence[Any]) -> Place:
    pack_id, at, length = row[4:7]
    return Place(row[0], row[1], row[2], row[3], None if pack_id is None else Extent(pack_id, at, length))
