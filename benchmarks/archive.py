"""The archive: how fast does it take sightings, one by one and in bulk, while it is asked; how fast does it answer?

Writes benchmarks/results/archive.json. `--rows` is how many (200,000 sightings of 256 dimensions with pictures of 8,000
bytes; a second archive takes as many in bulk with pictures of one byte). Every append is durable when it returns.
Meanwhile another thread asks five questions a second, each for the best 20 of everything; its latencies are part of
the result. So is what the disk does at the time: plain appends to a file, each with its wait for the disk, of about the
bytes of one sighting and of one batch. `archive_kill` is the one about kill -9.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import LocalArchive, Query, SightingFilter, open_archive
from pipeline.bench.machine import fixed_work_ms, machine
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

ROOT = Path(__file__).resolve().parent
SPACE = EmbeddingSpace("benchmark", "00000000-fp32", 256)
PICTURE = np.random.default_rng(1).bytes(8_000)
NO_PICTURE = b"-"
CAMERAS = 16
STEP_MS = 1_000
BULK = 5_000
ONE_BY_ONE = 2_000
THREADS = 8
QUESTIONS_PER_S = 5


def record_of(number: int, vector: np.ndarray, picture: bytes = PICTURE) -> Record:
    key = TrackletKey(f"camera-{number % CAMERAS}", "session", number)
    seen = number * STEP_MS
    shot = Shot(seen, (0.0, 0.0, 60.0, 160.0), 0.9, 0.5)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "garden", seen, seen + 5_000, shot, (1920, 1080), 20)
    return Record(sighting, vector, SPACE, picture)


def vectors_of(count: int) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(count, SPACE.dim)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@contextmanager
def asked_meanwhile(archive: LocalArchive, vectors: np.ndarray) -> Iterator[list[float]]:
    """Ask QUESTIONS_PER_S in a thread while the block runs; the list fills with milliseconds."""
    done, times = threading.Event(), list[float]()

    def ask() -> None:
        number = 0
        while not done.wait(max(0.0, 1 / QUESTIONS_PER_S - (times[-1] / 1000 if times else 0))):
            began = time.perf_counter()
            archive.search(Query(Embeddings(vectors[number : number + 1], SPACE), SightingFilter()))
            times.append((time.perf_counter() - began) * 1000)
            number = (number + 1) % len(vectors)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield times
    finally:
        done.set()
        thread.join()


def rate(
    archive: LocalArchive, vectors: np.ndarray, append: Callable[[Sequence[Record]], None], records: Sequence[Record]
) -> dict[str, float]:
    """Return sightings a second of one way to append, and what a question took meanwhile."""
    with asked_meanwhile(archive, vectors) as times:
        began = time.perf_counter()
        append(records)
        taken = time.perf_counter() - began
    waits = {"median_ms": round(statistics.median(times), 1), "worst_ms": round(max(times), 1)} if times else {}
    return {"per_s": round(len(records) / taken, 1), "questions": len(times), **waits}


def in_bulk(archive: LocalArchive, records: Sequence[Record]) -> None:
    for start in range(0, len(records), BULK):
        archive.append(records[start : start + BULK])


def append_rates(archive: LocalArchive, vectors: np.ndarray) -> dict[str, dict[str, float]]:
    """Fill the archive with all vectors; return sightings a second by the way they come."""

    def one_by_one(records: Sequence[Record]) -> None:
        for record in records:
            archive.append([record])

    def from_threads(records: Sequence[Record]) -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(one_by_one, [records[number::THREADS] for number in range(THREADS)]))

    bulk = len(vectors) - 2 * ONE_BY_ONE
    records = [record_of(number, vector) for number, vector in enumerate(vectors)]
    return {
        f"batches_of_{BULK}": rate(archive, vectors, partial(in_bulk, archive), records[:bulk]),
        "one_by_one": rate(archive, vectors, one_by_one, records[bulk : bulk + ONE_BY_ONE]),
        f"one_by_one_from_{THREADS}_threads": rate(archive, vectors, from_threads, records[bulk + ONE_BY_ONE :]),
    }


def bulk_without_pictures(folder: Path, vectors: np.ndarray) -> dict[str, float]:
    records = [record_of(number, vector, NO_PICTURE) for number, vector in enumerate(vectors)]
    with open_archive(folder, writable=True) as archive:
        return rate(archive, vectors, partial(in_bulk, archive), records)


def plain_disk(folder: Path) -> dict[str, float]:
    """Return what appending to a file and waiting for the disk costs here and now."""
    one, batch = bytes(SPACE.dim * 4 + len(PICTURE)), bytes(BULK * (SPACE.dim * 4 + len(PICTURE)))
    times: dict[int, list[float]] = {len(one): [], len(batch): []}
    descriptor = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for content, repeats in ((one, 200), (batch, 8)):
        for _ in range(repeats):
            began = time.perf_counter()
            os.write(descriptor, content)
            os.fdatasync(descriptor)
            times[len(content)].append(time.perf_counter() - began)
    os.close(descriptor)
    (folder / "plain").unlink()
    each, group = (statistics.mean(taken) for taken in times.values())
    return {
        "one_sighting_per_s": round(1 / each, 1),
        "batch_mb_per_s": round(len(batch) / group / 1e6, 1),
        "batch_sightings_per_s": round(BULK / group, 1),
    }


def search_latencies(archive: LocalArchive, vectors: np.ndarray) -> dict[str, dict[str, float]]:
    """Return milliseconds per search (top 20) by filter, and the share of brute force's 20 that it found."""
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
        shares = []
        for number, hits in enumerate(results):  # afterwards: its own scan would disturb the timing
            right = brute_force(vectors, number, where)
            shares.append(len({hit.sighting.key.track_id for hit in hits} & set(right)) / max(1, len(right)))
        latency = {"median_ms": round(statistics.median(times), 2), "p99_ms": round(times[98], 2)}
        found[name] = {**latency, "recall_at_20": round(statistics.mean(shares), 4)}
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


def main(argv: list[str]) -> int:
    """Measure and write the result file; return 1 when the archive is damaged afterwards."""
    parser = argparse.ArgumentParser(prog="archive")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "archive.json")
    asked = parser.parse_args(argv)
    vectors = vectors_of(asked.rows)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        with open_archive(folder, writable=True) as archive:
            disk = [plain_disk(folder.parent)]
            rates = append_rates(archive, vectors)
            disk.append(plain_disk(folder.parent))
            latencies = search_latencies(archive, vectors)
        began = time.perf_counter()
        with open_archive(folder, writable=False) as archive:
            opening_s = round(time.perf_counter() - began, 2)
            began = time.perf_counter()
            faults = archive.verify(thorough=True)
            verifying_s = round(time.perf_counter() - began, 1)
        rates[f"batches_of_{BULK}_without_pictures"] = bulk_without_pictures(Path(scratch) / "rows", vectors)
    result = {
        "machine": machine(),
        "fixed_work_ms": fixed_work_ms(),
        "rows": asked.rows,
        "dim": SPACE.dim,
        "picture_bytes": len(PICTURE),
        "durable_appends": rates,
        "plain_disk_before_and_after": disk,
        "search_top20": latencies,
        "open_s": opening_s,
        "verify_thorough_s": verifying_s,
        "faults": faults,
    }
    text = json.dumps(result, indent=2)
    asked.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
