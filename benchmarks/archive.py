"""The archive: how fast are durable appends and exact searches, and does kill -9 ever lose or halve a sighting?

Writes benchmarks/results/archive.json. `--rows` and `--kills` set the size (50,000 sightings of 256 dimensions, 40
kills). A kill trial starts tests/integration/archive_writer.py, kills it at a random moment and compares every record.
"""

import argparse
import importlib.util
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import numpy as np

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import LocalArchive, Query, SightingFilter, open_archive
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

ROOT = Path(__file__).resolve().parent
WRITER = ROOT.parent / "tests" / "integration" / "archive_writer.py"
SPACE = EmbeddingSpace("benchmark", "00000000-fp32", 256)
PICTURE = bytes(8_000)
CAMERAS = 16
STEP_MS = 1_000


def record_of(number: int, vector: np.ndarray) -> Record:
    key = TrackletKey(f"camera-{number % CAMERAS}", "session", number)
    seen = number * STEP_MS
    shot = Shot(seen, (0.0, 0.0, 60.0, 160.0), 0.9, 0.5)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "garden", seen, seen + 5_000, shot, (1920, 1080), 20)
    return Record(sighting, vector, SPACE, PICTURE)


def vectors_of(count: int) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(count, SPACE.dim)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def append_rates(archive: LocalArchive, vectors: np.ndarray) -> dict[str, float]:
    """Fill the archive with all vectors; return sightings a second by batch size."""
    rates, number = {}, 0
    for batch, count in ((1, 500), (10, 2_000), (100, len(vectors) - 2_500)):
        began = time.perf_counter()
        for start in range(number, number + count, batch):
            archive.append([record_of(i, vectors[i]) for i in range(start, min(start + batch, number + count))])
        rates[f"batch_{batch}"] = round(count / (time.perf_counter() - began), 1)
        number += count
    return rates


def search_latencies(archive: LocalArchive, vectors: np.ndarray) -> dict[str, dict[str, float]]:
    """Return milliseconds per search (top 20) by filter, and compare each result with brute force."""
    hour = 3_600_000
    filters = {
        "no_filter": SightingFilter(kind=Kind.PERSON),
        "one_of_16_cameras": SightingFilter(cameras=("camera-3",)),
        "one_hour_one_camera": SightingFilter(cameras=("camera-3",), from_ms=hour, to_ms=2 * hour),
    }
    found = {}
    for name, where in filters.items():
        times, results = [], []
        for number in range(100):
            query = Query(Embeddings(vectors[number : number + 1], SPACE), where)
            began = time.perf_counter()
            results.append(archive.search(query))
            times.append((time.perf_counter() - began) * 1000)
        times.sort()
        for number, hits in enumerate(results):  # afterwards: its own scan would disturb the timing
            assert [hit.sighting.key.track_id for hit in hits] == brute_force(vectors, number, where)
        found[name] = {"median_ms": round(statistics.median(times), 2), "p99_ms": round(times[98], 2)}
    return found


def brute_force(vectors: np.ndarray, number: int, where: SightingFilter) -> list[int]:
    rows = np.arange(len(vectors))
    chosen = np.ones(len(rows), bool)
    if where.cameras:
        chosen &= rows % CAMERAS == int(where.cameras[0].split("-")[1])
    if where.from_ms is not None and where.to_ms is not None:
        chosen &= (rows * STEP_MS + 5_000 >= where.from_ms) & (rows * STEP_MS < where.to_ms)
    scores = vectors @ vectors[number]
    scores[~chosen] = -2
    return [int(i) for i in np.argsort(-scores, kind="stable")[: min(20, int(chosen.sum()))]]


def load_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archive_writer", WRITER)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kill_once(folder: Path, first: int, batch: int, after_s: float) -> dict[int, int]:
    """Return number → revision of what a writer acknowledged before it was killed."""
    command = [sys.executable, str(WRITER), str(folder), str(first), "--batch", str(batch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().splitlines(keepends=True)
    newest: dict[int, int] = {}
    for line in lines:
        if line.startswith("stored") and line.endswith("\n"):
            values = [int(word) for word in line.split()[1:]]
            newest |= dict(zip(values[::2], values[1::2], strict=True))
    return newest


def faults_of(folder: Path, writer: ModuleType, expected: dict[int, int]) -> dict[str, int]:
    """Count what is lost, half, mixed up or left over in a reopened archive."""
    with open_archive(folder, writable=True) as archive:
        found = {s.key.track_id: s for s in archive.find(SightingFilter(), limit=10_000_000)}
        lost = sum(n not in found or found[n].revision < revision for n, revision in expected.items())
        wrong = 0
        for number, sighting in found.items():
            right = writer.record_of(number, sighting.revision)
            same = np.array_equal(archive.vector(sighting.id).vectors[0], right.vector)
            wrong += not (same and archive.picture(sighting.id) == right.picture and sighting == right.sighting)
        faults = archive.verify()
    return {"lost": lost, "wrong": wrong, "faults": len(faults)}


def kill_trials(folder: Path, count: int) -> dict[str, int]:
    writer, chance = load_writer(), random.Random(0)
    total = {"trials": count, "acknowledged": 0, "lost": 0, "wrong": 0, "faults": 0}
    for trial in range(count):
        home = folder / str(trial // 10)  # ten kills one after the other on the same archive
        batch = chance.choice((1, 1, 5, 40))
        expected = kill_once(home, 100_000 * trial, batch, chance.uniform(0, 0.4))
        total["acknowledged"] += len(expected)
        for name, number in faults_of(home, writer, expected).items():
            total[name] += number
    return total


def main(argv: list[str]) -> int:
    """Measure, write the result file, return 1 when a kill did harm."""
    parser = argparse.ArgumentParser(prog="archive")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=40)
    asked = parser.parse_args(argv)
    vectors = vectors_of(asked.rows)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        with open_archive(folder, writable=True) as archive:
            rates = append_rates(archive, vectors)
            latencies = search_latencies(archive, vectors)
        began = time.perf_counter()
        with open_archive(folder, writable=False):
            opening_s = round(time.perf_counter() - began, 2)
        kills = kill_trials(Path(scratch) / "kills", asked.kills)
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "rows": asked.rows,
        "dim": SPACE.dim,
        "picture_bytes": len(PICTURE),
        "durable_appends_per_s": rates,
        "search_top20": latencies,
        "open_s": opening_s,
        "kill_9": kills,
    }
    text = json.dumps(result, indent=2)
    (ROOT / "results" / "archive.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(any(kills[name] for name in ("lost", "wrong", "faults")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
