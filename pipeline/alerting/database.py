"""The database of alerting: one SQLite file beside the archive, shared by incidents, subscriptions and watches.

Every part puts its tables into `metadata` in its own file and calls `make_missing_tables` when it is opened, so that a
database written before that part existed gets them; so does a table that lacks a column that may be NULL. Several
processes may use the file at the same time.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from pipeline.archive.failures import DAMAGED_SQLITE, NO_ROOM_SQLITE, PRIMARY_CODE
from pipeline.archive.schema import connect, header
from pipeline.archive.schema import write as write_rows
from pipeline.errors import AlertingDamaged, AlertingError, AlertingFull, AlertingTooNew

DATABASE_NAME = "alerting.sqlite"
SCHEMA_VERSION = 1
APPLICATION_ID = 0x5A48_4152  # "ZHAR" in the file header

metadata = MetaData()


def open_database(path: Path) -> Engine:
    """Open the database file at `path`, or make an empty one that only its owner can read: it holds secrets.

    Raises AlertingTooNew, AlertingDamaged, AlertingFull, AlertingError.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise AlertingError(f"{path} cannot be opened: {error.strerror or error}") from error
    os.close(descriptor)
    engine = connect(path, writable=True)
    try:
        _check(path, engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def make_missing_tables(engine: Engine, *tables: Table) -> None:
    """Create those of `tables`, and of their columns that may be NULL, that the database does not have."""
    with write(engine) as connection:
        metadata.create_all(connection, tables=tables)
        for table in tables:
            there = {column["name"] for column in inspect(connection).get_columns(table.name)}
            for column in table.columns:
                if column.name not in there and column.nullable:
                    kind = column.type.compile(sqlite.dialect())
                    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Run a block in one durable transaction that takes the write lock at its start.

    Raises AlertingFull when the disk has no room, AlertingDamaged, AlertingError.
    """
    with alerting_errors(), write_rows(engine) as connection:
        yield connection


@contextmanager
def write_soon(engine: Engine) -> Iterator[Connection]:
    """Like `write`, but without waiting for the disk.

    A killed process loses nothing; a power failure may take back the newest of these transactions, never one of
    `write` nor what came before it. For what may be done twice.
    """
    with alerting_errors(), engine.connect() as connection, _unhurried(connection):
        connection.execution_options(begin="IMMEDIATE")
        with connection.begin():
            yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Run a block that sees the database as it is at its first query; raises AlertingDamaged, AlertingError."""
    with alerting_errors(), engine.connect() as connection:
        yield connection


@contextmanager
def alerting_errors() -> Iterator[None]:
    """Tell failures of the database inside the block in the words of alerting."""
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0)
        if code in NO_ROOM_SQLITE:
            raise AlertingFull("no room for alerts on the disk: free some; nothing acknowledged is lost") from error
        if code & PRIMARY_CODE in DAMAGED_SQLITE:
            raise AlertingDamaged(f"{DATABASE_NAME} is damaged ({error.orig}): restore a backup") from error
        raise AlertingError(f"{DATABASE_NAME} cannot be used: {error.orig}") from error


@contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA synchronous = NORMAL").close()
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous = FULL").close()


def _check(path: Path, engine: Engine) -> None:
    with read(engine) as connection:
        application, version, tables = header(connection)
    if tables == 0 and application == 0:  # new, or a first opening that was killed
        with alerting_errors(), closing(engine.raw_connection()) as raw:
            _stamp(raw.driver_connection)
        return
    if application != APPLICATION_ID:
        raise AlertingDamaged(f"{path} belongs to another program: move it away")
    if version > SCHEMA_VERSION:
        raise AlertingTooNew(
            f"{path} has format {version}, this zhian reads up to {SCHEMA_VERSION}: install a newer zhian"
        )


def _stamp(connection: sqlite3.Connection | None) -> None:
    assert connection is not None
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        cursor.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
