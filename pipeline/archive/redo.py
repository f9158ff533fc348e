"""One wait for the disk instead of three, for small appends.

Vectors and pictures go into their files without a sync; a copy of them is committed together with the rows, and that
commit is the one wait. Copies live in a ring of slots in the table `redo`: before one is overwritten, the files are
synced. A process that is killed loses nothing of its files; after a crash of the machine the next opening writes the
copies where they belong.
"""

from sqlite3 import Connection

from sqlalchemy import Engine, delete, select

from pipeline.archive.batch import Batch
from pipeline.archive.durable import write_parts
from pipeline.archive.layout import Layout
from pipeline.archive.schema import packs, redo, spaces, write
from pipeline.archive.unsynced import UnsyncedFiles
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
        self._unsynced = UnsyncedFiles(layout)

    def store(self, connection: Connection, batch: Batch) -> None:
        """Write a small batch into its files, and copies of it into the caller's transaction; raises OSError."""
        if self._next + len(batch.records) > SLOTS:
            self._sync()
        pictures = [record.picture for record in batch.records]
        write_parts(self._unsynced.pack(batch.pack_id), pictures, batch.picture_at[0])
        rows = []
        for run in batch.runs:
            vectors = [batch.records[place].vector.astype(STORED, copy=False).tobytes() for place in run.members]
            write_parts(self._unsynced.vectors(run.file), vectors, run.first_row * len(vectors[0]))
            for vector_row, (place, vector) in enumerate(zip(run.members, vectors, strict=True), run.first_row):
                picture = (batch.pack_id, batch.picture_at[place], pictures[place])
                rows.append((self._next, *run.file, vector_row, vector, *picture))
                self._next += 1
        connection.executemany(_NOTE, rows)

    def let_go(self) -> None:
        """Close the files: what fails may remove them, and give their names to others."""
        self._unsynced.close()

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
            known_files = {(row.id, row.generation) for row in connection.execute(select(spaces))}
            known_packs = set(connection.scalars(select(packs.c.id)))
        for copy in copies:
            file = (copy.space_id, copy.generation)
            if file in known_files:
                write_parts(self._unsynced.vectors(file), [copy.vector], copy.vector_row * len(copy.vector))
            if copy.pack_id in known_packs:
                write_parts(self._unsynced.pack(copy.pack_id), [copy.picture], copy.picture_at)
        self._next = len(copies)
        self.settle()

    def _sync(self) -> None:
        self._unsynced.sync()
        self._next = 0


def is_small(batch: Batch) -> bool:
    """Tell whether copies of it cost less than waits for its files."""
    if len(batch.records) > SLOTS:
        return False
    return sum(batch.picture_bytes) + sum(record.vector.nbytes for record in batch.records) <= SMALL_BYTES
