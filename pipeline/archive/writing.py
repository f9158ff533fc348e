"""Everything that changes an archive; only the process with the writer's lock has one.

Order of every append: pictures and vectors durable, then one commit of the rows. A kill before the commit leaves
files that no row names, and the next open removes them; after it, everything is there.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from models.embeddings import EmbeddingSpace
from pipeline.archive.layout import Layout, VectorName
from pipeline.archive.pictures import PictureName
from pipeline.archive.rows import row_of
from pipeline.archive.schema import IDS_AT_ONCE, removals, sightings, spaces, state, write
from pipeline.sighting import Record

_given = upsert(sightings)
STORE = _given.on_conflict_do_update(
    index_elements=["id"], set_={column.name: _given.excluded[column.name] for column in sightings.c}
)  # made once: building it costs more than running it


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stored revision of a sighting is."""

    id: str
    revision: int
    space_id: int
    vector_row: int


class Writer:
    """Appends and erases; not safe between threads, its owner holds a lock."""

    def __init__(
        self, engine: Engine, layout: Layout, erase_derived: Callable[[int, int, Sequence[int]], None]
    ) -> None:
        """`erase_derived` (space number, generation, vector rows) erases what was derived from vectors."""
        self._engine = engine
        self._layout = layout
        self._erase_derived = erase_derived

    def recover(self) -> None:
        """Undo what a killed writer left: torn vectors, orphaned pictures, unfinished erasures."""
        with self._engine.connect() as connection:
            clean = connection.execute(select(state.c.clean)).scalar_one()
            known = connection.execute(select(spaces)).all()
            names = set() if clean else _picture_names(connection)
        self._layout.sweep_vectors((space.id, space.generation) for space in known)
        for space in known:
            self._layout.vectors((space.id, space.generation), space.dim).recover(space.rows)
        if not clean:
            self._layout.pictures.sweep(names)
        self.erase_pending()
        self._mark(clean=False)

    def finish(self) -> None:
        """Note that nothing is left to undo."""
        self._mark(clean=True)

    def append(self, records: Sequence[Record]) -> None:
        """Store the records that are new or of a higher revision."""
        newest = _newest(records)
        with self._engine.connect() as connection:
            stored = _stored(connection, list(newest))
        news = [r for r in newest.values() if r.sighting.id not in stored or _is_newer(r, stored[r.sighting.id])]
        if not news:
            return
        names = [(r.sighting.id, r.sighting.revision) for r in news]
        try:
            pictures = [(name, record.picture) for name, record in zip(names, news, strict=True)]
            with ThreadPoolExecutor(1) as pool, write(self._engine) as connection:
                written = pool.submit(self._layout.pictures.write, pictures)  # the disk's waits beside the database's
                self._insert(connection, news, stored)
                written.result()
        except BaseException:
            self._drop_unnamed(names)
            raise
        replaced = [stored[sighting_id] for sighting_id, _ in names if sighting_id in stored]
        self._layout.pictures.remove((row.id, row.revision) for row in replaced)

    def forget(self, sighting_ids: Sequence[str]) -> int:
        """Delete rows, then erase their vectors and pictures."""
        with self._engine.connect() as connection:
            stored = _stored(connection, list(dict.fromkeys(sighting_ids)))
        if stored:
            with write(self._engine) as connection:
                _give_up(connection, stored.values(), next_change(connection))
                for part in _parts(list(stored)):
                    connection.execute(delete(sightings).where(sightings.c.id.in_(part)))
            self._layout.pictures.remove((row.id, row.revision) for row in stored.values())
            self.erase_pending()
        return len(stored)

    def older_than(self, before_ms: int) -> Sequence[str]:
        """Return the ids of sightings last seen before a time."""
        with self._engine.connect() as connection:
            return connection.scalars(select(sightings.c.id).where(sightings.c.last_seen_ms < before_ms)).all()

    def erase_pending(self) -> None:
        """Overwrite the vectors that rows gave up, and fold the log so that deleted rows leave it too."""
        with self._engine.connect() as connection:
            given_up = connection.execute(
                select(spaces.c.id, spaces.c.generation, spaces.c.dim, removals.c.vector_row)
                .join(removals)
                .where(removals.c.erased.is_(False))
            ).all()
        if not given_up:
            return
        for space_id, generation, dim in {tuple(row[:3]) for row in given_up}:
            rows = [row.vector_row for row in given_up if row.id == space_id]
            self._layout.vectors((space_id, generation), dim).erase(rows)
            self._erase_derived(space_id, generation, rows)
        with write(self._engine) as connection:
            connection.execute(update(removals).where(removals.c.erased.is_(False)).values(erased=True))
        with self._engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def _insert(self, connection: Connection, news: Sequence[Record], stored: dict[str, Place]) -> None:
        change = next_change(connection)
        _give_up(connection, [stored[r.sighting.id] for r in news if r.sighting.id in stored], change)
        for space in dict.fromkeys(record.space for record in news):
            members = [record for record in news if record.space == space]
            file, first_row = _allot(connection, space, len(members))
            self._layout.vectors(file, space.dim).write(first_row, np.stack([record.vector for record in members]))
            rows = [
                row_of(record.sighting) | {"changed": change, "space_id": file[0], "vector_row": vector_row}
                for vector_row, record in enumerate(members, first_row)
            ]
            connection.execute(STORE, rows)

    def _drop_unnamed(self, names: Sequence[PictureName]) -> None:
        """Remove the pictures of a failed append; an interrupt may have come just after the commit, so ask the rows."""
        with self._engine.connect() as connection:
            stored = _stored(connection, [sighting_id for sighting_id, _ in names])
        named = {(row.id, row.revision) for row in stored.values()}
        self._layout.pictures.remove(name for name in names if name not in named)

    def _mark(self, *, clean: bool) -> None:
        with write(self._engine) as connection:
            connection.execute(update(state).values(clean=clean))


