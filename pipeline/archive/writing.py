"""Everything that changes the sightings of an archive; only the process with the writer's lock has a Writer.

Order of every append: pictures and vectors into their files, then one commit of the rows. A kill before the commit
leaves bytes that no row names, and the next append or opening overwrites or cuts them; after it, everything is there.
"""

import itertools
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sqlalchemy import Connection, Engine, select, update

from pipeline.archive.erasing import EraseDerived, anything_given_up, erase_given_up
from pipeline.archive.layout import Layout
from pipeline.archive.packs import PACK_BYTES
from pipeline.archive.pictures import PictureName
from pipeline.archive.places import (
    Place,
    Placed,
    allot_extents,
    allot_rows,
    first_held,
    forget_rows,
    give_up,
    next_change,
    picture_files,
    sort_of,
    stored,
    tally,
    unheld,
)
from pipeline.archive.redo import SLOTS, SMALL_BYTES, RedoRing
from pipeline.archive.repacking import adopt_files, next_pack, repack
from pipeline.archive.rows import row_values
from pipeline.archive.schema import dial, packs, sightings, spaces, state, transaction, write
from pipeline.errors import SightingHeld
from pipeline.sighting import Record

_COLUMNS = [f'"{column.name}"' for column in sightings.c]
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
_ADD = f"INSERT INTO sightings ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_STORE = f"{_ADD} ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}"


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
        self._connection = dial(layout.database, writable=True)
        self._connection.execute("PRAGMA foreign_keys = OFF")  # it names only what it made itself: a third faster
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
        try:
            self._redo.settle()
            self._mark(clean=True)
        finally:
            self.close()

    def close(self) -> None:
        """Release thread and connection."""
        self._beside.shutdown()
        self._connection.close()

    def append(self, records: Sequence[Record]) -> None:
        """Store the records that are new or of a higher revision."""
        newest = _newest(records)
        if not newest:
            return
        replaced: list[Place] = []
        try:
            with transaction(self._connection):
                known = stored(self._connection, newest)
                news = [r for name, r in newest.items() if name not in known or _is_newer(r, known[name])]
                if news:
                    replaced = [known[r.sighting.id] for r in news if r.sighting.id in known]
                    self._insert(news, replaced)
        except BaseException:
            self._cut_unnamed()
            raise
        self._layout.pictures.remove(picture_files(replaced))

    def forget(self, sighting_ids: Iterable[str]) -> int:
        """Delete rows, then erase their vectors and pictures; raises SightingHeld."""
        wanted = list(dict.fromkeys(sighting_ids))
        with transaction(self._connection):
            held = first_held(self._connection, wanted)
            if held is not None:
                raise SightingHeld(*held)
            known = self._delete(wanted)
        return self._erased(known)

    def forget_unheld(self, sighting_ids: Sequence[str]) -> int:
        """The same, passing over what a case holds."""
        with transaction(self._connection):
            known = self._delete(unheld(self._connection, sighting_ids))
        return self._erased(known)

    def _delete(self, ids: Sequence[str]) -> Sequence[Place]:
        known = stored(self._connection, ids)
        places = list(known.values())
        if known:
            give_up(self._connection, places, next_change(self._connection))
            tally(self._connection, {}, Counter(place.sort for place in places))
            forget_rows(self._connection, known)
        return places

    def _erased(self, places: Sequence[Place]) -> int:
        self._layout.pictures.remove(picture_files(places))
        self.erase()
        return len(places)

    def erase(self) -> None:
        """Erase what rows gave up and was not erased yet."""
        if not anything_given_up(self._connection):
            return
        self._redo.settle()
        erase_given_up(self._engine, self._layout, self._erase_derived)

    def repack(self, *, thorough: bool = False) -> bool:
        """Give up one pack that is mostly dead, `thorough` one with anything dead; tell whether there was one."""
        pack_id = next_pack(self._connection, thorough=thorough, pack_bytes=self._pack_bytes)
        if pack_id is None:
            return False
        self._redo.settle()
        repack(self._connection, self._layout, pack_id, self._pack_bytes)
        return True

    def adopt_files(self, after: str) -> tuple[int, str]:
        """Move some pictures that are files of their own into packs; as in `repacking`."""
        return adopt_files(self._connection, self._layout, after, self._pack_bytes)

    def _insert(self, news: Sequence[Record], replaced: Sequence[Place]) -> None:
        change = next_change(self._connection)
        give_up(self._connection, replaced, change)
        placed = self._placed(news)
        small = len(news) <= SLOTS and sum(len(r.picture) + r.vector.nbytes for r in news) <= SMALL_BYTES
        if small:
            self._write_files(placed, sync=False)
            self._redo.note(self._connection, placed)
            waits = None
        else:  # the disk takes the files while the database takes the rows
            waits = self._beside.submit(self._write_files, placed, sync=True)
        try:
            store = _STORE if replaced else _ADD  # looking for what cannot be there costs a tenth
            self._connection.executemany(store, [_row(each, change) for each in placed])
            added = Counter(sort_of(each) for each in placed)
            tally(self._connection, added, Counter(place.sort for place in replaced))
        finally:
            if waits is not None:
                waits.result()

    def _placed(self, news: Sequence[Record]) -> list[Placed]:
        extents = allot_extents(self._connection, [len(record.picture) for record in news], self._pack_bytes)
        numbers = {}
        for space, count in Counter(record.space for record in news).items():
            file, first_row = allot_rows(self._connection, space, count)
            numbers[space] = (file, itertools.count(first_row))
        return [
            Placed(record, numbers[record.space][0], next(numbers[record.space][1]), extent)
            for record, extent in zip(news, extents, strict=True)
        ]

    def _write_files(self, placed: Sequence[Placed], *, sync: bool) -> None:
        first = placed[0].extent
        self._layout.packs.write(first.pack_id, first.at, [each.record.picture for each in placed], sync=sync)
        for file in dict.fromkeys(each.file for each in placed):
            members = [each for each in placed if each.file == file]
            vectors = np.stack([each.record.vector for each in members])
            self._layout.vectors(file, vectors.shape[1]).write(members[0].vector_row, vectors, sync=sync)

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


def _row(placed: Placed, change: int) -> tuple[object, ...]:
    extent, crc = placed.extent, zlib.crc32(placed.record.picture)
    place = (placed.file[0], placed.vector_row, extent.pack_id, extent.at, extent.length, crc)
    return (*row_values(placed.record.sighting, change), *place)


def _is_newer(record: Record, place: Place) -> bool:
    return record.sighting.revision > place.revision


def _picture_files(connection: Connection) -> set[PictureName]:
    c = sightings.c
    return {(row.id, row.revision) for row in connection.execute(select(c.id, c.revision).where(c.pack_id.is_(None)))}
