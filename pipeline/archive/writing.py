"""Everything that changes the sightings of an archive; only the process with the writer's lock has a Writer.

Order of every append: pictures and vectors into their files, then one commit of the rows. A kill before the commit
leaves bytes that no row names, and the next append or opening overwrites or cuts them; after it, everything is there.
"""

import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from sqlalchemy import Connection, Engine, select, update

from pipeline.archive.erasing import EraseDerived, erase_given_up
from pipeline.archive.layout import Layout
from pipeline.archive.packs import PACK_BYTES, Extent
from pipeline.archive.pictures import PictureName
from pipeline.archive.places import (
    Place,
    allot_extents,
    allot_rows,
    forget_rows,
    give_up,
    next_change,
    picture_files,
    stored,
)
from pipeline.archive.redo import SLOTS, SMALL_BYTES, RedoRing, Written
from pipeline.archive.rows import row_values
from pipeline.archive.schema import packs, sightings, spaces, state, write
from pipeline.sighting import Record

_COLUMNS = [f'"{column.name}"' for column in sightings.c]
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
_STORE = (
    f"INSERT INTO sightings ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}"
)


class Writer:
    """Appends and erases; not safe between threads, its owner holds a lock."""

    def __init__(
        self, engine: Engine, layout: Layout, erase_derived: EraseDerived, *, pack_bytes: int = PACK_BYTES
    ) -> None:
        """`erase_derived` (space number, generation, vector rows) erases what was derived from vectors."""
        self._engine = engine
        self._layout = layout
        self._erase_derived = erase_derived
        self._pack_bytes = pack_bytes
        self._redo = RedoRing(engine, layout)
        self._beside = ThreadPoolExecutor(1, "pictures")

    def recover(self) -> None:
        """Undo what a killed writer left: torn vectors and pictures, orphaned files, unfinished erasures."""
        with self._engine.connect() as connection:
            clean = connection.execute(select(state.c.clean)).scalar_one()
            known = connection.execute(select(spaces)).all()
            kept = connection.execute(select(packs)).all()
            files = set() if clean else _picture_files(connection)
        self._layout.sweep_vectors((space.id, space.generation) for space in known)
        self._layout.packs.sweep(pack.id for pack in kept)
        self._redo.replay()
        for space in known:
            self._layout.vectors((space.id, space.generation), space.dim).recover(space.rows)
        for pack in kept:
            self._layout.packs.cut(pack.id, pack.bytes)
        if not clean:
            self._layout.pictures.sweep(files)
        self.erase()
        self._mark(clean=False)

    def finish(self) -> None:
        """Note that nothing is left to undo."""
        self._beside.shutdown()
        self._redo.settle()
        self._mark(clean=True)

    def append(self, records: Sequence[Record]) -> None:
        """Store the records that are new or of a higher revision."""
        newest = _newest(records)
        if not newest:
            return
        replaced: list[Place] = []
        try:
            with write(self._engine) as connection:
                known = stored(connection, newest)
                news = [r for name, r in newest.items() if name not in known or _is_newer(r, known[name])]
                if news:
                    replaced = [known[r.sighting.id] for r in news if r.sighting.id in known]
                    self._insert(connection, news, replaced)
        except BaseException:
            self._cut_unnamed()
            raise
        self._layout.pictures.remove(picture_files(replaced))

    def forget(self, sighting_ids: Iterable[str]) -> int:
        """Delete rows, then erase their vectors and pictures."""
        with write(self._engine) as connection:
            known = stored(connection, dict.fromkeys(sighting_ids))
            if known:
                give_up(connection, list(known.values()), next_change(connection))
                forget_rows(connection, known)
        self._layout.pictures.remove(picture_files(known.values()))
        if known:
            self.erase()
        return len(known)

    def older_than(self, before_ms: int) -> Sequence[str]:
        """Return the ids of sightings last seen before a time."""
        with self._engine.connect() as connection:
            return connection.scalars(select(sightings.c.id).where(sightings.c.last_seen_ms < before_ms)).all()

    def erase(self) -> None:
        """Erase what rows gave up and was not erased yet."""
        self._redo.settle()
        erase_given_up(self._engine, self._layout, self._erase_derived)

    def _insert(self, connection: Connection, news: Sequence[Record], replaced: Sequence[Place]) -> None:
        change = next_change(connection)
        give_up(connection, replaced, change)
        pictures = [record.picture for record in news]
        extents = allot_extents(connection, [len(picture) for picture in pictures], self._pack_bytes)
        small = len(news) <= SLOTS and sum(len(r.picture) + r.vector.nbytes for r in news) <= SMALL_BYTES
        waits = None if small else self._write_beside(extents[0], pictures)
        try:
            written = self._store(connection, news, extents, change, sync=not small)
            if small:
                self._layout.packs.write(extents[0].pack_id, extents[0].at, pictures, sync=False)
                self._redo.note(connection, written)
        finally:
            if waits is not None:
                waits.result()

    def _write_beside(self, first: Extent, pictures: Sequence[bytes]) -> "Future[None]":
        """Let the disk take the pictures while the database takes the rows."""
        return self._beside.submit(self._layout.packs.write, first.pack_id, first.at, pictures)

    def _store(
        self, connection: Connection, news: Sequence[Record], extents: Sequence[Extent], change: int, *, sync: bool
    ) -> list[Written]:
        written: list[Written] = []
        for space in dict.fromkeys(record.space for record in news):
            members = [(r, extent) for r, extent in zip(news, extents, strict=True) if r.space == space]
            file, first_row = allot_rows(connection, space, len(members))
            vectors = np.stack([record.vector for record, _ in members])
            self._layout.vectors(file, space.dim).write(first_row, vectors, sync=sync)
            rows = []
            for vector_row, (record, extent) in enumerate(members, first_row):
                place = (file[0], vector_row, extent.pack_id, extent.at, extent.length, zlib.crc32(record.picture))
                rows.append((*row_values(record.sighting, change), *place))
                if not sync:
                    written.append(Written(file, vector_row, record.vector, extent, record.picture))
            connection.exec_driver_sql(_STORE, rows)
        return written

    def _cut_unnamed(self) -> None:
        """Give back the bytes of a failed append; an interrupt may have come just after the commit: ask the rows."""
        with self._engine.connect() as connection:
            kept = connection.execute(select(packs).order_by(packs.c.id)).all()
            known = connection.execute(select(spaces)).all()
        self._layout.packs.sweep(pack.id for pack in kept)
        for pack in kept[-1:]:
            self._layout.packs.cut(pack.id, pack.bytes)
        for space in known:
            self._layout.vectors((space.id, space.generation), space.dim).cut(space.rows)

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


def _is_newer(record: Record, place: Place) -> bool:
    return record.sighting.revision > place.revision


def _picture_files(connection: Connection) -> set[PictureName]:
    c = sightings.c
    return {(row.id, row.revision) for row in connection.execute(select(c.id, c.revision).where(c.pack_id.is_(None)))}
