"""One wait for the disk instead of three, for small appends.

Vectors and pictures go into their files without a sync; a copy of them is committed together with the rows, and that
commit is the one wait. Copies live in a ring of slots in the table `redo`: before one is overwritten, the files are
synced. A process that is killed loses nothing of its files; after a crash of the machine the next opening writes the
copies where they belong.
"""

from pathlib import Path
from sqlite3 import Connection

import numpy as np
from sqlalchemy import Engine, delete, select

from pipeline.archive.batch import Batch
from pipeline.archive.durable import sync_file
from pipeline.archive.layout import Layout
from pipeline.archive.schema import packs, redo, spaces, write
from pipeline.archive.vectors import STORED

SLOTS = 512
SMALL_BYTES = 1 << 18  # a larger append syncs its files itself: copying it would cost more than the waits

_NOTE = "INSERT OR REPLACE INTO redo VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class RedoRing:
    """The copies of what was written last; the writer's own, not safe between threads."""

    def __init__(self, engine: Engine, layout: Layout) -> None:
        self._engine = engine
        self._layout = layout
        self._next = 0
        self._unsynced: set[Path] = set()

    def note(self, connection: Connection, batch: Batch) -> None:
        """Put copies into the caller's transaction; at most SLOTS at once."""
        if self._next + len(batch.records) > SLOTS:
            self._sync()
        rows = []
        for run in batch.runs:
            self._unsynced.add(self._layout.vectors(run.file, 0).path)
            for vector_row, place in enumerate(run.members, run.first_row):
                record = batch.records[place]
                vector = record.vector.astype(STORED).tobytes()
                picture = (batch.pack_id, batch.picture_at[place], record.picture)
                rows.append((self._next, *run.file, vector_row, vector, *picture))
                self._next += 1
        self._unsynced.add(self._layout.packs.path(batch.pack_id))
        connection.executemany(_NOTE, rows)

    def settle(self) -> None:
        """Make the files durable and drop all copies: what is erased next must not come back from here."""
        if self._next == 0:
            return
        self._sync()
        with write(self._engine) as connection:
            connection.execute(delete(redo))

    def replay(self) -> None:
        """Write all copies where they belong; part of opening, before anything looks at the files."""
        with self._engine.connect() as connection:
            copies = connection.execute(select(redo)).all()
            dims = {(row.id, row.generation): row.dim for row in connection.execute(select(spaces))}
            known = set(connection.scalars(select(packs.c.id)))
        for copy in copies:
            file = (copy.space_id, copy.generation)
            if file in dims:
                vector = np.frombuffer(copy.vector, STORED).reshape(1, dims[file])
                self._layout.vectors(file, dims[file]).write(copy.vector_row, vector, sync=False)
                self._unsynced.add(self._layout.vectors(file, 0).path)
            if copy.pack_id in known:
                self._layout.packs.write(copy.pack_id, copy.picture_at, [copy.picture], sync=False)
                self._unsynced.add(self._layout.packs.path(copy.pack_id))
        self._next = len(copies)
        self.settle()

    def _sync(self) -> None:
        for path in self._unsynced:
            if path.exists():  # a pack may have been given up since
                sync_file(path)
        self._unsynced.clear()
        self._next = 0


def is_small(batch: Batch) -> bool:
    """Tell whether copies of it cost less than waits for its files."""
    if len(batch.records) > SLOTS:
        return False
    return sum(batch.picture_bytes) + sum(record.vector.nbytes for record in batch.records) <= SMALL_BYTES
