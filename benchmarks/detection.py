"""AP50 of persons on the labelled sequences, per detector and engine, and what a picture costs.

    python -m benchmarks.detection [EVERY]

EVERY (default 1) takes each n-th frame only. Writes benchmarks/results/detection.json. The exit code is 1 when a
detector falls more than 0.01 below what its network is known to reach.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.average_precision import average_precision, match
from benchmarks.evaluation_set import SEQUENCES, SHARED, frames, mirrored_store, write_result
from models.card import Task
from models.cards import CARDS
from models.detections import Image
from models.detector import MIN_SCORE, Detector, load_detector
from models.engine import AUTOMATIC, EngineSettings
from models.kinds import Kind

BATCH = 4
FP32 = EngineSettings("onnxruntime", "cpu", "fp32")
KNOWN = {
    "omz2002": {"PETS09-S2L1": 0.913, "TUD-Stadtmitte": 0.875},
    "omz0078": {"PETS09-S2L1": 0.909, "TUD-Stadtmitte": 0.859},
    "yolox_nano": {"PETS09-S2L1": 0.899, "TUD-Stadtmitte": 0.853},
    "nanodet": {"PETS09-S2L1": 0.912, "TUD-Stadtmitte": 0.841},
}
TOLERANCE = 0.01
Frame = tuple[Image, NDArray[np.float32]]


def measure(detector: Detector, sequence: str, every: int = 1, shared: Path = SHARED) -> dict[str, object]:
    """Return AP50 of persons over the sequence, and milliseconds per frame inside `detect`."""
    right, scores, truths, count, spent_s = [], [], 0, 0, 0.0
    for part in _batches(frames(sequence, every, shared)):
        began = time.perf_counter()
        found = detector.detect([picture for picture, _ in part], min_score=MIN_SCORE)
        spent_s += time.perf_counter() - began
        for one, (_, truth) in zip(found, part, strict=True):
            persons = one.of_kind(Kind.PERSON)
            right.append(match(persons.xyxy, truth))
            scores.append(persons.score)
            truths += len(truth)
        count += len(part)
    return {
        "detector": detector.name,
        "engine": detector.choice.label,
        "sequence": sequence,
        "frames": count,
        "ap50": round(average_precision(right, scores, truths), 4),
        "ms_per_frame": round(1000 * spent_s / count, 1),
    }


def _batches(pictures: Iterable[Frame]) -> Iterator[list[Frame]]:
    remaining = iter(pictures)
    while part := list(islice(remaining, BATCH)):
        yield part


def falls_short(row: dict[str, object]) -> bool:
    """Tell whether a result over all frames is lower than it may be."""
    known = KNOWN.get(str(row["detector"]), {}).get(str(row["sequence"]), 0.0)
    return float(str(row["ap50"])) < known - TOLERANCE


def main(argv: list[str]) -> int:
    every = int(argv[0]) if argv else 1
    rows = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for card in CARDS.values():
            if card.task != Task.DETECTOR:
                continue
            loaded = [load_detector(card.name, store=store, engine=settings) for settings in (FP32, AUTOMATIC)]
            for detector in {each.choice.label: each for each in loaded}.values():
                for sequence in SEQUENCES:
                    rows.append(measure(detector, sequence, every))
                    print(json.dumps(rows[-1]), flush=True)
    write_result("detection", {"batch": BATCH, "every": every, "min_score": MIN_SCORE, "results": rows})
    return int(any(falls_short(row) for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