def _newest(records: Iterable[Record]) -> dict[str, Record]:
    newest: dict[str, Record] = {}
    for record in records:
        held = newest.get(record.sighting.id)
        if held is None or record.sighting.revision > held.sighting.revision:
            newest[record.sighting.id] = record
    return newest


def _is_newer(record: Record, row: Place) -> bool:
    return record.sighting.revision > row.revision


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))


def _stored(connection: Connection, ids: Sequence[str]) -> dict[str, Place]:
    c = sightings.c
    chosen = select(c.id, c.revision, c.space_id, c.vector_row)
    places = (Place(*row) for part in _parts(ids) for row in connection.execute(chosen.where(c.id.in_(part))))
    return {place.id: place for place in places}


def _picture_names(connection: Connection) -> set[PictureName]:
    return {(row.id, row.revision) for row in connection.execute(select(sightings.c.id, sightings.c.revision))}


def next_change(connection: Connection) -> int:
    """Return the number of this transaction's change."""
    connection.execute(update(state).values(changed=state.c.changed + 1))
    change: int = connection.execute(select(state.c.changed)).scalar_one()
    return change


def _give_up(connection: Connection, rows: Iterable[Place], change: int) -> None:
    given = [
        {"space_id": row.space_id, "vector_row": row.vector_row, "changed": change, "erased": False} for row in rows
    ]
    if given:
        connection.execute(insert(removals), given)


def _allot(connection: Connection, space: EmbeddingSpace, count: int) -> tuple[VectorName, int]:
    """Return the space's vector file and the first of `count` rows in it that are the caller's from now on."""
    c = spaces.c
    where = (c.name == space.name) & (c.version == space.version) & (c.dim == space.dim)
    known = connection.execute(select(c.id, c.generation, c.rows).where(where)).one_or_none()
    if known is None:
        number = connection.execute(select(func.coalesce(func.max(c.id), 0))).scalar_one() + 1
        values = {"name": space.name, "version": space.version, "dim": space.dim, "generation": 0, "rows": count}
        connection.execute(insert(spaces).values(id=number, **values))
        return (number, 0), 0
    connection.execute(update(spaces).where(where).values(rows=known.rows + count))
    return (known.id, known.generation), known.rows
