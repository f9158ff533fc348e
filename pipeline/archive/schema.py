"""The tables of the local archive and the connections to them.

`state.changed` counts changes: every row written and every vector row given up carries its number, so that a reader
catches up with one query of everything after the last number it has seen.

A sighting whose `pack_id` is empty is of format 2 or older: its picture is a file of its own.
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
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    text,
)
from sqlalchemy.pool import QueuePool

DATABASE_NAME = "archive.sqlite"
SCHEMA_VERSION = 3
APPLICATION_ID = 0x5A48_414E  # "ZHAN" in the file header: `file archive.sqlite` shows whose it is
WAIT_FOR_LOCK_S = 20.0
MAPPED_BYTES = 1 << 30
WRITER_CACHE_KIB = 32_768  # by default one large append would spill to the disk and come back
WRITER_LOG_PAGES = 4_000  # between two checkpoints
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
    Column("camera_id", String, nullable=False),
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
    Column("pack_id", ForeignKey("packs.id")),
    Column("picture_at", Integer),
    Column("picture_bytes", Integer),
    Column("picture_crc", Integer),
    UniqueConstraint("space_id", "vector_row"),
    Index("by_time", "last_seen_ms", "id", "kind"),  # with the kind, expiry of one kind need not look at rows
    Index("by_camera", "camera_id", "last_seen_ms"),
    Index("by_pack", "pack_id", "picture_at"),
)

tallies = Table(  # how many sightings there are of each sort: whoever lists cameras must not walk over all rows
    "tallies",
    metadata,
    Column("camera_id", String, primary_key=True),
    Column("community", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("space_id", ForeignKey("spaces.id"), primary_key=True),
    Column("sightings", Integer, nullable=False),
)

packs = Table(
    "packs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bytes", Integer, nullable=False),
    Column("live", Integer, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice: a reader may still hold the older file of that name
)

freed = Table(
    "freed",
    metadata,
    Column("pack_id", Integer, primary_key=True),
    Column("picture_at", Integer, primary_key=True),
    Column("picture_bytes", Integer, nullable=False),
)

redo = Table(
    "redo",
    metadata,
    Column("slot", Integer, primary_key=True),
    Column("space_id", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("vector_row", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("pack_id", Integer, nullable=False),
    Column("picture_at", Integer, nullable=False),
    Column("picture", LargeBinary, nullable=False),
)

removals = Table(
    "removals",
    metadata,
    Column("space_id", ForeignKey("spaces.id"), primary_key=True),
    Column("vector_row", Integer, primary_key=True),
    Column("changed", Integer, nullable=False, index=True),
    Column("erased", Boolean, nullable=False),
)
Index("not_erased", removals.c.space_id, sqlite_where=removals.c.erased.is_(False))

holds = Table(
    "holds",
    metadata,
    Column("sighting_id", String, primary_key=True),
    Column("case_id", String, primary_key=True, index=True),
    Column("at_ms", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("reason", String, nullable=False),
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

    def dialled() -> sqlite3.Connection:
        return dial(database, writable=writable)

    engine = create_engine("sqlite+pysqlite://", creator=dialled, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


def dial(database: Path, *, writable: bool) -> sqlite3.Connection:
    """Return a connection of the driver's own: for the writer, where SQLAlchemy costs more than the database."""
    connection = sqlite3.connect(
        f"{database.resolve().as_uri()}?mode={'rw' if writable else 'ro'}",
        uri=True,
        timeout=WAIT_FOR_LOCK_S,
        isolation_level=None,
        check_same_thread=False,
    )
    pragmas = [
        "synchronous = FULL",  # a commit returns when it is on the disk
        "foreign_keys = ON",
        f"mmap_size = {MAPPED_BYTES}",  # rows of hits lie all over the database
        "secure_delete = ON",  # what is forgotten does not stay in free pages
    ]
    if writable:
        pragmas += [f"cache_size = -{WRITER_CACHE_KIB}", f"wal_autocheckpoint = {WRITER_LOG_PAGES}"]
    with closing(connection.cursor()) as cursor:
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
    return connection


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


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """The same on a connection of the driver's own."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
