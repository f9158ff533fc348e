"""The engine layer against the bare engines, and bf16 against fp32, turn by turn in one run.

    python -m benchmarks.engine_rate [SECONDS]

SECONDS (default 3) are spent on each row. `rate` is the layer's pictures a second as a share of the bare engine's on
the same threads: the median over the turns of (bare milliseconds / layer milliseconds). Writes
benchmarks/results/engine_rate.json. The exit code is 1 when a rate is below 0.9, or when on a machine with AMX a
network of dense convolutions is not 3 times as fast in bf16 as on onnxruntime in fp32.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import onnxruntime
import openvino
from numpy.typing import NDArray

from benchmarks.evaluation_set import made_up, mirrored_store, write_result
from models.card import ModelCard
from models.cards import card
from models.engine import Engine, EngineSettings, describe_host, open_engine
from models.picture_network import as_run

NETWORKS = ("nanodet", "omz2002", "person_small", "omz0277")
BATCHES = (1, 4, 8)
AT_LEAST = 0.9
AMX_AT_LEAST = 3.0
_HINT = {"fp32": "f32", "bf16": "bf16"}
_FEWEST_TURNS = 5
Blob = NDArray[np.float32] | NDArray[np.uint8]
Run = Callable[[], object]
Row = dict[str, object]


def bare_openvino(network: bytes, blob: Blob, precision: str, streams: int = 1) -> Run:
    """Return one inference of the blob by openvino alone; with several streams by as many requests at the same time."""
    core = openvino.Core()
    model = core.read_model(network)
    part = len(blob) // streams
    model.reshape({model.inputs[0].get_any_name(): [part, *blob.shape[1:]]})
    hint = "LATENCY" if streams == 1 else "THROUGHPUT"
    options = {"INFERENCE_PRECISION_HINT": _HINT[precision], "PERFORMANCE_HINT": hint, "NUM_STREAMS": streams}
    compiled = core.compile_model(model, "CPU", {**options, "INFERENCE_NUM_THREADS": streams})
    requests = [compiled.create_infer_request() for _ in range(streams)]
    for number, request in enumerate(requests):
        rows = blob[number * part : (number + 1) * part]
        request.set_input_tensor(openvino.Tensor(rows, shared_memory=True))

    def run() -> None:
        for request in requests[1:]:
            request.start_async()
        requests[0].infer()
        for request in requests[1:]:
            request.wait()

    return run


def bare_onnxruntime(network: bytes, blob: Blob) -> Run:
    """Return one inference of the blob by onnxruntime alone on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: blob})


def turns(runs: Sequence[Run], seconds: float) -> list[list[float]]:
    """Run all of them in turn for `seconds`; returns milliseconds by the clock, one list for each."""
    for run in runs:
        run()
        run()
    spent: list[list[float]] = [[] for _ in runs]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(spent[0]) < _FEWEST_TURNS:
        for run, times in zip(runs, spent, strict=True):
            began = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - began))
    return spent


def quotient(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median over the turns: what slows the machine for a while slows both sides of a turn."""
    return round(median(a / b for a, b in zip(above, below, strict=True)), 3)


def is_dense(network: bytes) -> bool:
    """Tell whether no convolution of the network is split into groups."""
    nodes = onnx.load_from_string(network).graph.node
    groups = [each.i for node in nodes if node.op_type == "Conv" for each in node.attribute if each.name == "group"]
    return all(group == 1 for group in groups)


def through_layer(engine: Engine, blob: Blob) -> Run:
    """Return one inference of the blob through the engine layer."""
    return lambda: engine.run({engine.input_names[0]: blob})


def compared(one: ModelCard, batch: int, names: tuple[str, str, str], runs: tuple[Run, Run], seconds: float) -> Row:
    """Run both in turn; return by name their milliseconds a picture, and how many times as fast the second is."""
    both = turns(runs, seconds)
    figures = [round(median(spent) / batch, 3) for spent in both] + [quotient(*both)]
    return {"network": one.name, "batch": batch, **dict(zip(names, figures, strict=True))}


def rates(one: ModelCard, network: bytes, seconds: float) -> list[Row]:
    """Compare layer and bare engine for every engine and size of batch."""
    host = describe_host()
    kinds = [("onnxruntime", "fp32", 1), ("openvino", "fp32", 1)]
    if host.bf16:
        kinds += [("openvino", "bf16", 1), ("openvino", "bf16", host.cores)]
    rows: list[Row] = []
    for name, precision, threads in dict.fromkeys(kinds):
        engine = open_engine(network, settings=EngineSettings(name, "cpu", precision, threads))  # type: ignore[arg-type]
        for batch in BATCHES if threads == 1 else (2 * threads, 4 * threads):
            blob = made_up(one, batch)
            bare = bare_onnxruntime(network, blob)
            if name == "openvino":
                bare = bare_openvino(network, blob, precision, threads)
            runs = (bare, through_layer(engine, blob))
            row = compared(one, batch, ("bare_ms", "layer_ms", "rate"), runs, seconds)
            rows.append({**row, "engine": engine.label, "threads": threads})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def gains(one: ModelCard, network: bytes, seconds: float) -> list[Row]:
    """Compare OpenVINO in bf16 with onnxruntime in fp32, both through the layer, on one thread."""
    fp32 = open_engine(network, settings=EngineSettings("onnxruntime", "cpu", "fp32", 1))
    bf16 = open_engine(network, settings=EngineSettings("openvino", "cpu", "bf16", 1))
    names = ("onnxruntime_fp32_ms", "openvino_bf16_ms", "gain")
    rows: list[Row] = []
    for batch in BATCHES:
        blob = made_up(one, batch)
        row = compared(one, batch, names, (through_layer(fp32, blob), through_layer(bf16, blob)), seconds)
        rows.append({**row, "dense": is_dense(network)})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main(argv: list[str]) -> int:
    seconds = float(argv[0]) if argv else 3.0
    rated, gained = [], []
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for one in map(card, NETWORKS):
            network = as_run(one, store.path(one)[0].read_bytes())
            rated += rates(one, network, seconds)
            gained += gains(one, network, seconds) if describe_host().bf16 else []
    write_result("engine_rate", {"seconds": seconds, "rates": rated, "bf16_gains": gained})
    amx = describe_host().bf16_units == "AMX"
    slow = [row for row in rated if float(str(row["rate"])) < AT_LEAST]
    weak = [row for row in gained if amx and row["dense"] and float(str(row["gain"])) < AMX_AT_LEAST]
    return int(bool(slow or weak))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
