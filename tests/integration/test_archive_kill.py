"""kill -9 and a full disk: what was acknowledged stays, what was not is whole or absent."""

import importlib.util
import random
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.archive import open_archive

TRIALS = Path(__file__).with_name("archive_trials.py")
WORKS = ("ingest", "ingest_batches", "ingest_bulk", "sealing", "repacking", "compacting_vectors", "compacting_all")


@pytest.fixture(scope="module")
def trials() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_trials", TRIALS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def nursery(trials: ModuleType) -> Iterator[Any]:
    with trials.Nursery() as nursery:
        yield nursery


def test_every_work_is_tried(trials: ModuleType) -> None:
    assert tuple(trials.WORKS) == WORKS


@pytest.mark.parametrize("work", WORKS)
def test_kill_9_loses_nothing_doubles_nothing_and_leaves_nothing_half(
    tmp_path: Path, trials: ModuleType, nursery: Any, work: str
) -> None:
    """A small part of what `python -m benchmarks archive_kill` does."""
    writer, chance, told = trials.load_writer(), random.Random(work), trials.Told()
    for trial in range(2):
        trials.kill_once(nursery, tmp_path / "a", 10_000 * (trial + 1), trials.WORKS[work], chance, told)
        assert trials.faults_after(tmp_path / "a", writer, told) == []
    assert len(told.stored) > 2


def test_a_kill_during_creation_leaves_an_archive_or_nothing(tmp_path: Path, trials: ModuleType) -> None:
    chance = random.Random(5)
    for trial in range(3):
        folder = tmp_path / str(trial)
        child = trials.start(folder, 0, "--count", "1")
        assert child.stdout is not None
        while not (folder / "writer.lock").exists():  # from here on it is creating the database
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.02))
        child.kill()
        child.communicate(timeout=20)
        with open_archive(folder, writable=True) as archive:
            assert archive.count() <= 1


@pytest.mark.parametrize("limit_kib", [600, 1200])
def test_a_full_disk_is_told_and_the_archive_goes_on_once_there_is_room(
    tmp_path: Path, trials: ModuleType, limit_kib: int
) -> None:
    """A limit on file size makes writes fail as a full disk does, wherever the writer happens to be."""
    folder, writer, told = tmp_path / "a", trials.load_writer(), trials.Told()
    limit = str(limit_kib * 1024)
    child = trials.start(folder, 1, "--batch", "20", "--limit-bytes", limit, "--count", "2000", "--only-new")
    out, _ = child.communicate(timeout=60)
    lines = out.splitlines(keepends=True)
    assert child.returncode == 0
    assert lines[-2].startswith("full no room for the archive")
    told.hear(lines)
    assert len(told.stored) > 20
    assert trials.faults_after(folder, writer, told) == []
    with open_archive(folder, writable=False) as archive:
        assert archive.count() == len(told.stored)  # the refused batch left nothing
        assert archive.stats().picture_bytes == sum(len(writer.record_of(n).picture) for n in told.stored)
