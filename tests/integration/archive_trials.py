"""Killing a process that writes to an archive, and what is wrong with the archive afterwards.

Shared by the tests and by `benchmarks/archive_kill.py`; imports `archive_writer.py`, which lies beside it.
"""

import importlib.util
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np

from models.embeddings import Embeddings
from pipeline.archive import LocalArchive, Query, SightingFilter, open_archive

SCRIPT = Path(__file__).with_name("archive_writer.py")

# What the writer is killed at: its options, chosen so that most of its time goes there.
WORKS = {
    "ingest": ("--batch", "1"),
    "ingest_batches": ("--batch", "40"),
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


def kill_once(folder: Path, first: int, options: tuple[str, ...], chance: random.Random, told: Told) -> None:
    """Let a writer work for a few acknowledgements and a random moment more, kill it, and note what it said."""
    with start(folder, first, *options) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        lines = [child.stdout.readline() for _ in range(chance.randint(2, 12))]
        time.sleep(chance.uniform(0.0, 0.2))
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()  # not `communicate`: it passes over what `readline` has taken already
    told.hear(lines + rest.splitlines(keepends=True))


def faults_after(folder: Path, writer: ModuleType, told: Told) -> list[str]:
    """Open the archive as a reader and as a writer; return every fault, a sentence each."""
    with open_archive(folder, writable=False) as reader:  # a reader mends nothing and still sees only whole records
        faults = list(faults_of(reader, writer, told))
    with open_archive(folder, writable=True) as archive:
        faults += faults_of(archive, writer, told)
        faults += archive.verify(thorough=True)
    return faults + list(leftovers(folder))


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
    for number, sighting in found.items():
        right = writer.record_of(number, sighting.revision)
        same = np.array_equal(archive.vector(sighting.id).vectors[0], right.vector)
        if not (same and sighting == right.sighting and archive.picture(sighting.id) == right.picture):
            yield f"sighting {number} is not what was stored"
    for number in list(found)[:20]:
        query = Query(Embeddings(archive.vector(found[number].id).vectors, writer.SPACE), SightingFilter(), 1)
        if [hit.sighting.key.track_id for hit in archive.search(query)] != [number]:
            yield f"sighting {number} is not found by its own vector"


def leftovers(folder: Path) -> Iterator[str]:
    """Yield packs on disk that are not those the database knows, or longer."""
    connection = sqlite3.connect(folder / "archive.sqlite")
    known = {f"{number}.pack": size for number, size in connection.execute("SELECT id, bytes FROM packs")}
    connection.close()
    found = {path.name: path.stat().st_size for path in folder.glob("pictures/**/*") if path.is_file()}
    if found != known:
        yield f"packs on disk are {found}, the database knows {known}"
