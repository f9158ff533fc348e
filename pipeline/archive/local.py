"""The archive in one folder: SQLite for rows, FAISS over an append-only file for vectors, pictures in packs."""

from contextlib import suppress
from types import TracebackType
from typing import Self

from filelock import FileLock
from sqlalchemy import Engine, func, select

from pipeline.archive.compaction import compact
from pipeline.archive.failures import archive_errors
from pipeline.archive.layout import Layout
from pipeline.archive.local_journal import LocalJournal
from pipeline.archive.local_writes import LocalWrites
from pipeline.archive.packs import PACK_BYTES
from pipeline.archive.picture_checks import Report
from pipeline.archive.schema import sightings
from pipeline.archive.segments.policy import SEAL_ROWS
from pipeline.archive.upkeep import ArchiveStats, silent, stats_of, verify
from pipeline.errors import ArchiveFull, SegmentDamaged


class LocalArchive(LocalWrites):
    """An Archive in one folder; made by `open_archive`. Without `lock` it only reads (and writes the search log).

    What it is made of: the log and the cases (`books`), reading (`local_reads`), searching (`local_search`), storing
    and erasing (`local_writes`); here are its opening, its upkeep and its end.
    """

    def __init__(
        self,
        layout: Layout,
        engine: Engine,
        lock: FileLock | None,
        *,
        seal_rows: int = SEAL_ROWS,
        pack_bytes: int = PACK_BYTES,
    ) -> None:
        super().__init__(layout, engine, writable=lock is not None, seal_rows=seal_rows, pack_bytes=pack_bytes)
        self._file_lock = lock
        self.journal = LocalJournal(engine, layout.folder)

    def start(self) -> Self:
        """Mend what a killed writer left and build the indexes; part of opening."""
        try:
            return self._start()
        except BaseException:
            self._reads.close()
            if self._writer is not None:
                self._writer.close()
            raise

    def _start(self) -> Self:
        with archive_errors(self._layout.folder):
            if self._writer is None:
                self._derived.catch_up()
                return self
            self._writer.recover()
        with suppress(ArchiveFull), archive_errors(self._layout.folder):  # no room to save room: another time
            compact(self._engine, self._layout)
            self._keeper.recover()
            self._keeper.work()  # what is due now would only fill the memory first
            self._repack()
        with archive_errors(self._layout.folder):
            try:
                self._derived.catch_up()
            except SegmentDamaged:
                self._keeper.discard()
                self._keeper.work()
                self._derived.catch_up()
        self._keeper.start()
        return self

    def seal(self, report: Report = silent) -> None:
        """Seal every row and merge segments as far as can be, now; searches go on meanwhile."""
        with archive_errors(self._layout.folder):
            self._owner()
            self._keeper.work(thorough=True, report=report)
            self._derived.catch_up()

    def rebuild(self) -> None:
        """Build all segments anew from rows and vector files."""
        with archive_errors(self._layout.folder), self._writing:
            self._owner()
            self._keeper.discard()
            self._keeper.work(thorough=True)
            self._derived.catch_up()

    def compact(self, report: Report = silent) -> None:
        """Seal every row, give back the room of dead pictures, move what older formats keep in files into packs."""
        report("segments", 0, 1)
        self.seal()
        report("segments", 1, 1)
        with archive_errors(self._layout.folder):
            self._adopt_files(report)
            self._repack(thorough=True)

    def _adopt_files(self, report: Report) -> None:
        with self._reading() as connection:
            count: int = connection.execute(select(func.count()).where(sightings.c.pack_id.is_(None))).scalar_one()
        done, last, moved = 0, "", 1
        while count and moved:
            with self._writing:
                moved, last = self._owner().adopt_files(last)
            done += moved
            report("pictures", done, count)

    def verify(self, *, thorough: bool = False, report: Report = silent) -> list[str]:
        """Return what is wrong, a sentence each: rows, vectors, pictures and segments against each other.

        `thorough` reads every picture, otherwise a sample; `report` gets (what, how far, of how many). What another
        process erases or moves meanwhile is no fault: only what a second look finds again is told.
        """
        self._check_open()
        with archive_errors(self._layout.folder):
            self._derived.catch_up()
            faults = verify(self._engine, self._layout, thorough=thorough, report=report)
            if not faults:
                return []
            again = set(verify(self._engine, self._layout, thorough=thorough, report=report))
            return [fault for fault in faults if fault in again]

    def stats(self) -> ArchiveStats:
        """Return how much there is and where."""
        with archive_errors(self._layout.folder):
            self._derived.catch_up()
            return stats_of(self._engine, self._layout, self._derived)

    def close(self) -> None:
        """Release files and the writer's lock; a second call does nothing."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            self._keeper.stop()
            try:
                with archive_errors(self._layout.folder):
                    if self._writer is not None:
                        self._writer.finish()
            except ArchiveFull:
                pass  # without the mark the next opening looks for leftovers, that is all
            finally:
                self._reads.close()
                self._engine.dispose()
                if self._file_lock is not None:
                    self._file_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
