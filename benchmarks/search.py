"""Searches in an archive of a million made-up sightings, beside a flat FAISS index, as `zhian bench search` runs them.

Three sorts of vectors: shaped like those of people; real ones of the bundled embedder, perturbed (crops are found by
ZHIAN_SHARED); and the worst case, vectors without structure. Writes results/search.json and a picture of each.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models.embedder import load_embedder
from models.kinds import Kind
from models.pictures import read_picture
from pipeline.bench.looks import FloatArray
from pipeline.bench.search import bench_search
from pipeline.bench.search_plot import draw

ROOT = Path(__file__).resolve().parent
DIM = 256
CROPS_OF_A_SOURCE = 60


def real_vectors(shared: Path) -> FloatArray:
    """Embed some crops of each source, evenly spread; float32 (n, 256)."""
    embedder = load_embedder("person_small", kind=Kind.PERSON)
    found = []
    for source in sorted(path for path in (shared / "data" / "crops").iterdir() if path.is_dir()):
        pictures = sorted(path for path in source.rglob("*") if path.suffix in (".jpg", ".png"))
        chosen = pictures[:: max(1, len(pictures) // CROPS_OF_A_SOURCE)]
        batches = (chosen[start : start + 32] for start in range(0, len(chosen), 32))
        found += [embedder.embed([read_picture(path) for path in batch]).vectors for batch in batches]
    return np.concatenate(found)


def main(argv: list[str]) -> int:
    """Measure and write; return 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--isotropic-rows", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where the archives are made")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("ZHIAN_SHARED", ROOT.parents[1] / "shared")))
    asked = parser.parse_args(argv)
    results = {}
    for name, rows in (("like_people", asked.rows), ("real", asked.rows), ("isotropic", asked.isotropic_rows)):
        real = real_vectors(asked.shared) if name == "real" else None
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            found = bench_search(
                Path(folder) / "a", rows, DIM, isotropic=name == "isotropic", real=real, report=lambda *_: None
            )
        results[name] = asdict(found)
        print(json.dumps(results[name]), flush=True)
        draw(found, ROOT / "results" / f"search_{name}.png")
    (ROOT / "results" / "search.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
