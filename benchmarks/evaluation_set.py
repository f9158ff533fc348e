"""Where evaluation footage and the model mirror are: ZHIAN_SHARED, or `../shared` beside the repository."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import ModelCard, Task
from models.cards import CARDS
from models.detections import Image
from models.engine import describe_host
from models.fetch import fetch
from models.store import ModelStore
from pipeline.bench.machine import fixed_work_ms

ROOT = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("ZHIAN_SHARED", ROOT.parents[1] / "shared"))
SEQUENCES = {"PETS09-S2L1": "vtest.avi", "TUD-Stadtmitte": "TUD-Stadtmitte.mp4"}


def mirrored_store(home: Path, shared: Path = SHARED) -> ModelStore:
    """Return a store in `home` with every network of the mirror."""
    store = ModelStore(home)
    for card in CARDS.values():
        fetch(card, store, mirror=str(shared / "weights"))
    return store


def made_up(card: ModelCard, count: int) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Return noise as a card's network takes it (`models.picture_network.as_run`), the same at every call."""
    rng, (width, height) = np.random.default_rng(0), (card.input.width, card.input.height)
    if card.task == Task.DETECTOR:
        return rng.integers(0, 256, (count, height, width, 3), np.uint8)
    return rng.uniform(0, 255, (count, 3, height, width)).astype(np.float32)


def true_boxes(folder: Path) -> dict[int, NDArray[np.float32]]:
    """Return float32 (n, 4) xyxy of every frame, counted from 1, from MOTChallenge `gt/gt.txt`."""
    rows = np.loadtxt(folder / "gt" / "gt.txt", delimiter=",", ndmin=2)
    xyxy = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1).astype(np.float32)
    return {int(frame): xyxy[rows[:, 0] == frame] for frame in np.unique(rows[:, 0])}


def frames(sequence: str, every: int = 1, shared: Path = SHARED) -> Iterator[tuple[Image, NDArray[np.float32]]]:
    """Yield each `every`-th frame with its true boxes."""
    folder = shared / "data" / "mot" / sequence
    truth = true_boxes(folder)
    video = cv2.VideoCapture(str(folder / SEQUENCES[sequence]))
    number = 0
    while video.grab():
        number += 1
        if number % every == 0:
            yield np.asarray(video.retrieve()[1], np.uint8), truth.get(number, np.empty((0, 4), np.float32))
    video.release()


def write_result(name: str, result: dict[str, object]) -> None:
    """Write benchmarks/results/NAME.json, with the machine it was measured on and how fast that is now."""
    host = describe_host()
    machine = {
        "cpu": host.cpu,
        "cores": host.cores,
        "bf16": host.bf16_units,
        "onnxruntime": host.onnxruntime,
        "openvino": host.openvino,
        "fixed_work_ms": fixed_work_ms(),
    }
    folder = ROOT / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"machine": machine, **result}, indent=1) + "\n", "utf-8")
