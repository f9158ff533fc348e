"""Other vector searches over the same rows and filters: `python -m benchmarks.search_peers [--rows N] [--only NAME]`.

Makes an environment for the peers (`--venv FOLDER` keeps it), never a dependency of the product, and runs each of them
in a process of its own (search_peer.py) on one core, as the archive is. A peer that cannot be installed, fails or
takes longer than `--longest` seconds is listed with its reason. Writes results/search_peers.json and .png.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import search_peer
from benchmarks.search_peer import PEERS, TOP, Filter
from models.embeddings import Embeddings, EmbeddingSpace
from pipeline.archive import Query, SightingFilter, open_archive
from pipeline.bench.county import FILTERS, STAY_MS, County
from pipeline.bench.looks import SEEN, Looks
from pipeline.bench.machine import machine

ROOT = Path(__file__).resolve().parent
DIM = 256
QUERIES = 40
LABEL_APART = 1.4  # times, on a logarithmic axis
PACKAGES = {
    "hnswlib": ("hnswlib",),
    "usearch": ("usearch",),
    "lancedb": ("lancedb",),
    "qdrant": ("qdrant-client",),
    "milvus_lite": ("pymilvus", "milvus-lite"),
    "sqlite_vec": ("sqlite-vec", "pysqlite3-binary"),
}
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "RAYON", "TOKIO_WORKER", "LANCE_CPU")}


def written(folder: Path, rows: int) -> tuple[County, np.ndarray, np.ndarray]:
    """Write what the peers read; return the county, vectors and queries."""
    county, looks = County(rows), Looks(max(1, rows // SEEN), DIM)
    vectors = np.concatenate(list(looks.batches(rows, 5_000)))
    asked = looks.sightings(QUERIES, 1)
    np.savez(folder / "rows.npz", vectors=vectors, community=county.camera // 5, seen_ms=county.seen_ms)
    question = {"queries": asked.tolist(), "filters": [plain(where) for where in FILTERS.values()]}
    (folder / "asked.json").write_text(json.dumps(question), "utf-8")
    return county, vectors, asked


def plain(where: SightingFilter) -> Filter:
    return {
        "communities": [int(name.removeprefix("community-")) for name in where.communities],
        "from_ms": None if where.from_ms is None else where.from_ms - STAY_MS,
        "to_ms": where.to_ms,
    }


def of_archive(folder: Path, county: County, vectors: np.ndarray, asked: np.ndarray) -> dict[str, Any]:
    space = EmbeddingSpace("bench", "1", DIM)
    began = time.perf_counter()
    with open_archive(folder / "archive", writable=True) as archive:
        for start in range(0, county.rows, 5_000):
            archive.append(county.records(start, vectors[start : start + 5_000], space))
        archive.seal()
        built, held = time.perf_counter() - began, archive.stats().memory_bytes
    with open_archive(folder / "archive", writable=False) as archive:

        def search(where: SightingFilter, vector: np.ndarray) -> list[int]:
            hits = archive.search(Query(Embeddings(vector[None], space), where, TOP))
            return [hit.sighting.key.track_id - 1 for hit in hits]

        filters = [
            search_peer.measured(lambda vector, _, where=where: search(where, vector), asked, {})
            for where in FILTERS.values()
        ]
    return {"build_s": built, "bytes": held, "filters": filters}


def of_peer(name: str, folder: Path, home: Path, longest_s: float) -> dict[str, Any]:
    python = Path(sys.executable)
    if name in PACKAGES:
        if not (home / "bin" / "python").exists():
            venv.create(home, with_pip=True)
        python = home / "bin" / "python"
        command = [str(python), "-m", "pip", "install", "--quiet", "numpy", *PACKAGES[name]]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode:
            return {"failed": f"cannot be installed: {last_line(installed.stderr)}"}
    command = [str(python), search_peer.__file__, name, str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=longest_s, env=os.environ | ONE_THREAD
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took longer than {longest_s:.0f} s"}
    if done.returncode:
        return {"failed": last_line(done.stderr) or f"ended with {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")[:200]


def figures(name: str, found: dict[str, Any], exact: Sequence[Sequence[set[int]]], rows: int) -> dict[str, Any]:
    """Return what is kept of one peer; recall against an exact scan."""
    if "failed" in found:
        return {"name": name, "failed": found["failed"]}
    filters = []
    for selectivity, each, best in zip(FILTERS, found["filters"], exact, strict=True):
        if "not_offered" in each:
            filters.append({"selectivity": selectivity, "not_offered": each["not_offered"]})
            continue
        right = sum(len(want & set(got)) for want, got in zip(best, each["found"], strict=False))
        wanted = sum(len(want) for want, _ in zip(best, each["found"], strict=False))
        median, high = np.percentile(each["ms"], (50, 95)).round(3).tolist()
        filters.append(
            {"selectivity": selectivity, "p50_ms": median, "p95_ms": high, "recall_at_50": round(right / wanted, 4)}
        )
    return {
        "name": name,
        "build_s": round(found["build_s"], 1),
        "bytes_per_vector": round(found["bytes"] / rows, 1),
        "filters": filters,
    }


def exact_sets(county: County, vectors: np.ndarray, asked: np.ndarray) -> list[list[set[int]]]:
    scores = asked @ vectors.T
    masks = [county.mask(where) for where in FILTERS.values()]
    best = [[np.argpartition(-np.where(mask, row, -2), TOP)[:TOP] for row in scores] for mask in masks]
    return [[set(found[mask[found]].tolist()) for found in rows] for rows, mask in zip(best, masks, strict=True)]


def drawn(report: dict[str, Any], path: Path) -> None:
    """One panel a filter: milliseconds against recall, both worse to the left and up."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(14, 4), layout="constrained")
    panels = picture.subplots(1, len(FILTERS), sharey=True)
    for place, (axes, selectivity) in enumerate(zip(panels, FILTERS, strict=True)):
        offered = [
            (each["p50_ms"], each["recall_at_50"], peer["name"])
            for peer in report["peers"]
            if "p50_ms" in (each := peer.get("filters", [{}] * len(FILTERS))[place])
        ]
        line = 0.0
        for median, recall, name in sorted(offered):
            line = max(line * LABEL_APART, median)  # names of peers that are alike stand above each other
            axes.scatter(recall, median, color="#0b6e4f" if name == "zhian" else "#777777", s=30, zorder=3)
            axes.annotate(
                name, (recall, line), (-7, 0), textcoords="offset points", fontsize=7, ha="right", va="center"
            )
        axes.set_yscale("log")
        axes.set_xlim(-0.2, 1.05)
        axes.set_title(f"{selectivity:.1%} of the rows", fontsize=9)
        axes.set_xlabel("recall@50")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("ms a search (p50)")
    picture.suptitle(f"{report['rows']:,} vectors of {report['dim']}, one core; {report['machine']}", fontsize=10)
    picture.savefig(path, dpi=130, format="png")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--longest", type=float, default=1_200.0, metavar="SECONDS")
    parser.add_argument("--venv", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "search_peers.json")
    args = parser.parse_args(argv)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        county, vectors, asked = written(folder, args.rows)
        exact = exact_sets(county, vectors, asked)
        peers = [figures("zhian", of_archive(folder, county, vectors, asked), exact, args.rows)]
        print(json.dumps(peers[-1]), flush=True)
        del vectors
        os.sched_setaffinity(0, cores)
        for name in args.only:
            found = of_peer(name, folder, args.venv or folder / "venv", args.longest)
            peers.append(figures(name, found, exact, args.rows))
            print(json.dumps(peers[-1]), flush=True)
    report = {"rows": args.rows, "dim": DIM, "machine": machine(), "peers": peers}
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    drawn(report, args.out.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
