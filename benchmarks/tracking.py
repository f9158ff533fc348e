"""Tracking quality and cost on the labelled sequences: `python -m benchmarks.tracking [--models NAME...]`.

Runs the real chain (file adapter, detector, tracker, hindsight) as `zhian track` does and writes results/tracking.json.
Matching at IoU 0.5 against gt/gt.txt, once against all its rows and once against those flagged for evaluation only.
Every detector runs on the engine that is chosen here and in fp32. The sequences are short and their people few, so each
figure comes with its spread over the same detections shaken a little (`benchmarks.shaken`): two figures differ when
their spreads do.
With `--keep DIR` the detections are kept as .npz, for `benchmarks.tracking_peers` to run other trackers on.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.evaluation_set import SEQUENCES, SHARED, mirrored_store, write_result
from benchmarks.hota import hota
from benchmarks.mot_metrics import Array, read_mot, score
from benchmarks.shaken import TIMES, Replayed, spread
from models.detections import Detections, Image
from models.detector import Detector, load_detector
from models.engine import AUTOMATIC, EngineSettings
from models.kinds import Kind
from models.store import ModelStore
from pipeline.analysis.tracking import Tracker
from pipeline.track_recording import TrackRow, track_recording

MODELS = ("omz2002", "omz0078", "nanodet")
RATES = (None, 5.0)
FP32 = EngineSettings("auto", "cpu", "fp32")
LOOKS = 144


@dataclass(slots=True)
class Listening:
    """A detector that keeps what it found."""

    detector: Detector
    found: list[Detections] = field(default_factory=list)

    @property
    def input(self) -> object:
        return self.detector.input

    def detect(
        self, images: Sequence[Image], source_sizes: Sequence[tuple[int, int]], *, min_score: float
    ) -> list[Detections]:
        found = self.detector.detect(images, source_sizes, min_score=min_score)
        self.found += found
        return found


def measure(video: Path, truth_file: Path, detector: Listening, fps: float | None) -> dict[str, float | int | str]:
    """Track one recording and compare."""
    began = time.perf_counter()
    analysed: list[int] = []
    rows = track_recording(
        video, detector=detector, kind=Kind.PERSON, fps=fps, progress=lambda done, _: analysed.append(done)
    )
    took = time.perf_counter() - began
    found = np.array([row[:7] for row in rows], float).reshape(-1, 7)
    frames = frames_analysed(rows)
    result: dict[str, float | int | str] = {"frames": analysed[-1], "ids": len({row.track_id for row in rows})}
    for name, flagged in (("", False), ("flagged_", True)):
        truth = read_mot(truth_file, flagged_only=flagged)
        if fps is not None:
            truth = truth[np.isin(truth[:, 0], frames)]
        against = score(truth, found)
        result |= {f"{name}idf1": round(against.idf1, 4), f"{name}mota": round(against.mota, 4)}
        if not flagged:
            result["hota"] = round(hota(truth, found), 4)
            result |= {"switches": against.switches, "misses": against.misses, "false_boxes": against.false_boxes}
    result["tracker_ms_per_frame"] = round(tracker_ms(detector.found[-analysed[-1] :]), 3)
    result["whole_chain_ms_per_frame"] = round(1000.0 * took / analysed[-1], 1)
    return result


def measure_shaken(
    video: Path, truth_file: Path, heard: Listening, fps: float | None, times: int = TIMES
) -> dict[str, dict[str, float]]:
    """Track a recording `times` more with what was heard in it, shaken; return the spread of each score."""
    scores: dict[str, list[float]] = {"idf1": [], "mota": [], "hota": []}
    for seed in range(times):
        replayed = Replayed(heard.detector, heard.found, seed)
        rows = track_recording(video, detector=replayed, kind=Kind.PERSON, fps=fps)
        truth, found = read_mot(truth_file), np.array([row[:7] for row in rows], float).reshape(-1, 7)
        if fps is not None:
            truth = truth[np.isin(truth[:, 0], frames_analysed(rows))]
        against = score(truth, found)
        for name, value in (("idf1", against.idf1), ("mota", against.mota), ("hota", hota(truth, found))):
            scores[name].append(value)
    return {name: spread(values) for name, values in scores.items()}


def frames_analysed(rows: Sequence[TrackRow]) -> Array:
    """The frames with rows; both sequences have somebody in nearly every frame."""
    return np.unique([row.frame for row in rows])


def tracker_ms(found: Sequence[Detections], step_ms: int = 100) -> float:
    """Milliseconds of Tracker.update per frame on these detections, with looks of 144 numbers."""
    rng = np.random.default_rng(0)
    people = [detections.of_kind(Kind.PERSON) for detections in found]
    looks = [rng.random((len(detections), LOOKS), np.float32) / 7.0 for detections in people]
    tracker = Tracker()
    began = time.perf_counter()
    for i, (detections, look) in enumerate(zip(people, looks, strict=True)):
        tracker.update(detections, i * step_ms, look, (1920, 1080))
    return 1000.0 * (time.perf_counter() - began) / len(found)


def keep(path: Path, found: Sequence[Detections]) -> None:
    """Store the people of every frame as columns frame, x1, y1, x2, y2, score."""
    people = [detections.of_kind(Kind.PERSON) for detections in found]
    rows = [np.column_stack([np.full(len(d), i + 1), d.xyxy, d.score]) for i, d in enumerate(people)]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, rows=np.concatenate(rows), frames=len(found))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as home:
        results = measure_all(args, mirrored_store(Path(home), args.shared))
    write_result("tracking", {"shaken_times": TIMES, "results": results})
    return 0


def measure_all(args: argparse.Namespace, store: ModelStore) -> list[dict[str, object]]:
    results: list[dict[str, object]] = []
    for name in args.models:
        detectors = [load_detector(name, store=store, engine=settings) for settings in (AUTOMATIC, FP32)]
        by_engine = {each.choice.label: each for each in detectors}
        for detector, sequence, fps in product(by_engine.values(), SEQUENCES, RATES):
            folder = args.shared / "mot" / sequence
            folder = folder if folder.is_dir() else args.shared / "data" / "mot" / sequence
            video, truth, heard = folder / SEQUENCES[sequence], folder / "gt" / "gt.txt", Listening(detector)
            figures: dict[str, object] = {"detector": name, "engine": detector.choice.label, "sequence": sequence}
            figures |= {"fps": fps or "all", **measure(video, truth, heard, fps)}
            figures["shaken"] = measure_shaken(video, truth, heard, fps)
            results.append(figures)
            print(json.dumps(figures), flush=True)
            if args.keep and fps is None and detector is detectors[0]:
                keep(args.keep / f"{name}_{sequence}.npz", heard.found)
    return results


if __name__ == "__main__":
    sys.exit(main())
