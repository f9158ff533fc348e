"""The two reads of every search, as SQLite's driver does them: through SQLAlchemy they cost more than the search."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import dialect

from pipeline.archive.rows import SIGHTING_COLUMNS, sighting_of
from pipeline.archive.schema import IDS_AT_ONCE, dial, state
from pipeline.sighting import Sighting

_CHANGED = str(select(state.c.changed).compile(dialect=dialect()))
_SIGHTINGS = str(select(*SIGHTING_COLUMNS).compile(dialect=dialect()))
_MOST_IDLE = 8


class QuickReads:
    """Reads of an archive's database outside transactions; safe between threads. Close it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def changed(self) -> int:
        """Return the number of the last change."""
        with self._connection() as connection:
            number: int = connection.execute(_CHANGED).fetchone()[0]
        return number

    def sightings(self, ids: Sequence[str]) -> dict[str, Sighting]:
        """Return the sightings that there are of some ids."""
        if not ids:
            return {}
        rows = []
        with self._connection() as connection:
            for start in range(0, len(ids), IDS_AT_ONCE):
                part = ids[start : start + IDS_AT_ONCE]
                rows += connection.execute(f"{_SIGHTINGS} WHERE id IN ({','.join('?' * len(part))})", part).fetchall()
        return {row[0]: sighting_of(row) for row in rows}

    def close(self) -> None:
        """Release the connections, those in use as soon as they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = dial(self._database, writable=False)
        try:
            yield connection
        except sqlite3.Error:
            connection.close()
            raise
        if self._closed or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
