"""Erasing what rows gave up: vectors become zeros, pictures too, and packs that hold nothing any more go."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, delete, select, update

from pipeline.archive.layout import Layout
from pipeline.archive.packs import Extent
from pipeline.archive.schema import dial, freed, packs, removals, spaces, write

WAIT_FOR_READERS_MS = 500
EraseDerived = Callable[[int, int, Sequence[int]], None]  # space number, generation, vector rows


def anything_given_up(connection: sqlite3.Connection) -> bool:
    """Tell whether there is something to erase."""
    parts = ("removals WHERE erased IS 0", "freed", "packs WHERE live = 0")
    return any(connection.execute(f"SELECT 1 FROM {part} LIMIT 1").fetchone() for part in parts)  # noqa: S608


def erase_given_up(engine: Engine, layout: Layout, erase_derived: EraseDerived) -> None:
    """Erase everything that was given up and not erased yet; a kill half-way leaves the rest for the next call."""
    with engine.connect() as connection:
        vectors = connection.execute(
            select(spaces.c.id, spaces.c.generation, spaces.c.dim, removals.c.vector_row)
            .join(removals)
            .where(removals.c.erased.is_(False))
        ).all()
        pictures = connection.execute(select(freed)).all()
        empty = connection.scalars(select(packs.c.id).where(packs.c.live == 0)).all()
    if not (vectors or pictures or empty):
        return
    _erase_vectors(layout, vectors, erase_derived)
    _erase_pictures(layout, pictures, empty)
    with write(engine) as connection:
        connection.execute(update(removals).where(removals.c.erased.is_(False)).values(erased=True))
        connection.execute(delete(freed))
        connection.execute(delete(packs).where(packs.c.id.in_(empty)))
    layout.packs.remove(empty)
    _fold_log(layout)


def _fold_log(layout: Layout) -> None:
    """Let deleted rows leave the database's log, too; a reader in a long stride puts it off to the next time."""
    with closing(dial(layout.database, writable=True)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {WAIT_FOR_READERS_MS}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _erase_vectors(layout: Layout, given_up: Sequence[Sequence[Any]], erase_derived: EraseDerived) -> None:
    for space_id, generation, dim in {tuple(row[:3]) for row in given_up}:
        rows = [row[3] for row in given_up if row[0] == space_id]
        layout.vectors((space_id, generation), dim).erase(rows)
        erase_derived(space_id, generation, rows)


def _erase_pictures(layout: Layout, given_up: Sequence[Sequence[Any]], empty: Sequence[int]) -> None:
    """Overwrite; a pack that will be removed as a whole needs no zeros."""
    by_pack: dict[int, list[Extent]] = {}
    for pack_id, at, length in given_up:
        by_pack.setdefault(pack_id, []).append(Extent(pack_id, at, length))
    for pack_id, extents in by_pack.items():
        if pack_id not in empty and layout.packs.path(pack_id).exists():
            layout.packs.erase(pack_id, extents)
