"""Opening an archive: whose it is, who writes, and what is told to whom it is refused."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import LocalArchive, Query, SearchRecord, SightingFilter, open_archive
from pipeline.archive.compaction import compact
from pipeline.errors import ArchiveBusy, ArchiveDamaged, ArchiveError, ArchiveTooNew
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SCRIPT = Path(__file__).with_name("archive_writer.py")
SPACE = EmbeddingSpace("axes", "aaaa-fp32", 2)
EAST, NORTH = np.array([1, 0], np.float32), np.array([0, 1], np.float32)


def record(name: str, vector: np.ndarray = EAST, revision: int = 1) -> Record:
    shot = Shot(1, (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    key = TrackletKey("c", "s", 1)
    sighting = Sighting(name, key, Kind.PERSON, "", 1, 2, shot, (10, 10), 1, revision)
    return Record(sighting, vector, SPACE, f"{name} {revision}".encode())


def query(vector: np.ndarray) -> Query:
    return Query(Embeddings(vector[None], SPACE), SightingFilter())


def test_it_is_all_there_after_closing(tmp_path: Path) -> None:
    with open_archive(tmp_path / "deep" / "a", writable=True) as archive:
        archive.append([record("a"), record("b", NORTH)])
    with open_archive(tmp_path / "deep" / "a", writable=True, create=False) as archive:
        assert [hit.sighting.id for hit in archive.search(query(NORTH))] == ["b", "a"]
        assert archive.picture("a") == b"a 1"


def test_a_second_writer_is_refused_in_this_process_and_in_another(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True):
        with pytest.raises(ArchiveBusy, match="stop it first"):
            open_archive(tmp_path / "a", writable=True)
        command = [sys.executable, str(SCRIPT), str(tmp_path / "a"), "1", "--count", "1"]
        other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert "ArchiveBusy" in other.stderr
        assert other.stdout == ""
    with open_archive(tmp_path / "a", writable=True) as archive:
        assert archive.count() == 0


def test_a_reader_process_sees_what_a_writer_process_commits(tmp_path: Path) -> None:
    # Only new ones: a revision between `vector` and `search` would make the question itself out of date.
    command = [sys.executable, str(SCRIPT), str(tmp_path / "a"), "1", "--only-new"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        with open_archive(tmp_path / "a", writable=False) as reader:
            for _ in range(20):
                number = int(writer.stdout.readline().split()[1])
                sighting = next(s for s in reader.find(SightingFilter(), limit=1000) if s.key.track_id == number)
                asked = Query(reader.vector(sighting.id), SightingFilter(), 1)
                assert reader.search(asked)[0].sighting.key.track_id == number
                assert reader.picture(sighting.id).startswith(b"picture")
        writer.kill()


def test_a_reader_sees_each_append_of_another_process_wholly_or_not_at_all(tmp_path: Path) -> None:
    """Segments are sealed and merged meanwhile: count, list and search are each of one moment."""
    command = [sys.executable, str(SCRIPT), str(tmp_path / "a"), "1", "--only-new", "--batch", "40"]
    with subprocess.Popen([*command, "--seal-rows", "100"], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert writer.stdout.readline().startswith("stored")
        seen = []
        with open_archive(tmp_path / "a", writable=False) as reader:
            asked = replace(query(EAST), vectors=reader.vector(reader.find(SightingFilter())[0].id), top=1_000_000)
            while len(seen) < 60 and seen[-1:] < [4_000]:
                counted = (
                    reader.count(),
                    len(reader.find(SightingFilter(), limit=1_000_000)),
                    len(reader.search(asked)),
                )
                assert [number % 40 for number in counted] == [0, 0, 0]
                assert list(counted) == sorted(counted)  # asked one after the other
                seen.append(counted[0])
        writer.kill()
    assert len(set(seen)) > 3


def test_a_reader_follows_appends_replacements_and_erasures(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True) as archive, open_archive(tmp_path / "a", writable=False) as reader:
        assert reader.search(query(EAST)) == []
        archive.append([record("a"), record("b", NORTH)])
        assert [hit.sighting.id for hit in reader.search(query(EAST))] == ["a", "b"]
        archive.append([record("b", EAST, revision=2)])
        assert [(hit.sighting.id, hit.score) for hit in reader.search(query(EAST))] == [("a", 1.0), ("b", 1.0)]
        assert reader.picture("b") == b"b 2"
        archive.forget(["a"])
        assert [hit.sighting.id for hit in reader.search(query(EAST))] == ["b"]


def test_a_reader_may_not_write_but_its_searches_are_recorded(tmp_path: Path) -> None:
    entry = SearchRecord(1, "li", "case", {}, 0)
    with open_archive(tmp_path / "a", writable=True) as archive:
        with open_archive(tmp_path / "a", writable=False) as reader:
            with pytest.raises(ArchiveError, match="opened for reading"):
                reader.append([record("a")])
            reader.record_search(entry)
        assert list(archive.searches()) == [entry]


def test_a_closed_archive_says_so(tmp_path: Path) -> None:
    archive = open_archive(tmp_path, writable=True)
    archive.close()
    archive.close()
    asks = (
        lambda: archive.append([record("a")]),
        lambda: archive.search(query(EAST)),
        archive.count,
        lambda: archive.record_search(SearchRecord(1, "li", "case", {}, 0)),
    )
    for ask in asks:
        with pytest.raises(ArchiveError, match="is closed"):
            ask()


def test_any_folder_name_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "东门 100% a#b?c&mode=memory"
    with open_archive(folder, writable=True) as archive:
        archive.append([record("a")])
    with open_archive(folder, writable=False) as archive:
        assert archive.count() == 1
    assert (folder / "archive.sqlite").stat().st_size > 0


def test_a_missing_archive_is_not_made_by_looking(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        for options in ({"writable": False}, {"writable": True, "create": False}):
            with pytest.raises(ArchiveDamaged, match="create one with `zhian analyze`"):
                open_archive(path, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ArchiveDamaged, match=r"not empty \(it holds holiday.jpg\)"):
        open_archive(tmp_path, writable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    with pytest.raises(ArchiveDamaged, match="is a file"):
        open_archive(tmp_path / "holiday.jpg", writable=True)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "archive.sqlite")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(ArchiveDamaged, match="another program"):
        open_archive(tmp_path, writable=True)
    (tmp_path / "archive.sqlite").write_bytes(b"this is no database, it is a text of some length" * 100)
    with pytest.raises(ArchiveDamaged, match="damaged"):
        open_archive(tmp_path, writable=True)


@pytest.mark.parametrize("writable", [True, False])
def test_an_archive_of_a_newer_version_is_refused_unchanged(tmp_path: Path, writable: bool) -> None:
    open_archive(tmp_path, writable=True).close()
    connection = sqlite3.connect(tmp_path / "archive.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / "archive.sqlite").read_bytes()
    with pytest.raises(ArchiveTooNew, match=r"format 99.*install a newer zhian"):
        open_archive(tmp_path, writable=writable)
    assert (tmp_path / "archive.sqlite").read_bytes() == before


def test_vectors_that_are_missing_are_told_not_invented(tmp_path: Path) -> None:
    with open_archive(tmp_path, writable=True) as archive:
        archive.append([record("a"), record("b", NORTH)])
    os.truncate(tmp_path / "vectors" / "1-0.f32", 12)
    with pytest.raises(ArchiveDamaged, match="holds 1 of the 2 vectors"):
        open_archive(tmp_path, writable=True)
    with pytest.raises(ArchiveDamaged, match="ends before row 1"):
        open_archive(tmp_path, writable=False)


def leave_as_a_kill_would(archive: LocalArchive) -> None:
    """No mark of a clean end, nothing settled."""
    archive._closed = True
    archive._keeper.stop()
    archive._engine.dispose()
    assert archive._file_lock is not None
    archive._file_lock.release()


def test_torn_vectors_and_pictures_go_at_the_next_writable_open(tmp_path: Path) -> None:
    with open_archive(tmp_path, writable=True) as archive:
        archive.append([record("a")])
        (tmp_path / "pictures" / "7.pack").write_bytes(b"never committed")
        for torn in (tmp_path / "vectors" / "1-0.f32", tmp_path / "pictures" / "1.pack"):
            with torn.open("ab") as file:
                file.write(b"torn!")
        leave_as_a_kill_would(archive)
    with open_archive(tmp_path, writable=True) as archive:
        archive.append([record("b", NORTH)])
        assert [hit.sighting.id for hit in archive.search(query(NORTH))] == ["b", "a"]
        assert archive.picture("b") == b"b 1"
    assert [(path.name, path.read_bytes()) for path in tmp_path.glob("pictures/*")] == [("1.pack", b"a 1b 1")]
    assert (tmp_path / "vectors" / "1-0.f32").stat().st_size == 2 * 2 * 4


def test_what_the_disk_had_not_taken_when_the_power_failed_comes_back(tmp_path: Path) -> None:
    """Small appends wait for the database alone: its copies mend files that a crash of the machine cut short."""
    with open_archive(tmp_path, writable=True) as archive:
        for number in range(600):  # more than the ring of copies has slots
            archive.append([record(f"s{number}", NORTH if number % 2 else EAST)])
        leave_as_a_kill_would(archive)
    files = (tmp_path / "vectors" / "1-0.f32", tmp_path / "pictures" / "1.pack")
    before = [path.read_bytes() for path in files]
    os.truncate(files[0], 512 * 8)  # of the lap before everything was synced
    files[1].write_bytes(before[1][: before[1].index(b"s512 1")] + bytes(3))
    with open_archive(tmp_path, writable=True) as archive:
        assert archive.verify() == []
        assert archive.picture("s599") == b"s599 1"
    assert [path.read_bytes() for path in files] == before


def test_what_is_forgotten_is_on_the_disk_no_more(tmp_path: Path) -> None:
    secret = np.array([0.6, -0.8], np.float32)
    with open_archive(tmp_path, writable=True) as archive:
        archive.append([record("keep"), record("secretname", secret)])
        archive.append([record("keep2"), record("changed")])
        archive.append([record("changed", revision=2)])
        assert archive.forget(["secretname"]) == 1
        everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.tobytes() not in everything
    assert b"secretname" not in everything
    assert b"changed 1" not in everything
    assert EAST.tobytes() in everything
    assert b"keep2 1" in everything


def test_a_pack_that_holds_nothing_any_more_goes(tmp_path: Path) -> None:
    with open_archive(tmp_path, writable=True, pack_bytes=10) as archive:
        for name in ("first", "second", "third"):
            archive.append([record(name), record(f"{name}-too")])
        assert {path.name for path in tmp_path.glob("pictures/*")} == {"1.pack", "2.pack", "3.pack"}
        archive.forget(["first", "first-too", "third", "third-too"])
        assert {path.name for path in tmp_path.glob("pictures/*")} == {"2.pack"}
        archive.append([record("fourth")])
        assert {path.name for path in tmp_path.glob("pictures/*")} == {"2.pack", "4.pack"}
        assert archive.picture("second") == b"second 1"
        assert archive.verify() == []


def test_a_mostly_dead_pack_is_given_up_and_readers_find_what_moved(tmp_path: Path) -> None:
    big = {name: replace(record(name), picture=name.encode() * 300_000) for name in ("a1", "b2", "c3", "d4", "e5")}
    with open_archive(tmp_path, writable=True, pack_bytes=2_000_000) as archive:
        archive.append(list(big.values())[:4])
        archive.append([big["e5"]])
        with open_archive(tmp_path, writable=False) as reader:
            archive.forget(["a1", "b2"])
            assert {path.name for path in tmp_path.glob("pictures/*")} == {"1.pack", "2.pack"}
            archive.forget(["c3"])
            assert {path.name for path in tmp_path.glob("pictures/*")} == {"2.pack"}
            for opened in (archive, reader):
                assert opened.picture("d4") == big["d4"].picture
                assert opened.picture("e5") == big["e5"].picture
            assert archive.verify(thorough=True) == []


def test_a_picture_that_somebody_changed_or_removed_is_told(tmp_path: Path) -> None:
    with open_archive(tmp_path, writable=True) as archive:
        archive.append([record("a"), record("b")])
        pack = tmp_path / "pictures" / "1.pack"
        pack.write_bytes(b"a 7b 1")
        with pytest.raises(ArchiveDamaged, match="picture of sighting a is missing or damaged"):
            archive.picture("a")
        assert archive.picture("b") == b"b 1"
        assert archive.verify() == ["sighting a: its picture is missing or damaged"]
        pack.unlink()
        with pytest.raises(ArchiveDamaged, match="picture of sighting b is missing or damaged"):
            archive.picture("b")


def test_compaction_gives_room_back_and_readers_follow(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    angles = rng.uniform(0, 6, 40)
    records = [record(f"s{n}", np.array([np.cos(a), np.sin(a)], np.float32)) for n, a in enumerate(angles)]
    with open_archive(tmp_path, writable=True) as archive:
        archive.append(records)
        archive.forget([f"s{n}" for n in range(40) if n % 4])
        before = archive.search(query(NORTH))
        with open_archive(tmp_path, writable=False) as reader:
            assert reader.search(query(NORTH)) == before
            assert compact(archive._engine, archive._layout, worth_it=50) == 0
            assert compact(archive._engine, archive._layout, worth_it=5) == 30
            assert reader.search(query(NORTH)) == before
        assert archive.search(query(NORTH)) == before
        archive.append([record("new", NORTH)])
    with open_archive(tmp_path, writable=True) as archive:
        assert archive.search(query(NORTH))[0].sighting.id == "new"
        assert archive.search(query(NORTH))[1:] == [replace(hit, rank=hit.rank + 1) for hit in before]
    assert [(path.name, path.stat().st_size) for path in (tmp_path / "vectors").iterdir()] == [("1-1.f32", 11 * 8)]
