"""What an archive in a folder writes down beside sightings: who searched, what cases hold, which networks were used."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select

from pipeline.archive import schema
from pipeline.archive.audit import Audit, append_search, audit
from pipeline.archive.contract import CaseCursor, CaseHold, HoldOrder, ModelUse, SearchRecord
from pipeline.archive.failures import archive_errors
from pipeline.archive.holds import held_by, holds_by_case, lift_hold, place_hold
from pipeline.archive.layout import Layout
from pipeline.archive.rows import search_of
from pipeline.errors import ArchiveError


class LocalBooks:
    """The part of a LocalArchive that touches no file but the database, and that a reader may write, too."""

    def __init__(self, layout: Layout, engine: Engine, *, writable: bool) -> None:
        self._layout = layout
        self._engine = engine
        self._writable = writable
        self._closed = False

    def hold(self, sighting_ids: Sequence[str], order: HoldOrder) -> int:
        """Keep sightings for a case; return how many it did not hold yet; raises UnknownSighting."""
        with self._logging() as engine:
            return place_hold(engine, sighting_ids, order)

    def release(self, order: HoldOrder) -> int:
        """End everything that a case holds; return how many sightings it held."""
        with self._logging() as engine:
            return lift_hold(engine, order)

    def holds(self, *, limit: int | None = None, after: CaseCursor | None = None) -> Sequence[CaseHold]:
        """Return the cases that hold sightings, the newest first, ties by name; `after` a place in that list."""
        with self._reading() as connection:
            return holds_by_case(connection, limit, after)

    def held(self, case: str, *, limit: int | None = None, after: str = "") -> Sequence[str]:
        """Return the ids of the sightings that a case holds, sorted; `after` an id, no more than `limit`."""
        with self._reading() as connection:
            return held_by(connection, case, limit, after)

    def record_search(self, entry: SearchRecord) -> None:
        """Append to the search log durably; a reader may, too, so that no search goes unseen."""
        with self._logging() as engine:
            append_search(engine, entry)

    def searches(self, *, limit: int = 100, before: int | None = None) -> Iterator[SearchRecord]:
        """Read the search log, newest first; `before` a line number."""
        c = schema.searches.c
        chosen = select(schema.searches).order_by(c.id.desc()).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(chosen if before is None else chosen.where(c.id < before)).all()
        return (search_of(row) for row in rows)

    def audit(self, noted: str | None = None) -> Audit:
        """Check the search log's chain of digests, and whether it holds a digest that was noted before."""
        self._check_open()
        with archive_errors(self._layout.folder):
            return audit(self._engine, noted)

    def models(self) -> Sequence[ModelUse]:
        """Return the networks that were in use, oldest first."""
        chosen = select(schema.models).order_by(schema.models.c.since_ms, schema.models.c.id)
        with self._reading() as connection:
            return [ModelUse(row.role, row.name, row.version, row.since_ms) for row in connection.execute(chosen)]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        with archive_errors(self._layout.folder), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _logging(self) -> Iterator[Engine]:
        """Give an engine that may write log and holds, which needs no writer's lock: they touch no file."""
        self._check_open()
        with archive_errors(self._layout.folder):
            if self._writable:
                yield self._engine
                return
            engine = schema.connect(self._layout.database, writable=True)
            try:
                yield engine
            finally:
                engine.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise ArchiveError(f"the archive at {self._layout.folder} is closed: open it again")
