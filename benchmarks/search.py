"""Searches in an archive of a million made-up sightings, beside a flat FAISS index, as `zhian bench search` runs them.

Writes benchmarks/results/search.json: vectors like those of people, and the worst case, vectors without structure.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from pipeline.bench.search import bench_search

ROOT = Path(__file__).resolve().parent
DIM = 256


def main(argv: list[str]) -> int:
    """Measure and write; return 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--isotropic-rows", type=int, default=200_000)
    asked = parser.parse_args(argv)
    results = {}
    for name, rows in (("like_people", asked.rows), ("isotropic", asked.isotropic_rows)):
        with tempfile.TemporaryDirectory() as folder:
            found = bench_search(
                Path(folder) / "archive", rows, DIM, isotropic=name == "isotropic", report=lambda *_: None
            )
        results[name] = asdict(found)
    (ROOT / "results" / "search.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
