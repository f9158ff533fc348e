"""The archive in one folder: SQLite for rows, FAISS over an append-only file for vectors, pictures in packs."""

import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import schema
from pipeline.archive.books import LocalBooks
from pipeline.archive.changes import changes_since, newest_change
from pipeline.archive.commits import GroupCommit
from pipeline.archive.compaction import compact
from pipeline.archive.contract import (
    Changes,
    Cursor,
    Hit,
    ModelUse,
    Query,
    SightingFilter,
)
from pipeline.archive.derived import DerivedIndexes
from pipeline.archive.door import check_records, check_space
from pipeline.archive.failures import archive_errors
from pipeline.archive.layout import Layout
from pipeline.archive.local_journal import LocalJournal
from pipeline.archive.looks import Looks, judged, look_score
from pipeline.archive.making import made
from pipeline.archive.pace import Pace
from pipeline.archive.packs import PACK_BYTES, PictureTorn
from pipeline.archive.picture_checks import Report
from pipeline.archive.picture_rows import PICTURE_OF, picture_of
from pipeline.archive.quick_reads import QuickReads
from pipeline.archive.ranking import Candidate, LookCandidate, exact_scores, rows_known
from pipeline.archive.reading import neighbours_of, vectors_of
from pipeline.archive.rows import behind, conditions, sighting_of
from pipeline.archive.schema import sightings, spaces, tallies
from pipeline.archive.segments.keeper import SegmentKeeper
from pipeline.archive.segments.policy import SEAL_ROWS
from pipeline.archive.upkeep import ArchiveStats, silent, stats_of, verify
from pipeline.archive.writing import Writer
from pipeline.errors import ArchiveDamaged, ArchiveError, ArchiveFull, SegmentDamaged, UnknownSighting
from pipeline.sighting import Record, Sighting

EXPIRE_AT_ONCE = 2_000
CATCH_UP_ROWS = 256  # a search indexes so many rows in a few ms, and appends one by one need not ask after each
ATTEMPTS = 5  # a row that changes between two reads is read again; five times in a row is no coincidence


