"""The tables of the local archive and the connections to them.

`state.changed` counts changes: every row written and every vector row given up carries its number, so that a reader
catches up with one query of everything after the last number it has seen.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    text,
)
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

DATABASE_NAME = "archive.sqlite"
SCHEMA_VERSION = 3
APPLICATION_ID = 0x5A48_414E  # "ZHAN" in the file header: `file archive.sqlite` shows whose it is
WAIT_FOR_LOCK_S = 20.0
MAPPED_BYTES = 1 << 30
IDS_AT_ONCE = 500  # in one `IN (...)`; SQLite allows far more bound values

metadata = MetaData()

state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("changed", Integer, nullable=False),
    Column("clean", Boolean, nullable=False),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("version", String, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    UniqueConstraint("name", "version", "dim"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", String, primary_key=True),
    Column("changed", Integer, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("camera_id", String, nullable=False, index=True),
    Column("session", String, nullable=False),
    Column("track_id", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("community", String, nullable=False),
    Column("first_seen_ms", Integer, nullable=False),
    Column("last_seen_ms", Integer, nullable=False),
    Column("shot_at_ms", Integer, nullable=False),
    Column("left", Float, nullable=False),
    Column("top", Float, nullable=False),
    Column("right", Float, nullable=False),
    Column("bottom", Float, nullable=False),
    Column("shot_score", Float, nullable=False),
    Column("shot_quality", Float, nullable=False),
    Column("frame_width", Integer, nullable=False),
    Column("frame_height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("attributes", String, nullable=False),
    Column("space_id", ForeignKey("spaces.id"), nullable=False),
    Column("vector_row", Integer, nullable=False),
    UniqueConstraint("space_id", "vector_row"),
    Index("by_time", "last_seen_ms", "id"),
    Index("by_kind", "kind", "space_id"),
)

removals = Table(
    "removals",
    metadata,
    Column("space_id", ForeignKey("spaces.id"), primary_key=True),
    Column("vector_row", Integer, primary_key=True),
    Column("changed", Integer, nullable=False, index=True),
    Column("erased", Boolean, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("what", String, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("digest", String, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("role", String, nullable=False),
    Column("name", String, nullable=False),
    Column("version", String, nullable=False),
    Column("since_ms", Integer, nullable=False),
    UniqueConstraint("role", "name", "version"),
)

coverage_spans = Table(
    "coverage_spans",
    metadata,
    Column("camera_id", String, primary_key=True),
    Column("session", String, primary_key=True),
    Column("from_ms", Integer, primary_key=True),
    Column("state", String, primary_key=True),
    Column("to_ms", Integer, nullable=False),
    Column("indexed_ms", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Index("by_camera_and_end", "camera_id", "to_ms"),
)


def connect(database: Path, *, writable: bool) -> Engine:
    """Return an engine whose transactions begin when SQLAlchemy begins them; writing ones at once (IMMEDIATE)."""
    mode = "rw" if writable else "ro"

    def dial() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{database.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=WAIT_FOR_LOCK_S,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = create_engine("sqlite+pysqlite://", creator=dial, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def create_tables(engine: Engine) -> None:
    """Make an empty database an archive in one transaction: a kill leaves it empty or complete."""
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
    with write(engine) as connection:
        metadata.create_all(connection)
        seal_log(connection)
        connection.execute(insert(state).values(id=1, changed=0, clean=True))
        connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))


def seal_log(connection: Connection) -> None:
    """Let the database refuse to change or remove a line of the search log."""
    for change in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER no_{change.lower()}_of_searches BEFORE {change} ON searches "
                "BEGIN SELECT RAISE(ABORT, 'the search log is append-only'); END"
            )
        )


def header(connection: Connection) -> tuple[int, int, int]:
    """Return (application id, schema version, number of tables) of a database."""
    application = connection.execute(text("PRAGMA application_id")).scalar_one()
    version = connection.execute(text("PRAGMA user_version")).scalar_one()
    tables = connection.execute(text("SELECT count(*) FROM sqlite_schema")).scalar_one()
    return application, version, tables


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Run a block in one durable transaction that takes the database's write lock at its start."""
    with engine.connect() as connection:
        connection.execution_options(begin="IMMEDIATE")
        with connection.begin():
            yield connection


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA synchronous = FULL")  # a commit returns when it is on the disk
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")  # rows of hits lie all over the database
        cursor.execute("PRAGMA secure_delete = ON")  # what is forgotten does not stay in free pages


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
