"""Detector and embedder on the GPU against the CPU of the same machine, in one run.

    python -m benchmarks.gpu [SECONDS]

SECONDS (default 0.5) are spent on each row. `engine` rows: the network alone, rows a second by the clock and the
largest deviation from onnxruntime in fp32 on the CPU, as a share of the largest value, for several ways to use the
GPU. `whole` rows: pictures in, boxes or vectors out. Writes benchmarks/results/gpu.json, and nothing where there is no
GPU. The exit code is 1 when what the GPU gives in fp32 deviates by more than a thousandth.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from benchmarks.evaluation_set import SHARED, made_up, mirrored_store, write_result
from models.card import ModelCard, Task
from models.cards import card
from models.detector import load_detector
from models.embedder import load_embedder
from models.engine import EngineSettings, describe_host, open_engine
from models.engine.gpu_engine import GpuEngine, providers_of
from models.engine.onnxruntime_engine import open_session
from models.errors import EngineUnavailable, ModelCorrupt
from models.picture_network import as_run
from models.store import ModelStore

NETWORKS = ("nanodet", "person_small", "omz2002", "omz0277")
BATCHES = (1, 8, 16, 32)
LARGEST_DEVIATION = 1e-3
ON_GPU = EngineSettings("onnxruntime", "cuda", "fp32")
TF32 = EngineSettings("onnxruntime", "cuda", "tf32")
FP32 = EngineSettings("onnxruntime", "cpu", "fp32")
BF16 = EngineSettings("openvino", "cpu", "bf16")
UNUSABLE = (EngineUnavailable, ModelCorrupt, RuntimeError, failures.EPFail, failures.Fail, failures.RuntimeException)
Blob = NDArray[np.float32]
Outputs = Mapping[str, Blob]
Infer = Callable[[NDArray[Any]], Outputs]


def rate(run: Callable[[], object], rows: int, seconds: float) -> float:
    """Return rows a second by the clock, after two runs that do not count."""
    run()
    run()
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        run()
        done += rows
    return round(done / spent, 1)


def rates(run: Callable[[Any], object], rows: Any, seconds: float) -> dict[int, float]:
    """Return rows a second by size of batch."""
    return {n: rate(partial(run, rows[:n]), n, seconds) for n in BATCHES}


def deviation(found: Outputs, expected: Outputs) -> float:
    """Return the largest difference as a share of the largest value, over all outputs."""
    return max(float(np.abs(found[name] - each).max() / np.abs(each).max()) for name, each in expected.items())


def ways(network: bytes) -> dict[str, Callable[[], Infer]]:
    """Return the ways to run a network on the GPU and on this machine's CPU, each to be started when its turn comes."""

    def cuda(precision: str, **more: str) -> Infer:
        (name, options), *others = providers_of(EngineSettings("onnxruntime", "cuda", precision))  # type: ignore[arg-type]
        set_so = {key: value for key, value in {**options, **more}.items() if value}
        engine = GpuEngine(network, ON_GPU, providers=[(name, set_so), *others])
        return lambda blob: engine.run({engine.input_names[0]: blob})

    def plain() -> Infer:
        (name, options), *others = providers_of(EngineSettings("onnxruntime", "cuda", "fp32"))
        session = open_session(
            network, [(name, {k: v for k, v in options.items() if k != "enable_cuda_graph"}), *others]
        )
        names = [each.name for each in session.get_outputs()]
        asked = session.get_inputs()[0].name
        return lambda blob: dict(zip(names, session.run(names, {asked: blob}), strict=True))

    def on_cpu(settings: EngineSettings) -> Infer:
        engine = open_engine(network, settings=settings)
        return lambda blob: engine.run({engine.input_names[0]: blob})

    found = {
        "cpu, onnxruntime fp32": lambda: on_cpu(FP32),
        "cuda fp32, nothing bound": plain,
        "cuda fp32, bound": lambda: cuda("fp32", enable_cuda_graph=""),
        "cuda fp32, recorded": lambda: cuda("fp32"),
        "cuda tf32, bound": lambda: cuda("tf32", enable_cuda_graph=""),
        "cuda tf32, recorded": lambda: cuda("tf32"),
    }
    return found | ({"cpu, openvino bf16": lambda: on_cpu(BF16)} if describe_host().bf16 else {})


def engines(one: ModelCard, network: bytes, seconds: float) -> list[dict[str, object]]:
    """Measure the network alone, every way and size of batch."""
    blob = made_up(one, max(BATCHES))
    rows: list[dict[str, object]] = []
    expected: Outputs = {}
    for way, start in ways(network).items():
        row: dict[str, object] = {"network": one.name, "way": way}
        try:
            infer = start()
            found = infer(blob)
            expected = expected or found
            row["deviation"] = round(deviation(found, expected), 6)
            row["per_s"] = rates(infer, blob, seconds)
        except UNUSABLE as error:
            row["failed"] = str(error).splitlines()[0][:200]
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def whole(one: ModelCard, store: ModelStore, seconds: float) -> list[dict[str, object]]:
    """Measure pictures of the network's own size in, results out, as the product does it."""
    size = (max(BATCHES), one.input.height, one.input.width, 3)
    pictures = list(np.random.default_rng(0).integers(0, 256, size, np.uint8))
    rows: list[dict[str, object]] = []
    for settings in (FP32, BF16, ON_GPU, TF32):
        if (settings is BF16 and not describe_host().bf16) or (settings is TF32 and one.task != Task.DETECTOR):
            continue
        if one.task == Task.DETECTOR:
            detector = load_detector(one.name, store=store, engine=settings)
            run, label = detector.detect, detector.choice.label
        else:
            embedder = load_embedder(one.name, store=store, engine=settings)
            run, label = embedder.embed, embedder.choice.label  # type: ignore[assignment]
        rows.append({"network": one.name, "engine": label, "per_s": rates(run, pictures, seconds)})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def device() -> str:
    """Return the name and driver of the first GPU as the driver's own tool tells it."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def main(argv: list[str]) -> int:
    seconds = float(argv[0]) if argv else 0.5
    if "CUDAExecutionProvider" not in describe_host().providers:
        print("no GPU here (this onnxruntime has no CUDA provider): nothing was measured")
        return 0
    alone: list[dict[str, object]] = []
    through: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home)) if (SHARED / "weights").is_dir() else ModelStore()
        for one in (each for each in map(card, NETWORKS) if store.has(each)):
            alone += engines(one, as_run(one, store.path(one)[0].read_bytes()), seconds)
            through += whole(one, store, seconds)
            write_result("gpu", {"gpu": device(), "seconds": seconds, "engine": alone, "whole": through})
    exact = [row for row in alone if "cuda fp32" in str(row["way"])]
    return int(any(float(str(row.get("deviation", 0.0))) > LARGEST_DEVIATION for row in exact))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