class LocalArchive(LocalBooks):
    """An Archive in one folder; made by `open_archive`. Without `lock` it only reads (and writes the search log)."""

    def __init__(
        self,
        layout: Layout,
        engine: Engine,
        lock: FileLock | None,
        *,
        seal_rows: int = SEAL_ROWS,
        pack_bytes: int = PACK_BYTES,
    ) -> None:
        super().__init__(layout, engine, writable=lock is not None)
        self._file_lock = lock
        self._writing = threading.Lock()
        self._reads = QuickReads(layout.database)
        self._derived = DerivedIndexes(engine, layout, self._reads)
        self._pace = Pace()
        self._keeper = SegmentKeeper(engine, layout, self._derived, seal_rows=seal_rows, waits=self._sealing_waits)
        self._seal_rows = seal_rows
        self._behind = 0
        self._writer = Writer(engine, layout, self._keeper.erase, pack_bytes=pack_bytes) if lock is not None else None
        self._commits = GroupCommit(self._store, self._writing)
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

    def get(self, sighting_id: str) -> Sighting:
        """Return one sighting; raises UnknownSighting."""
        with self._reading() as connection:
            row = connection.execute(select(sightings).where(sightings.c.id == sighting_id)).one_or_none()
        if row is None:
            raise UnknownSighting(sighting_id)
        return sighting_of(row)

    def picture(self, sighting_id: str) -> bytes:
        """Return the JPEG of a sighting; raises UnknownSighting, ArchiveDamaged when it is gone or not what it was."""
        for _ in range(ATTEMPTS):
            with self._reading() as connection:
                row = connection.execute(PICTURE_OF, {"id": sighting_id}).one_or_none()
            if row is None:
                raise UnknownSighting(sighting_id)
            with archive_errors(self._layout.folder), suppress(FileNotFoundError, PictureTorn):
                return picture_of(self._layout, row)
        raise ArchiveDamaged(f"the picture of sighting {sighting_id} is missing or damaged in {self._layout.folder}")

    def vector(self, sighting_id: str) -> Embeddings:
        """Return the (1, d) vector of a sighting; raises UnknownSighting, ArchiveDamaged when it was overwritten."""
        chosen = select(spaces, sightings.c.vector_row).join(sightings).where(sightings.c.id == sighting_id)
        for _ in range(ATTEMPTS):
            with self._reading() as connection:
                row = connection.execute(chosen).one_or_none()
                if row is None:
                    raise UnknownSighting(sighting_id)
                file = self._layout.vectors((row.id, row.generation), row.dim)
                vectors = file.read(np.array([row.vector_row], np.int64))
            if vectors.any():  # zeros: the row was given up and erased since it was looked up
                return Embeddings(vectors, EmbeddingSpace(row.name, row.version, row.dim))
        raise ArchiveDamaged(f"the vector of sighting {sighting_id} is erased in {self._layout.folder}")

    def vectors(self, sighting_ids: Sequence[str], space: EmbeddingSpace) -> Mapping[str, NDArray[np.float32]]:
        """Return the vectors (d,) of those sightings that are still there and in that space, by id."""
        with self._reading() as connection:
            return vectors_of(connection, self._layout, sighting_ids, space)

    def search(self, query: Query) -> list[Hit]:
        """Return the best hits, exact; raises SpaceMismatch."""
        self._check_open()
        candidates: Sequence[Candidate] = ()
        rows: dict[str, Sighting] = {}
        for _ in range(ATTEMPTS):
            with archive_errors(self._layout.folder):
                self._derived.catch_up()
            candidates = self._derived.search(query)
            if not candidates:
                check_space(query, self.spaces())
            with archive_errors(self._layout.folder):
                rows = self._rows_of(candidates)
            if all(c.sighting_id in rows and rows[c.sighting_id].revision == c.revision for c in candidates):
                found = [rows[candidate.sighting_id] for candidate in candidates]
                scores = (candidate.score for candidate in candidates)
                return made(Hit, len(found), itertools.count(1), scores, found, iter(dict, None))
        return self._settled(candidates, rows, query)

    def _rows_of(self, candidates: Sequence[Candidate] | Sequence[LookCandidate]) -> dict[str, Sighting]:
        known = rows_known(candidates)
        return known | self._reads.sightings([c.sighting_id for c in candidates if c.sighting_id not in known])

    def _settled(self, candidates: Sequence[Candidate], rows: Mapping[str, Sighting], query: Query) -> list[Hit]:
        """Score anew what has changed since it was found: the archive changes faster than it can be searched."""
        scores: dict[str, float] = {}
        for candidate in candidates:
            row = rows.get(candidate.sighting_id)
            if row is not None and row.revision == candidate.revision:
                scores[row.id] = candidate.score
            elif row is not None and row.id not in scores:
                with suppress(UnknownSighting):
                    vectors = self.vector(row.id).vectors
                    scores[row.id] = float(exact_scores(vectors, query.vectors.vectors)[0])
        order = sorted(scores, key=lambda name: (-scores[name], name))
        return [Hit(rank, scores[name], rows[name]) for rank, name in enumerate(order, 1)]

    def search_looks(self, looks: Looks, where: SightingFilter, *, top: int = 20) -> list[Hit]:
        """Return the sightings that look as described, best first, then newest, ties by id."""
        self._check_open()
        rows: dict[str, Sighting] = {}
        for _ in range(ATTEMPTS if looks else 0):
            with archive_errors(self._layout.folder):
                self._derived.catch_up()
                candidates = self._derived.search_looks(looks, where, top)
                rows = self._rows_of(candidates)
            if all(c.sighting_id in rows and rows[c.sighting_id].revision == c.revision for c in candidates):
                break
        # what changed since it was found five times in a row is scored as it is now
        scored = sorted((-look_score(each, looks), -each.last_seen_ms, name) for name, each in rows.items())
        return [
            Hit(rank, -score, rows[name], judged(rows[name], looks)) for rank, (score, _, name) in enumerate(scored, 1)
        ]

    def find(self, where: SightingFilter, *, limit: int = 100, after: Cursor | None = None) -> list[Sighting]:
        """Return sightings by the time they were last seen, newest first, ties by id; `after` a place in that list."""
        chosen = (
            select(sightings)
            .where(*conditions(where), *([] if after is None else behind(after)))
            .order_by(sightings.c.last_seen_ms.desc(), sightings.c.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return [sighting_of(row) for row in connection.execute(chosen)]

    def neighbours(self, found: Sequence[Sighting]) -> list[tuple[Sighting | None, Sighting | None]]:
        """Return those of any kind that the camera of each saw next before and after: by last_seen_ms, ties by id."""
        with self._reading() as connection:
            return neighbours_of(connection, found)

    def spaces(self) -> Mapping[Kind, Sequence[EmbeddingSpace]]:
        """Return the spaces in use per kind, newest first."""
        chosen = select(tallies.c.kind, tallies.c.space_id).distinct().subquery()
        used = select(chosen.c.kind, spaces).join(spaces).order_by(spaces.c.id.desc())
        found: dict[Kind, list[EmbeddingSpace]] = {}
        with self._reading() as connection:
            for row in connection.execute(used):
                found.setdefault(Kind(row.kind), []).append(EmbeddingSpace(row.name, row.version, row.dim))
        return found

    def cameras(self, communities: Sequence[str] = ()) -> Sequence[str]:
        """Return the ids of all cameras that have sightings, or those of these communities, sorted."""
        chosen = select(tallies.c.camera_id).distinct().order_by(tallies.c.camera_id)
        if communities:
            chosen = chosen.where(tallies.c.community.in_(communities))
        with self._reading() as connection:
            return connection.scalars(chosen).all()

    def communities(self) -> Sequence[str]:
        """Return the ids of all communities that have sightings, sorted."""
        chosen = select(tallies.c.community).distinct().order_by(tallies.c.community)
        with self._reading() as connection:
            return connection.scalars(chosen).all()

    def count(self, where: SightingFilter | None = None) -> int:
        """Return how many sightings there are."""
        where = where or SightingFilter()
        if where.from_ms is None and where.to_ms is None:
            chosen = select(func.coalesce(func.sum(tallies.c.sightings), 0)).where(*conditions(where, tallies))
        else:
            chosen = select(func.count()).select_from(sightings).where(*conditions(where))
        with self._reading() as connection:
            number: int = connection.execute(chosen).scalar_one()
        return number

    def changes(self, since: int, *, limit: int = 1000) -> Changes:
        """Return what was stored after a change number."""
        with self._reading() as connection:
            return changes_since(connection, self._layout, since, limit)

    def newest_change(self) -> int:
        """Return the number of the newest change."""
        with self._reading() as connection:
            return newest_change(connection)

    def record_model(self, use: ModelUse) -> None:
        """Note that a network is in use; a known one changes nothing."""
        values = {"role": use.role, "name": use.name, "version": use.version, "since_ms": use.since_ms}
        with archive_errors(self._layout.folder), self._writing:
            self._owner()
            with schema.write(self._engine) as connection:
                connection.execute(upsert(schema.models).values(values).on_conflict_do_nothing())

    def seal(self) -> None:
        """Seal every row and merge segments as far as can be, now; searches go on meanwhile."""
        with archive_errors(self._layout.folder):
            self._owner()
            self._keeper.work(thorough=True)
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

    def _owner(self) -> Writer:
        self._check_open()
        if self._writer is None:
            raise ArchiveError(f"the archive at {self._layout.folder} was opened for reading: open it for writing")
        return self._writer
