"""Batch 8 against batch 1: the same detections? And how much faster, in one run?

Writes benchmarks/results/batching.json: per detector and engine the largest difference in pixels and score over the
footage, the number of detections without a partner, and images a second at batch 1 and 8.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from benchmarks.evaluation_set import mirrored_store, write_result
from models.boxes import iou
from models.cards import CARDS
from models.detections import Detections
from models.detector import Detector, load_detector
from models.engine import EngineSettings
from models.store import ModelStore

ROOT = Path(__file__).resolve().parent
CLIP = ROOT.parent / "configs" / "demo" / "gate-noon.mp4"
MIN_SCORE = 0.1


def frames(count: int) -> list[np.ndarray]:
    with av.open(str(CLIP)) as clip:
        pictures = [f.to_ndarray(format="bgr24") for f in clip.decode(video=0)]
    return pictures[:: max(1, len(pictures) // count)][:count]


def difference(one: Detections, eight: Detections) -> tuple[float, float, int]:
    """Return the largest box (px) and score difference, and how many clear detections have no partner."""
    if not len(one) or not len(eight):
        return 0.0, 0.0, int((one.score > MIN_SCORE + 0.01).sum() + (eight.score > MIN_SCORE + 0.01).sum())
    overlap = iou(one.xyxy, eight.xyxy) * (one.class_id[:, None] == eight.class_id[None])
    partner = overlap.argmax(axis=1)
    paired = overlap.max(axis=1) > 0.9
    lone = int((~paired & (one.score > MIN_SCORE + 0.01)).sum())
    pixels = np.abs(one.xyxy[paired] - eight.xyxy[partner[paired]]).max(initial=0.0)
    score = np.abs(one.score[paired] - eight.score[partner[paired]]).max(initial=0.0)
    return float(pixels), float(score), lone


def rate(detector: Detector, pictures: list[np.ndarray], batch: int) -> float:
    began = time.process_time()
    for start in range(0, len(pictures), batch):
        detector.detect(pictures[start : start + batch], min_score=MIN_SCORE)
    return len(pictures) / (time.process_time() - began)


def measure(name: str, engine: str, store: ModelStore, pictures: list[np.ndarray]) -> dict[str, object]:
    detector = load_detector(name, store=store, engine=EngineSettings(engine=engine))  # type: ignore[arg-type]
    singles = [detector.detect([p], min_score=MIN_SCORE)[0] for p in pictures]
    batched = [d for i in range(0, len(pictures), 8) for d in detector.detect(pictures[i : i + 8], min_score=MIN_SCORE)]
    rows = [difference(a, b) for a, b in zip(singles, batched, strict=True)]
    return {
        "detector": name,
        "engine": detector.choice.label,
        "max_px": round(max(r[0] for r in rows), 4),
        "max_score": round(max(r[1] for r in rows), 5),
        "unpaired": sum(r[2] for r in rows),
        "per_cpu_second_batch1": round(rate(detector, pictures, 1), 1),
        "per_cpu_second_batch8": round(rate(detector, pictures, 8), 1),
    }


def main(argv: list[str]) -> int:
    """Measure every detector on both engines; 0 when all differences are within the bounds."""
    pictures = frames(int(argv[0]) if argv else 16)
    results = []
    detectors = [name for name, card in CARDS.items() if card.task == "detector"]
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for name in detectors:
            for engine in ("onnxruntime", "openvino"):
                results.append(measure(name, engine, store, pictures))
                print(json.dumps(results[-1]), flush=True)
    write_result("batching", {"pictures": len(pictures), "results": results})
    good = all(r["max_px"] <= 0.5 and r["max_score"] <= 0.005 and r["unpaired"] == 0 for r in results)  # type: ignore[operator]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
