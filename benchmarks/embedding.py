"""Finding a person again on `pets_reentry_reid`: rank-1 and mAP per embedder, and what a crop costs.

    python -m benchmarks.embedding

Writes benchmarks/results/embedding.json. The exit code is 1 when an embedder falls below its bound.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.evaluation_set import SHARED, mirrored_store, write_result
from benchmarks.retrieval import retrieval
from models.card import Task
from models.cards import CARDS
from models.detections import Image
from models.embedder import Embedder, load_embedder
from models.engine import AUTOMATIC, EngineSettings, describe_host
from models.pictures import read_picture

BF16 = EngineSettings("openvino", "cpu", "bf16")
BOUNDS = {"omz0277": (1.0, 0.95), "person_small": (0.95, 0.95), "colour_stripes": (0.85, 0.641)}


def crops(side: str, shared: Path = SHARED) -> tuple[list[Image], list[str]]:
    """Return the pictures of `query` or `gallery` and whom each shows."""
    folder = shared / "data" / "reid" / "pets_reentry_reid"
    labels = json.loads((folder / "labels.json").read_text("utf-8"))["crops"]
    chosen = [row for row in labels if row["file"].startswith(f"{side}/")]
    return [read_picture(folder / row["file"]) for row in chosen], [row["person"] for row in chosen]


def measure(embedder: Embedder, shared: Path = SHARED) -> dict[str, object]:
    """Embed queries and gallery, rank, and time the gallery."""
    (queries, asked), (gallery, shown) = crops("query", shared), crops("gallery", shared)
    embedder.embed(gallery[:1])
    began = time.perf_counter()
    kept = embedder.embed(gallery)
    spent_s = time.perf_counter() - began
    numbers = {person: i for i, person in enumerate(sorted({*asked, *shown}))}
    rank_1, mean_ap = retrieval(
        embedder.embed(queries).similarity(kept), [numbers[p] for p in asked], [numbers[p] for p in shown]
    )
    return {
        "embedder": embedder.name,
        "space": str(embedder.space),
        "engine": embedder.choice.label,
        "rank_1": round(rank_1, 4),
        "map": round(mean_ap, 4),
        "ms_per_crop": round(1000 * spent_s / len(gallery), 2),
    }


def main(argv: list[str]) -> int:
    rows = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for card in CARDS.values():
            if card.task != Task.EMBEDDER:
                continue
            variants = [AUTOMATIC, BF16] if card.files and describe_host().bf16 else [AUTOMATIC]
            for settings in variants:
                rows.append(measure(load_embedder(card.name, store=store, engine=settings)))
                print(json.dumps(rows[-1]), flush=True)
    write_result("embedding", {"set": "pets_reentry_reid", "results": rows})
    below = [row for row in rows if _below(row)]
    return int(bool(below))


def _below(row: dict[str, object]) -> bool:
    rank_1, mean_ap = BOUNDS.get(str(row["embedder"]), (0.0, 0.0))
    return float(str(row["rank_1"])) < rank_1 or float(str(row["map"])) < mean_ap


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
