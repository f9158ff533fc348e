"""Small appends wait for the disk once: what a crash of the machine takes from the files comes back from the copies."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import LocalArchive, open_archive, redo
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACES = (EmbeddingSpace("small", "v1", 4), EmbeddingSpace("large", "v1", 6))


def record_of(number: int, revision: int = 1) -> Record:
    space = SPACES[number % 3 == 2]
    key = TrackletKey("gate", "session", number)
    shot = Shot(number, (0.0, 1.0, 2.0, 3.0), 0.5, 0.5)
    sighting = Sighting(
        key.sighting_id(), key, Kind.PERSON, "garden", number, number + 2, shot, (640, 480), 3, revision
    )
    return Record(sighting, np.eye(space.dim, dtype=np.float32)[number % space.dim], space, b"picture %d" % number)


def check(archive: LocalArchive, records: list[Record]) -> None:
    assert archive.count() == len(records)
    for record in records:
        assert archive.picture(record.sighting.id) == record.picture
        np.testing.assert_array_equal(archive.vector(record.sighting.id).vectors[0], record.vector)
    assert archive.verify(thorough=True) == []


def after_power_loss(folder: Path, copy: Path, durable: dict[str, bytes]) -> Path:
    """Return a copy of an open archive whose files of vectors and pictures have only what was waited for."""
    shutil.copytree(folder, copy)
    for path in [*copy.glob("vectors/*"), *copy.glob("pictures/*")]:
        path.write_bytes(durable.get(path.name, b""))
    return copy


@pytest.mark.parametrize("count", [1, 7, 16, 17, 40])
def test_what_the_machine_lost_of_the_files_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(redo, "SLOTS", 16)
    durable: dict[str, bytes] = {}
    really = os.fdatasync

    def noted(descriptor: int) -> None:
        really(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        durable[path.name] = path.read_bytes()

    monkeypatch.setattr(os, "fdatasync", noted)
    records = [record_of(number) for number in range(count)]
    with open_archive(tmp_path / "a", writable=True, pack_bytes=100) as archive:
        for record in records:
            archive.append([record])
        lost = after_power_loss(tmp_path / "a", tmp_path / "b", durable)
        check(archive, records)
    with open_archive(lost, writable=True) as archive:
        check(archive, records)


def test_what_was_forgotten_does_not_come_back_from_the_copies(tmp_path: Path) -> None:
    records = [record_of(number) for number in range(6)]
    with open_archive(tmp_path / "a", writable=True) as archive:
        for record in records:
            archive.append([record])
        assert archive.forget([records[1].sighting.id]) == 1
        shutil.copytree(tmp_path / "a", tmp_path / "b")
    with open_archive(tmp_path / "b", writable=True) as archive:
        check(archive, [records[0], *records[2:]])
    for path in (tmp_path / "b").rglob("*"):
        assert not path.is_file() or records[1].picture not in path.read_bytes()


def test_a_file_that_a_failed_append_began_is_not_written_to_any_more(tmp_path: Path) -> None:
    first, second, third = (record_of(number) for number in (0, 1, 3))
    with open_archive(tmp_path / "a", writable=True, pack_bytes=1) as archive:  # every append begins a pack
        archive.append([first])
        archive.append([second, first])  # fails as new, and goes again as known: its pack's number is given twice
        archive.append([first])
        archive.append([third])
        check(archive, [first, second, third])
    with open_archive(tmp_path / "a", writable=False) as archive:
        check(archive, [first, second, third])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts the files that a process of Linux holds")
def test_erasing_holds_no_file_that_is_gone(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True) as archive:
        archive.append([record_of(0)])
        archive.forget([record_of(0).sighting.id])
        held = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
        assert not [name for name in held if name.startswith(str(tmp_path)) and name.endswith("(deleted)")]
