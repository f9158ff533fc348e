"""What was measured is kept for this machine, and forgotten when anything changes."""

import hashlib
import json
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from onnx import TensorProto, helper

from models import measuring
from models.card import InputLayout, ModelCard, StoredFile, Task
from models.engine import EngineSettings, Figure, Host, Measured, Measurements, describe_host, open_engine
from models.errors import UnknownModel
from models.store import ModelStore

HOST = Host("x", 2, "AMX", bf16=True, onnxruntime="1", openvino="2", providers=("CPUExecutionProvider",))
FIGURES = (Figure("onnxruntime-cpu-fp32", 1, 40.0), Figure("openvino-cpu-bf16", 1, 8.0))
AWAY = {"onnxruntime-cpu-fp32": 0.0, "openvino-cpu-bf16": 0.03}


def test_what_is_kept_is_found_again_by_network_and_threads(tmp_path):
    kept = Measurements(tmp_path / "new", HOST)
    assert kept.of("net", 2) is None
    kept.keep(Measured("net", 2, FIGURES, AWAY))
    kept.keep(Measured("other", 2, FIGURES[:1], AWAY))
    kept.keep(Measured("net", 1, FIGURES[1:], AWAY))
    again = Measurements(tmp_path / "new", HOST)
    assert again.of("net", 2) == Measured("net", 2, FIGURES, AWAY)
    assert again.of("net", 1) == Measured("net", 1, FIGURES[1:], AWAY)
    assert again.of("other", 1) is None
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["engines.json"]


def test_the_newest_figures_replace_the_old(tmp_path):
    kept = Measurements(tmp_path, HOST)
    for figures in (FIGURES, FIGURES[1:]):
        kept.keep(Measured("net", 2, figures, AWAY))
    assert kept.of("net", 2) == Measured("net", 2, FIGURES[1:], AWAY)


@pytest.mark.parametrize(
    "change", [{"cpu": "y"}, {"cores": 4}, {"onnxruntime": "3"}, {"openvino": "3"}, {"bf16": False}, {"providers": ()}]
)
def test_another_machine_or_engine_knows_nothing(tmp_path, change):
    Measurements(tmp_path, HOST).keep(Measured("net", 2, FIGURES, AWAY))
    assert Measurements(tmp_path, replace(HOST, **change)).of("net", 2) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[]",
        lambda _: "null",
        lambda text: text.replace('"ms": 40.0', '"ms": "quick"'),
        lambda text: text.replace('"ms": 40.0', '"ms": -1'),
        lambda text: text.replace("onnxruntime-cpu-fp32", "fastest"),
        lambda text: text.replace('"figures"', '"numbers"'),
        lambda text: text.replace('"deviations"', '"distances"'),  # as it was written before they were kept
        lambda text: text.replace('"openvino-cpu-bf16": 0.03', '"openvino-cpu-fp32": 0.03'),
        lambda text: text.replace('"openvino-cpu-bf16": 0.03', '"openvino-cpu-bf16": "little"'),
        lambda text: json.dumps({**json.loads(text), "measured": [{"network": "net", "threads": 2, "figures": []}]}),
    ],
)
def test_a_file_that_makes_no_sense_counts_as_empty_and_is_written_anew(tmp_path, spoil):
    kept = Measurements(tmp_path, HOST)
    kept.keep(Measured("net", 2, FIGURES, AWAY))
    file = tmp_path / "engines.json"
    file.write_text(spoil(file.read_text("utf-8")), "utf-8")
    assert kept.of("net", 2) is None
    kept.keep(Measured("net", 2, FIGURES, AWAY))
    assert kept.of("net", 2) == Measured("net", 2, FIGURES, AWAY)


