"""kill -9 and a full disk: what was acknowledged stays, what was not is whole or absent."""

import importlib.util
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from models.embeddings import Embeddings
from pipeline.archive import LocalArchive, Query, SightingFilter, open_archive

SCRIPT = Path(__file__).with_name("archive_writer.py")


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_writer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(folder: Path, first: int, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), str(first), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(lines: list[str]) -> dict[int, int]:
    """Return number → highest acknowledged revision; a line the kill cut short acknowledges nothing."""
    newest: dict[int, int] = {}
    for line in lines:
        if line.startswith("stored") and line.endswith("\n"):
            values = [int(word) for word in line.split()[1:]]
            for number, revision in zip(values[::2], values[1::2], strict=True):
                newest[number] = max(revision, newest.get(number, 0))
    return newest


def check(archive: LocalArchive, writer: ModuleType, expected: dict[int, int]) -> None:
    """Every acknowledged record is there; every record there is whole; nothing else lies about."""
    found = {s.key.track_id: s for s in archive.find(SightingFilter(), limit=1_000_000)}
    assert set(expected) <= set(found)
    for number, sighting in found.items():
        assert sighting.revision >= expected.get(number, 1)
        right = writer.record_of(number, sighting.revision)
        assert sighting == right.sighting
        assert archive.picture(sighting.id) == right.picture
        np.testing.assert_array_equal(archive.vector(sighting.id).vectors[0], right.vector)
    for number in list(found)[:20]:
        query = Query(Embeddings(archive.vector(found[number].id).vectors, writer.SPACE), SightingFilter(), 1)
        assert archive.search(query)[0].sighting.key.track_id == number


def pack_sizes(folder: Path) -> dict[str, int]:
    """Return the packs on disk, and check that they are those the database knows, and no longer."""
    connection = sqlite3.connect(folder / "archive.sqlite")
    known = {f"{number}.pack": size for number, size in connection.execute("SELECT id, bytes FROM packs")}
    connection.close()
    found = {path.name: path.stat().st_size for path in folder.glob("pictures/**/*") if path.is_file()}
    assert found == known
    return found


@pytest.mark.parametrize(("batch", "seal_rows"), [(1, 16_384), (7, 16_384), (1, 5), (30, 20), (100, 60)])
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path, writer: ModuleType, batch: int, seal_rows: int) -> None:
    """With few `seal_rows` most kills come while a segment is built, merged or thrown away."""
    folder, chance, expected = tmp_path / "a", random.Random(batch), dict[int, int]()
    for trial in range(4):
        child = start(folder, 10_000 * (trial + 1), "--batch", str(batch), "--seal-rows", str(seal_rows))
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        lines = [child.stdout.readline() for _ in range(chance.randint(3, 12))]
        time.sleep(chance.uniform(0.0, 0.2))
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=20)
        expected |= acknowledged(lines + rest.splitlines(keepends=True))
        with open_archive(folder, writable=False) as reader:  # a reader mends nothing and still sees only whole records
            check(reader, writer, expected)
        with open_archive(folder, writable=True, seal_rows=seal_rows) as archive:
            check(archive, writer, expected)
            assert archive.verify() == []
        pack_sizes(folder)
    assert len(expected) > 10


def test_a_kill_during_creation_leaves_an_archive_or_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    for trial in range(3):
        folder = tmp_path / str(trial)
        child = start(folder, 0, "--count", "1")
        assert child.stdout is not None
        while not (folder / "writer.lock").exists():  # from here on it is creating the database
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.02))
        child.kill()
        child.communicate(timeout=20)
        with open_archive(folder, writable=True) as archive:
            assert archive.count() <= 1


@pytest.mark.parametrize("limit_kib", [300, 700])
def test_a_full_disk_is_told_and_the_archive_goes_on_once_there_is_room(
    tmp_path: Path, writer: ModuleType, limit_kib: int
) -> None:
    """A limit on file size makes writes fail as a full disk does, wherever the writer happens to be."""
    limit = str(limit_kib * 1024)
    child = start(tmp_path / "a", 1, "--batch", "20", "--limit-bytes", limit, "--count", "2000", "--only-new")
    out, _ = child.communicate(timeout=60)
    lines = out.splitlines(keepends=True)
    assert child.returncode == 0
    assert lines[-2].startswith("full no room for the archive")
    expected = acknowledged(lines)
    assert len(expected) > 20
    with open_archive(tmp_path / "a", writable=True) as archive:
        check(archive, writer, expected)
        assert archive.count() == len(expected)  # the refused batch left nothing
    assert sum(pack_sizes(tmp_path / "a").values()) == sum(len(writer.record_of(n).picture) for n in expected)
