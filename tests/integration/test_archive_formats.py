"""Archives that older versions wrote: the tarballs in golden/archives are such, made by the code of their time.

Each holds twelve sightings of `archive_writer.record_of` with pictures of 200 bytes, number 3 in its second revision
and number 5 forgotten, and one line in the search log.
"""

import importlib.util
import sqlite3
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline.archive import LocalArchive, SearchRecord, SightingFilter, open_archive

GOLDEN = Path(__file__).parent.parent / "golden" / "archives"
LEFT = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_writer", Path(__file__).with_name("archive_writer.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=[1, 2])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(GOLDEN / f"format-{request.param}.tar.gz") as tar:
        tar.extractall(tmp_path / "old", filter="data")
    return tmp_path / "old"


def check(archive: LocalArchive, writer: ModuleType, numbers: list[int]) -> None:
    found = {s.key.track_id: s for s in archive.find(SightingFilter())}
    assert sorted(found) == numbers
    for number, sighting in found.items():
        right = writer.record_of(number, 2 if number == 3 else 1)
        assert sighting == right.sighting
        assert archive.picture(sighting.id) == right.picture[:200]
        np.testing.assert_array_equal(archive.vector(sighting.id).vectors[0], right.vector)


def picture_files(folder: Path) -> int:
    return sum(1 for _ in folder.glob("pictures/*/*"))


@pytest.mark.parametrize("writable", [True, False])
def test_an_old_archive_opens_whole(folder: Path, writer: ModuleType, *, writable: bool) -> None:
    with open_archive(folder, writable=writable) as archive:
        check(archive, writer, LEFT)
        assert archive.verify() == []
        entry = SearchRecord(1_000, "wang", "case 12", {"photo": "her.jpg"}, 2)
        assert list(archive.searches()) == [entry]
        archive.record_search(entry)
        assert (archive.audit().lines, archive.audit().whole) == (2, True)
    connection = sqlite3.connect(folder / "archive.sqlite")
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()


def test_new_sightings_go_into_packs_and_old_pictures_stay_where_they_are(folder: Path, writer: ModuleType) -> None:
    with open_archive(folder, writable=True) as archive:
        archive.append([writer.record_of(20), writer.record_of(1, 2)])
        assert archive.picture(writer.record_of(20).sighting.id) == writer.record_of(20).picture
        assert archive.picture(writer.record_of(1).sighting.id) == writer.record_of(1, 2).picture
        assert picture_files(folder) == len(LEFT) - 1  # the new revision's picture is in the pack
        archive.forget([writer.record_of(2).sighting.id])
        assert picture_files(folder) == len(LEFT) - 2
        assert archive.verify() == []


def test_pictures_of_an_old_archive_that_no_row_names_go(folder: Path, writer: ModuleType) -> None:
    connection = sqlite3.connect(folder / "archive.sqlite")
    connection.execute("UPDATE state SET clean = 0")
    connection.commit()
    connection.close()
    (folder / "pictures" / "02" / "stranger-1.jpg").write_bytes(b"never committed")
    with open_archive(folder, writable=True) as archive:
        check(archive, writer, LEFT)
    assert picture_files(folder) == len(LEFT)


def test_compacting_moves_old_pictures_into_packs(folder: Path, writer: ModuleType) -> None:
    with open_archive(folder, writable=True) as archive, open_archive(folder, writable=False) as reader:
        told: list[tuple[str, int, int]] = []
        archive.compact(lambda *each: told.append(each))
        assert ("pictures", len(LEFT), len(LEFT)) in told
        assert picture_files(folder) == 0
        check(archive, writer, LEFT)
        check(reader, writer, LEFT)
        assert archive.verify(thorough=True) == []
    assert [path.name for path in folder.glob("pictures/*") if path.is_file()] == ["1.pack"]
