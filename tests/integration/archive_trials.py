"""Killing a process that writes to an archive, and what is wrong with the archive afterwards.

Shared by the tests and by `benchmarks/archive_kill.py`; imports `archive_writer.py`, which lies beside it.
"""

import importlib.util
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np

from models.embeddings import Embeddings
from pipeline.archive import LocalArchive, Query, SightingFilter, open_archive

SCRIPT = Path(__file__).with_name("archive_writer.py")

LONGEST_S = 0.1  # a seal, a merge or a pack's rewriting of these sizes takes less
SAMPLE = 20

# What the writer is killed at: its options, chosen so that most of its time goes there.
WORKS = {
    "ingest": ("--batch", "1"),
    "ingest_batches": ("--batch", "40"),
    "ingest_bulk": ("--batch", "120"),
    "sealing": ("--batch", "30", "--seal-rows", "20"),
    "repacking": ("--batch", "20", "--pack-bytes", "60000", "--forget"),
    "compacting_vectors": ("--batch", "20", "--seal-rows", "50", "--forget", "--reopen"),
    "compacting_all": ("--batch", "10", "--seal-rows", "30", "--pack-bytes", "60000", "--forget", "--compact"),
}


@dataclass
class Told:
    """What writers have acknowledged: revisions by number, numbers that may be gone, and those that must be."""

    stored: dict[int, int] = field(default_factory=dict)
    doomed: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def hear(self, lines: list[str]) -> None:
        """Take in what a writer printed; a line the kill cut short acknowledges nothing."""
        for line in lines:
            word, *rest = line.split()
            numbers = [int(each) for each in rest] if word in ("stored", "doomed", "gone") else []
            if line.endswith("\n") and word == "stored":
                for number, revision in zip(numbers[::2], numbers[1::2], strict=True):
                    self.stored[number] = max(revision, self.stored.get(number, 0))
            elif word == "doomed":
                self.doomed |= set(numbers)
            elif line.endswith("\n") and word == "gone":
                self.gone |= set(numbers)


def load_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_writer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(folder: Path, first: int, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), str(first), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class Nursery:
    """Writers that start in milliseconds, one at a time; a context."""

    def __init__(self) -> None:
        command = [sys.executable, str(SCRIPT), "--nursery"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._ended = load_writer().ENDED

    def start(self, folder: Path, first: int, *options: str) -> int:
        """Begin a writer; return its pid once its archive is open."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join([str(folder), str(first), *options]) + "\n")
        self._process.stdin.flush()
        word, pid = self.line().split()
        assert word == "pid"
        assert self.line() == "open\n"
        return int(pid)

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def rest(self) -> list[str]:
        """Return what a writer that ends has still said; the last line may be cut short."""
        lines = [self.line()]
        while not lines[-1].endswith(self._ended):
            assert lines[-1], "the nursery is gone"
            lines.append(self.line())
        torn = lines.pop().removesuffix(self._ended)
        return [*lines, torn] if torn else lines

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


def kill_once(
    nursery: Nursery, folder: Path, first: int, options: tuple[str, ...], chance: random.Random, told: Told
) -> None:
    """Let a writer work for a few acknowledgements and a random moment more, kill it, and note what it said."""
    pid = nursery.start(folder, first, *options)
    lines = [nursery.line() for _ in range(chance.randint(1, 8))]
    time.sleep(chance.uniform(0.0, LONGEST_S))
    os.kill(pid, signal.SIGKILL)
    told.hear(lines + nursery.rest())


def faults_after(folder: Path, writer: ModuleType, told: Told) -> list[str]:
    """Open the archive as a reader and as a writer; return every fault, a sentence each."""
    with open_archive(folder, writable=False) as reader:  # a reader mends nothing and still sees only whole records
        faults = list(faults_of(reader, writer, told))
    with open_archive(folder, writable=True) as archive:
        faults += faults_of(archive, writer, told)
        faults += archive.verify(thorough=True)  # every picture is the one whose CRC its row has
    return faults + list(wrong_pictures(folder, writer)) + list(leftovers(folder))


def faults_of(archive: LocalArchive, writer: ModuleType, told: Told) -> Iterator[str]:
    """Yield what is lost, twice, half, mixed up, or there although it was erased."""
    rows = archive.find(SightingFilter(), limit=10_000_000)
    found = {each.key.track_id: each for each in rows}
    if len(found) != len(rows) or archive.count() != len(rows):
        yield f"{len(rows)} rows for {len(found)} sightings, {archive.count()} counted"
    for number, revision in told.stored.items():
        if number not in told.doomed and (number not in found or found[number].revision < revision):
            yield f"sighting {number} in revision {revision} is lost"
    for number in told.gone & set(found):
        yield f"sighting {number} was erased and is there"
    vectors = archive.vectors([each.id for each in rows], writer.SPACE)
    for number, sighting in found.items():
        right = writer.record_of(number, sighting.revision)
        if not np.array_equal(vectors.get(sighting.id), right.vector) or sighting != right.sighting:
            yield f"sighting {number} is not what was stored"
    for number in list(found)[:SAMPLE]:
        right = writer.record_of(number, found[number].revision)
        if archive.picture(found[number].id) != right.picture:
            yield f"sighting {number} has another picture"
        query = Query(Embeddings(archive.vector(found[number].id).vectors, writer.SPACE), SightingFilter(), 1)
        if [hit.sighting.key.track_id for hit in archive.search(query)] != [number]:
            yield f"sighting {number} is not found by its own vector"


def wrong_pictures(folder: Path, writer: ModuleType) -> Iterator[str]:
    """Yield the sightings whose rows do not have the length and CRC of the picture that was stored."""
    connection = sqlite3.connect(folder / "archive.sqlite")
    rows = connection.execute("SELECT track_id, revision, picture_bytes, picture_crc FROM sightings").fetchall()
    connection.close()
    for number, revision, size, crc in rows:
        picture = writer.record_of(number, revision).picture
        if (size, crc) != (len(picture), zlib.crc32(picture)):
            yield f"sighting {number} names another picture"


def leftovers(folder: Path) -> Iterator[str]:
    """Yield packs on disk that are not those the database knows, or longer."""
    connection = sqlite3.connect(folder / "archive.sqlite")
    known = {f"{number}.pack": size for number, size in connection.execute("SELECT id, bytes FROM packs")}
    connection.close()
    found = {path.name: path.stat().st_size for path in folder.glob("pictures/**/*") if path.is_file()}
    if found != known:
        yield f"packs on disk are {found}, the database knows {known}"
