"""int8 against what runs today: what it would gain, and what it would cost in accuracy.

    python -m benchmarks.quantised [EVERY]

Detector and person embedder are quantised after training (QDQ, each channel for itself, calibrated on the demo clips,
which no accuracy is measured on) with onnxruntime's own tool, as the whole network and with its last layers left in
fp32. Each is run on both engines, turn by turn with what `zhian` would choose here. EVERY (default 4) takes each n-th
frame of the labelled footage. int8 would be offered from 1.15 times the speed at less than 0.01 of AP50 (vectors: of
rank-1 and mAP) lost; `offered` says whether it is. Writes benchmarks/results/quantised.json.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import load_from_string
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from benchmarks import detection, embedding
from benchmarks.engine_rate import quotient, through_layer, turns
from benchmarks.evaluation_set import ROOT, SEQUENCES, made_up, mirrored_store, write_result
from models.card import ModelCard, Task
from models.cards import card
from models.decoders import open_decoder
from models.detections import Image
from models.detector import Detector, load_detector
from models.embedder import NetworkEmbedder
from models.engine import Engine, EngineChoice, EngineSettings, choose, open_engine
from models.picture_network import as_run
from models.preparation import Preparation
from models.store import ModelStore

CLIPS = ROOT.parent / "configs" / "demo"
NETWORKS = ("nanodet", "omz2002", "person_small", "omz0277")
BATCH = 4
SECONDS = 5.0
GAIN, LOSS = 1.15, 0.01
LAST = 0.15
ENGINES = (EngineSettings("onnxruntime", "cpu", "fp32", 1), EngineSettings("openvino", "cpu", "bf16", 1))


class Calibration(quantization.CalibrationDataReader):
    """Blobs of one picture each."""

    def __init__(self, name: str, blobs: Iterator[NDArray[Any]]) -> None:
        self._name = name
        self._blobs = blobs

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """Return the next input, None after the last."""
        blob = next(self._blobs, None)
        return None if blob is None else {self._name: blob}


def clip_frames(every: int = 12) -> list[Image]:
    """Return frames of the demo clips."""
    found: list[Image] = []
    for path in sorted(CLIPS.glob("*.mp4")):
        video, number = cv2.VideoCapture(str(path)), 0
        while video.grab():
            number += 1
            if number % every == 0:
                found.append(np.asarray(video.retrieve()[1], np.uint8))
        video.release()
    return found


def calibration(one: ModelCard, store: ModelStore) -> list[NDArray[Any]]:
    """Return inputs for the network: frames, or the people a detector finds in them."""
    frames, preparation = clip_frames(), Preparation(one.input)
    if one.task == Task.DETECTOR:
        return [preparation.pixels([frame])[0] for frame in frames]
    boxes = load_detector("nanodet", store=store).detect(frames, min_score=0.4)
    crops = [
        frame[int(y0) : int(y1), int(x0) : int(x1)]
        for frame, found in zip(frames, boxes, strict=True)
        for x0, y0, x1, y1 in found.xyxy
        if x1 - x0 > 8 and y1 - y0 > 24
    ]
    return [preparation.batch([crop])[0] for crop in crops[:200]]


def quantise(network: bytes, blobs: list[NDArray[Any]], folder: Path, *, keep_last: bool) -> bytes:
    """Return the network in int8 (QDQ); `keep_last`: without the last LAST of its convolutions."""
    source, cleaned, made = (folder / name for name in ("fp32.onnx", "cleaned.onnx", "int8.onnx"))
    source.write_bytes(network)
    quant_pre_process(str(source), str(cleaned), skip_symbolic_shape=True)
    model = load_from_string(cleaned.read_bytes())
    for number, node in enumerate(model.graph.node):  # nodes without a name would all be left out as one
        node.name = f"{node.op_type}-{number}"
    cleaned.write_bytes(model.SerializeToString())
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    left_out = convolutions[-max(1, round(LAST * len(convolutions))) :] if keep_last else []
    quantization.quantize_static(
        str(cleaned),
        str(made),
        Calibration(model.graph.input[0].name, iter(blobs)),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        nodes_to_exclude=left_out,
    )
    return made.read_bytes()


def accuracy(one: ModelCard, engine: Engine, store: ModelStore, every: int) -> dict[str, float]:
    """Return AP50 by sequence of a detector, rank-1 and mAP of an embedder."""
    choice = EngineChoice(engine.label, "measured")
    if one.task == Task.EMBEDDER:
        row = embedding.measure(NetworkEmbedder(one, engine, choice))
        return {"rank_1": float(str(row["rank_1"])), "map": float(str(row["map"]))}
    priors = np.load(store.path(one)[1])["priors"] if one.family == "ssd" else None
    detector = Detector(one, engine, open_decoder(one, priors), choice)
    return {name: float(str(detection.measure(detector, name, every)["ap50"])) for name in SEQUENCES}


def compare(one: ModelCard, store: ModelStore, every: int) -> list[dict[str, object]]:
    """Quantise a network both ways and compare each with today's on both engines."""
    network = as_run(one, store.path(one)[0].read_bytes())
    settled, _ = choose(EngineSettings(threads=1), for_detection=one.task == Task.DETECTOR)
    today = open_engine(network, settings=settled)
    known, blob = accuracy(one, today, store, every), made_up(one, BATCH)
    blobs = calibration(one, store)
    rows: list[dict[str, object]] = [{"network": one.name, "way": f"today: {today.label}", **known}]
    print(json.dumps(rows[-1]), flush=True)
    for keep_last in (False, True):
        try:
            with tempfile.TemporaryDirectory() as folder:
                made = quantise(network, blobs, Path(folder), keep_last=keep_last)
        except ValueError as error:  # the tool cannot take every network
            rows.append({"network": one.name, "way": "int8", "failed": str(error)})
            continue
        for settings in ENGINES:
            rows.append(_row(one, made, settings, today, blob, known, lambda e: accuracy(one, e, store, every)))
            rows[-1]["last_layers"] = "fp32" if keep_last else "int8"
            print(json.dumps(rows[-1]), flush=True)
    return rows


def _row(
    one: ModelCard,
    made: bytes,
    settings: EngineSettings,
    today: Engine,
    blob: NDArray[Any],
    known: dict[str, float],
    judge: Callable[[Engine], dict[str, float]],
) -> dict[str, object]:
    engine = open_engine(made, settings=settings)
    now, then = turns([through_layer(today, blob), through_layer(engine, blob)], SECONDS)
    found, gain = judge(engine), quotient(now, then)
    lost = max(known[name] - found[name] for name in known)
    return {
        "network": one.name,
        "way": f"int8 on {settings.engine}",
        **found,
        "today_ms": round(median(now) / BATCH, 2),
        "int8_ms": round(median(then) / BATCH, 2),
        "gain": gain,
        "lost": round(lost, 4),
        "offered": gain >= GAIN and lost < LOSS,
    }


def main(argv: list[str]) -> int:
    every = int(argv[0]) if argv else 4
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for name in NETWORKS:
            rows += compare(card(name), store, every)
            write_result("quantised", {"every": every, "batch": BATCH, "results": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
