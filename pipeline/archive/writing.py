"""Everything that changes the sightings of an archive; only the process with the writer's lock has a Writer.

Order of every append: pictures and vectors into their files, then one commit of the rows. A kill before the commit
leaves bytes that no row names, and the next append or opening overwrites or cuts them; after it, everything is there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from sqlite3 import IntegrityError

from sqlalchemy import Engine

from pipeline.archive.batch import insert_rows, write_files
from pipeline.archive.erasing import EraseDerived, anything_given_up, erase_given_up
from pipeline.archive.layout import Layout
from pipeline.archive.mending import cut_unnamed, mark, mend
from pipeline.archive.packs import PACK_BYTES
from pipeline.archive.places import (
    Place,
    allot,
    first_held,
    forget_rows,
    give_up,
    next_change,
    picture_files,
    stored,
    tally,
    unheld,
)
from pipeline.archive.redo import RedoRing, is_small
from pipeline.archive.repacking import adopt_files, next_pack, repack
from pipeline.archive.schema import dial, transaction
from pipeline.errors import SightingHeld
from pipeline.sighting import Record


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
        mend(self._engine, self._layout, self._redo)
        self.erase()
        mark(self._engine, clean=False)

    def finish(self) -> None:
        """Note that nothing is left to undo."""
        try:
            self._redo.settle()
            mark(self._engine, clean=True)
        finally:
            self.close()

    def close(self) -> None:
        """Release thread, files and connection."""
        self._beside.shutdown()
        self._redo.let_go()
        self._connection.close()

    def append(self, records: Sequence[Record]) -> None:
        """Store the records that are new or of a higher revision."""
        newest = _newest(records)
        if not newest:
            return
        try:
            replaced = () if self._added(newest) else self._renewed(newest)
        except BaseException:
            self._undo()
            raise
        self._layout.pictures.remove(picture_files(replaced))

    def _added(self, newest: Mapping[str, Record]) -> bool:
        """Store records that are new by all appearances; return False, and store none, when one was known."""
        if any(record.sighting.revision > 1 for record in newest.values()):
            return False
        try:
            with transaction(self._connection):
                self._insert(list(newest.values()), ())
        except IntegrityError:
            self._undo()
            return False
        return True

    def _renewed(self, newest: Mapping[str, Record]) -> Sequence[Place]:
        """Store what is new or newer; return the places that it takes over from."""
        with transaction(self._connection):
            known = stored(self._connection, newest)
            news = [r for name, r in newest.items() if name not in known or _is_newer(r, known[name])]
            replaced = [known[r.sighting.id] for r in news if r.sighting.id in known]
            if news:
                self._insert(news, replaced)
        return replaced

    def _undo(self) -> None:
        """Give back the bytes of an append that failed."""
        self._redo.let_go()
        cut_unnamed(self._engine, self._layout)

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
        batch = allot(self._connection, news, self._pack_bytes)
        waits = None
        if is_small(batch):
            self._redo.store(self._connection, batch)
        else:  # the disk takes the files while the database takes the rows
            waits = self._beside.submit(write_files, self._layout, batch)
        try:
            added = insert_rows(self._connection, batch, change, replace=bool(replaced))
            tally(self._connection, added, Counter(place.sort for place in replaced))
        finally:
            if waits is not None:
                waits.result()


def _newest(records: Sequence[Record]) -> dict[str, Record]:
    newest = {record.sighting.id: record for record in records}
    if len(newest) == len(records):  # almost always
        return newest
    newest = {}
    for record in records:
        held = newest.get(record.sighting.id)
        if held is None or record.sighting.revision > held.sighting.revision:
            newest[record.sighting.id] = record
    return newest


def _is_newer(record: Record, place: Place) -> bool:
    return record.sighting.revision > place.revision
