"""The database of alerting: made once, private, refused when it is not ours."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text

from pipeline.alerting.database import DATABASE_NAME, make_missing_tables, metadata, open_database, read, write
from pipeline.errors import AlertingDamaged, AlertingError, AlertingTooNew

pages = Table("pages_of_a_test", metadata, Column("id", Integer, primary_key=True))


def test_rows_outlive_the_process_and_a_new_part_gets_its_tables(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    open_database(path).dispose()
    engine = open_database(path)
    make_missing_tables(engine, pages)
    make_missing_tables(engine, pages)
    with write(engine) as connection:
        connection.execute(insert(pages).values(id=7))
    engine.dispose()
    again = open_database(path)
    with read(again) as connection:
        assert connection.execute(select(pages.c.id)).scalars().all() == [7]
    again.dispose()


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    open_database(path).dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    engine = open_database(tmp_path / DATABASE_NAME)
    make_missing_tables(engine, pages)
    with pytest.raises(AlertingError, match="UNIQUE"), write(engine) as connection:
        connection.execute(insert(pages).values(id=1))
        connection.execute(insert(pages).values(id=1))
    with read(engine) as connection:
        assert connection.execute(select(pages.c.id)).all() == []
    engine.dispose()


def test_strangers_newer_ones_and_garbage_are_refused(tmp_path: Path) -> None:
    stranger, garbage, newer = tmp_path / "s", tmp_path / "g", tmp_path / "n"
    with closing(sqlite3.connect(stranger)) as connection:
        connection.execute("CREATE TABLE a (b)")
    garbage.write_bytes(b"not a database" * 100)
    engine = open_database(newer)
    make_missing_tables(engine, pages)
    with write(engine) as connection:
        connection.execute(text("PRAGMA user_version = 99"))
    engine.dispose()
    for path, kind in ((stranger, AlertingDamaged), (garbage, AlertingDamaged), (newer, AlertingTooNew)):
        with pytest.raises(kind):
            open_database(path)
    with pytest.raises(AlertingError, match="cannot be opened"):
        open_database(tmp_path / "missing" / "x")


def test_a_table_of_an_older_zhian_gets_its_new_columns(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "alerting.sqlite")
    with write(engine) as connection:
        connection.execute(text("CREATE TABLE letters_of_old (id VARCHAR PRIMARY KEY)"))
        connection.execute(text("INSERT INTO letters_of_old VALUES ('a')"))
    newer = Table("letters_of_old", MetaData(), Column("id", String, primary_key=True), Column("read_ms", Integer))
    for _ in range(2):
        make_missing_tables(engine, newer)
    with read(engine) as connection:
        assert connection.execute(select(newer)).all() == [("a", None)]
    engine.dispose()