@pytest.fixture
def small(tmp_path):
    """A detector of one addition, and a store that has it."""
    row = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["batch", 3, 8, 8])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 3, 8, 8])
    graph = helper.make_graph([helper.make_node("Add", ["picture", "picture"], ["out"])], "g", [row], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    network = model.SerializeToString()
    (tmp_path / "small.onnx").write_bytes(network)
    file = StoredFile("small.onnx", hashlib.sha256(network).hexdigest(), len(network))
    card = ModelCard(
        "small", Task.DETECTOR, "", "yolox", "", "", "", "", input=InputLayout("picture", 8, 8), files=(file,)
    )
    return card, ModelStore(tmp_path), network


def test_a_detector_is_measured_once_on_everything_here(small):
    card, store, network = small
    auto = EngineSettings(threads=1)
    assert measuring.is_open(card, store, auto, 4)
    found = measuring.measure(card, store, auto, 4, clock=count().__next__)
    labels = {"onnxruntime-cpu-fp32", "openvino-cpu-fp32"} | ({"openvino-cpu-bf16"} if describe_host().bf16 else set())
    assert labels <= {each.label for each in found.figures}
    assert found.batches == (1, 4)
    assert not measuring.is_open(card, store, auto, 4)
    assert measuring.is_open(card, store, auto, 8), "another size of batch was never tried"
    assert measuring.is_open(card, store, EngineSettings(threads=3), 4), "nor were so many threads"
    settled, choice = measuring.settle(card, network, store, auto)
    assert choice.label in labels
    assert found.inexact == ()
    assert found.deviations["openvino-cpu-fp32"] < 1e-4
    assert choice.why.startswith("measured here in batches of 1 and 4: ")
    assert "auto" not in (settled.engine, settled.provider, settled.precision)


def test_what_is_configured_by_name_needs_no_measuring(small):
    card, store, _ = small
    assert not measuring.is_open(card, store, EngineSettings("onnxruntime", "cpu", "fp32"), 4)
    assert not measuring.is_open(card, store, EngineSettings("openvino", precision="fp32"), 4)


def test_embedding_never_follows_the_figures(small):
    card, store, network = small
    figures = (Figure("onnxruntime-cpu-fp32", 1, 40.0), Figure("openvino-cpu-fp32", 1, 1.0))
    away = {"onnxruntime-cpu-fp32": 0.0, "openvino-cpu-fp32": 1e-6}
    settings = EngineSettings(threads=1)
    Measurements(store.home).keep(Measured(hashlib.sha256(network).hexdigest(), 1, figures, away))
    assert measuring.settle(card, network, store, settings)[1].label == "openvino-cpu-fp32"
    embedder = replace(card, task=Task.EMBEDDER)
    assert measuring.settle(embedder, network, store, settings)[1].label == "onnxruntime-cpu-fp32"


def test_rows_are_the_size_the_network_takes(small, monkeypatch):
    card, store, _ = small
    shapes = set()

    class Recording:
        input_names = ("pixels",)

        def run(self, inputs):
            shapes.add((inputs["pixels"].shape, inputs["pixels"].dtype))
            return {}

    monkeypatch.setattr(measuring, "open_engine", lambda network, settings: Recording())
    measuring.measure(card, store, EngineSettings(), 2, clock=count().__next__)
    assert shapes == {((1, 8, 8, 3), np.dtype(np.uint8)), ((2, 8, 8, 3), np.dtype(np.uint8))}


class Wrong:
    """An engine that is quick because it computes something else: a row comes back as the one before it."""

    def __init__(self, engine):
        self._engine = engine
        self.input_names = engine.input_names

    def run(self, inputs):
        return {name: np.roll(values, 1, axis=0) for name, values in self._engine.run(inputs).items()}


def test_what_computes_something_else_is_not_chosen_however_fast_it_is(small, monkeypatch):
    card, store, network = small
    monkeypatch.setattr(
        measuring,
        "open_engine",
        lambda made, settings: (
            Wrong(open_engine(made, settings=settings))
            if settings.engine == "openvino"
            else open_engine(made, settings=settings)
        ),
    )
    monkeypatch.setattr(
        measuring,
        "race",
        lambda runs, batches, clock: tuple(
            Figure(label, batch, 9.0 - i) for i, label in enumerate(runs) for batch in batches
        ),
    )
    found = measuring.measure(card, store, EngineSettings(threads=1), 2)
    assert found.deviations["onnxruntime-cpu-fp32"] == 0.0
    assert found.inexact == tuple(sorted(found.deviations.keys() - {"onnxruntime-cpu-fp32"}))
    choice = measuring.settle(card, network, store, EngineSettings(threads=1))[1]
    assert choice.label == "onnxruntime-cpu-fp32"
    assert "openvino-cpu-fp32 computes something else" in choice.why


def test_only_detectors_are_measured(small):
    card, store, _ = small
    with pytest.raises(UnknownModel, match="is no detector"):
        measuring.measure(replace(card, task=Task.EMBEDDER), store)
