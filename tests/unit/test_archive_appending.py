"""What appends are made of: many rows in one statement, many rows in one step, and how sealing keeps out of the way."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event, select

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import Query, SightingFilter, open_archive, schema
from pipeline.archive.batch import ROWS_AT_ONCE, by_space
from pipeline.archive.bulk_reads import columns_of
from pipeline.archive.durable import PARTS_AT_ONCE, write_parts
from pipeline.archive.pace import HURRY, PATIENCE, Pace
from pipeline.archive.schema import sightings
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACES = (EmbeddingSpace("small", "v1", 4), EmbeddingSpace("large", "v1", 6))


def record_of(number: int, chance: random.Random, revision: int = 1) -> Record:
    space = SPACES[number % 7 == 3]
    key = TrackletKey(f"camera {number % 5} 门", "session", number)
    box = (chance.random() * 100, chance.random(), 60 + chance.random() * 1e3, 160.0)
    shot = Shot(number + 1, box, chance.random(), chance.random())
    worn = {"upper_colour": "red"} if number % 2 else {}
    sighting = Sighting(
        key.sighting_id(), key, Kind.PERSON, "garden", number, number + 2, shot, (640, 480), 3, revision, False, worn
    )
    vector = np.eye(space.dim, dtype=np.float32)[number % space.dim]
    return Record(sighting, vector, space, b"%d-%d" % (number, revision) * (1 + number % 3))


def check(archive: object, records: Sequence[Record]) -> None:
    for record in records:
        assert archive.get(record.sighting.id) == record.sighting  # type: ignore[attr-defined]
        assert archive.picture(record.sighting.id) == record.picture  # type: ignore[attr-defined]
        np.testing.assert_array_equal(archive.vector(record.sighting.id).vectors[0], record.vector)  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
def test_every_part_of_a_batch_comes_back_whatever_its_length_and_spaces(tmp_path: Path, count: int) -> None:
    chance = random.Random(count)
    records = [record_of(number, chance) for number in range(count)]
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append(records)
        check(archive, records)
        newer = [record_of(number, chance, 2) for number in range(0, count, 3)]
        archive.append([*newer, record_of(10_000, chance)])
        check(archive, newer)
        assert archive.count() == count + 1
        assert archive.verify(thorough=True) == []


def test_what_is_brought_twice_is_stored_once_and_leaves_no_bytes(tmp_path: Path) -> None:
    chance = random.Random(3)
    records = [record_of(number, chance) for number in range(3)]
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append(records)
        before = archive.stats()
        archive.append([records[1], records[1]])  # first revisions, as if new: the database refuses them
        assert (archive.count(), archive.stats().picture_bytes) == (3, before.picture_bytes)
        fresh = record_of(9, chance)
        archive.append([records[2], fresh, records[0]])
        check(archive, [*records, fresh])
        assert archive.verify(thorough=True) == []
        assert archive.stats().picture_bytes == before.picture_bytes + len(fresh.picture)


def test_the_highest_revision_of_a_batch_counts(tmp_path: Path) -> None:
    chance = random.Random(4)
    records = [record_of(1, chance, revision) for revision in (2, 3, 1)]
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append(records)
        check(archive, [records[1]])


def test_records_by_space_keep_their_order() -> None:
    records = [record_of(number, random.Random(1)) for number in range(12)]
    assert by_space(records) == {SPACES[0]: (0, 1, 2, 4, 5, 6, 7, 8, 9, 11), SPACES[1]: (3, 10)}
    equal = [replace(record, space=EmbeddingSpace("small", "v1", 4)) for record in records[:3]]
    assert by_space(equal) == {SPACES[0]: (0, 1, 2)}  # equal, not the same object
    assert by_space(records[:3]) == {SPACES[0]: range(3)}
    assert by_space([]) == {}


def test_columns_are_the_rows_to_the_last_bit_in_order(tmp_path: Path) -> None:
    chance = random.Random(5)
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append([record_of(number, chance) for number in range(500)])
        assert len(archive.find(SightingFilter(), limit=1000)) == 500
    engine = schema.connect(tmp_path / "a" / "archive.sqlite", writable=False)
    c = sightings.c
    chosen = select(c.id, c.left, c.shot_score, c.track_id, c.attributes, c.camera_id).order_by(c.track_id.desc())
    with engine.connect() as connection:
        rows = connection.execute(chosen).all()
        assert columns_of(connection, chosen) == [list(column) for column in zip(*rows, strict=True)]
        assert columns_of(connection, chosen.where(c.track_id < 0)) == [[]] * 6
    engine.dispose()


def test_a_search_looks_only_at_the_rows_that_changed_since_the_last(tmp_path: Path) -> None:
    chance = random.Random(6)
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        asked.append((statement, values))

    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append([record_of(number, chance) for number in range(40)])
        query = Query(Embeddings(np.eye(1, 4, dtype=np.float32), SPACES[0]), SightingFilter(), top=1)
        archive.search(query)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            archive.append([record_of(40, chance), record_of(0, chance, 2)])
            archive.search(query)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    plans: dict[str, set[str]] = {}
    with closing(sqlite3.connect(tmp_path / "a" / "archive.sqlite")) as connection:
        for statement, values in asked:
            for table in ("sightings", "removals"):
                if f"FROM {table}" in statement:
                    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
                    plans.setdefault(table, set()).update(row[3] for row in rows if f" {table} " in row[3])
    assert plans == {
        "sightings": {"SEARCH sightings USING INDEX ix_sightings_changed (changed>?)"},
        "removals": {"SEARCH removals USING INDEX ix_removals_changed (changed>?)"},
    }


def test_parts_are_written_one_after_the_other(tmp_path: Path) -> None:
    parts = [bytes([number % 251]) * (number % 5) for number in range(2 * PARTS_AT_ONCE + 3)]
    with (tmp_path / "parts").open("wb") as file:
        file.write(b"before")
        file.flush()
        write_parts(file.fileno(), parts, 6)
    assert (tmp_path / "parts").read_bytes() == b"before" + b"".join(parts)


def test_sealing_waits_while_rows_pour_in_but_not_for_ever() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert not pace.waits(10_000, 10_000)  # nothing came yet
    pace.note(HURRY + 1)
    assert pace.waits(10_000, 10_000)
    assert not pace.waits(PATIENCE * 10_000, 10_000)
    now[0] = 0.9
    pace.note(10)
    now[0] = 1.8
    assert pace.waits(10_000, 10_000)  # no second has passed since the last row
    now[0] = 2.0
    assert not pace.waits(10_000, 10_000)


def test_sealing_does_not_wait_for_rows_as_fast_as_cameras_bring_them() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for tenth in range(50):
        now[0] = tenth / 10
        pace.note(HURRY // 10 - 1)
        assert not pace.waits(10_000, 10_000)
    for tenth in range(50, 75):
        now[0] = tenth / 10
        pace.note(HURRY // 10 + 50)
    assert pace.waits(10_000, 10_000)
