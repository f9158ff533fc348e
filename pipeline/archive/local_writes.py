"""What changes the sightings of an archive in a folder, in the one process that may."""

import threading
from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert as upsert

from models.kinds import Kind
from pipeline.archive import schema
from pipeline.archive.commits import GroupCommit
from pipeline.archive.contract import ModelUse
from pipeline.archive.door import check_records
from pipeline.archive.failures import archive_errors
from pipeline.archive.layout import Layout
from pipeline.archive.local_search import LocalSearch
from pipeline.archive.pace import Pace
from pipeline.archive.schema import sightings
from pipeline.archive.segments.keeper import SegmentKeeper
from pipeline.archive.writing import Writer
from pipeline.errors import ArchiveError
from pipeline.sighting import Record

EXPIRE_AT_ONCE = 2_000
CATCH_UP_ROWS = 256  # a search indexes so many rows in a few ms, and appends one by one need not ask after each


class LocalWrites(LocalSearch):
    """The part of a LocalArchive that stores and erases; without `writable` all of it is refused."""

    def __init__(self, layout: Layout, engine: Engine, *, writable: bool, seal_rows: int, pack_bytes: int) -> None:
        super().__init__(layout, engine, writable=writable)
        self._writing = threading.Lock()
        self._pace = Pace()
        self._keeper = SegmentKeeper(engine, layout, self._derived, seal_rows=seal_rows, waits=self._sealing_waits)
        self._seal_rows = seal_rows
        self._behind = 0
        self._writer = Writer(engine, layout, self._keeper.erase, pack_bytes=pack_bytes) if writable else None
        self._commits = GroupCommit(self._store, self._writing)

    def append(self, records: Sequence[Record]) -> None:
        """Store records durably; raises ArchiveFull, ValueError."""
        check_records(records)
        with archive_errors(self._layout.folder):
            self._commits.append(records)

    def _store(self, records: Sequence[Record]) -> None:
        self._owner().append(records)
        self._pace.note(len(records))
        self._behind += len(records)
        if self._behind < min(CATCH_UP_ROWS, self._seal_rows):  # the next search, or this many, will do it in one go
            return
        self._behind = 0
        self._derived.catch_up()
        if self._derived.unsealed >= self._seal_rows:
            self._keeper.nudge()

    def _sealing_waits(self) -> bool:
        return self._pace.waits(self._derived.unsealed, self._seal_rows)

    def forget(self, sighting_ids: Sequence[str]) -> int:
        """Erase sightings with vector and picture; return how many; raises SightingHeld."""
        with archive_errors(self._layout.folder):
            with self._writing:
                gone = self._owner().forget(sighting_ids)
            self._after_erasing()
        return gone

    def expire(self, before_ms: int, *, kind: Kind | None = None, limit: int | None = None) -> int:
        """Erase the sightings last seen before a time (UTC epoch ms) that no case holds; return how many."""
        gone, rest = 0, EXPIRE_AT_ONCE
        with archive_errors(self._layout.folder):
            while rest == EXPIRE_AT_ONCE:  # in steps, so that appends get their turn
                asked = EXPIRE_AT_ONCE if limit is None else min(EXPIRE_AT_ONCE, limit - gone)
                old = self._oldest(before_ms, kind, asked)
                with self._writing:
                    rest = self._owner().forget_unheld(old)
                gone += rest
            self._after_erasing()
        return gone

    def _oldest(self, before_ms: int, kind: Kind | None, limit: int) -> Sequence[str]:
        c = sightings.c
        passing = [c.last_seen_ms < before_ms, c.id.not_in(select(schema.holds.c.sighting_id))]
        passing += [] if kind is None else [c.kind == kind.value]
        chosen = select(c.id).where(*passing).order_by(c.last_seen_ms, c.id).limit(limit)
        with self._reading() as connection:
            return connection.scalars(chosen).all()

    def _after_erasing(self) -> None:
        self._derived.catch_up()
        self._keeper.nudge()
        self._repack()

    def _repack(self, *, thorough: bool = False) -> None:
        """Give back the room of dead pictures, a pack at a time."""
        there_was_one = True
        while there_was_one:
            with self._writing:
                there_was_one = self._owner().repack(thorough=thorough)

    def record_model(self, use: ModelUse) -> None:
        """Note that a network is in use; a known one changes nothing."""
        values = {"role": use.role, "name": use.name, "version": use.version, "since_ms": use.since_ms}
        with archive_errors(self._layout.folder), self._writing:
            self._owner()
            with schema.write(self._engine) as connection:
                connection.execute(upsert(schema.models).values(values).on_conflict_do_nothing())

    def _owner(self) -> Writer:
        self._check_open()
        if self._writer is None:
            raise ArchiveError(f"the archive at {self._layout.folder} was opened for reading: open it for writing")
        return self._writer
