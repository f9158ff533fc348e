"""The search log's chain: what breaks it, and archives of the format before it."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from pipeline.archive import SearchRecord, open_archive
from pipeline.archive.audit import FIRST


def entry(number: int) -> SearchRecord:
    return SearchRecord(1_000 + number, "wang", f"case {number}", {"photo": "her.jpg"}, number)


def tampered(folder: Path, *statements: str) -> None:
    """Change the database behind the archive's back; its own triggers are dropped as an intruder would."""
    with sqlite3.connect(folder / "archive.sqlite") as connection:
        for name in ("no_update_of_searches", "no_delete_of_searches"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_archive(tmp_path / "a", writable=True) as archive:
        for number in range(5):
            archive.record_search(entry(number))
    return tmp_path / "a"


def test_the_first_digest_by_hand(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.record_search(entry(0))
        found = archive.audit()
    line = f'["{FIRST}", 1000, "wang", "case 0", "{{\\"photo\\": \\"her.jpg\\"}}", 0]'
    assert (found.lines, found.digest) == (1, hashlib.sha256(line.encode()).hexdigest())


def test_an_untouched_log_is_whole_and_readers_go_on_with_it(folder: Path) -> None:
    with open_archive(folder, writable=False) as archive:
        noted = archive.audit().digest
        archive.record_search(entry(9))
        found = archive.audit(noted)
    assert (found.lines, found.broken_at, found.noted, found.whole) == (6, None, True, True)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE searches SET reason = 'another' WHERE id = 3", 3),
        ("UPDATE searches SET hits = 7 WHERE id = 5", 5),
        ("DELETE FROM searches WHERE id = 2", 2),
        ("INSERT INTO searches SELECT 99, at_ms, who, reason, what, hits, digest FROM searches WHERE id = 1", 6),
    ],
)
def test_a_changed_log_tells_where(folder: Path, statement: str, broken_at: int) -> None:
    tampered(folder, statement)
    with open_archive(folder, writable=False) as archive:
        found = archive.audit()
    assert (found.broken_at, found.whole) == (broken_at, False)


def test_a_cut_end_shows_by_a_noted_digest(folder: Path) -> None:
    with open_archive(folder, writable=False) as archive:
        noted = archive.audit().digest
    tampered(folder, "DELETE FROM searches WHERE id = 5")
    with open_archive(folder, writable=False) as archive:
        assert archive.audit().whole
        assert not archive.audit(noted).whole


@pytest.mark.parametrize("statement", ["UPDATE searches SET reason = ''", "DELETE FROM searches"])
def test_the_database_refuses_to_touch_the_log(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "archive.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
