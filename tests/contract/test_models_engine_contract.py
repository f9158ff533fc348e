"""The sentences of `models.engine.contract.Engine`, over every engine that runs on this machine."""

import os
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.batch_axis import with_dynamic_batch
from models.cards import card
from models.engine import EngineSettings, describe_host, open_engine
from models.errors import ModelCorrupt
from models.store import ModelStore

VARIANTS = [
    ("onnxruntime", "cpu", "fp32"),
    ("openvino", "cpu", "fp32"),
    ("openvino", "cpu", "bf16"),
    ("onnxruntime", "cuda", "fp32"),
]
TOLERANCE = {"fp32": 1e-5, "bf16": 0.05}


@pytest.fixture(params=VARIANTS, ids="-".join)
def settings(request):
    engine, provider, precision = request.param
    if provider == "cuda" and "CUDAExecutionProvider" not in describe_host().providers:
        pytest.skip("this onnxruntime has no CUDA provider")
    if precision == "bf16" and not describe_host().bf16:
        pytest.skip("this CPU does not compute in bf16")
    return EngineSettings(engine, provider, precision, threads=1)


@pytest.fixture(scope="module")
def two_in_two_out():
    """sum = a + b, product = a · w; the batch is free."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in ("a", "b", "sum")]
    product = helper.make_tensor_value_info("product", TensorProto.FLOAT, ["batch", 2])
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("MatMul", ["a", "w"], ["product"])]
    weights = numpy_helper.from_array(np.array([[1, 2], [3, 4], [5, 6]], np.float32), "w")
    graph = helper.make_graph(nodes, "g", values[:2], [values[2], product], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


@pytest.fixture(scope="module")
def nanodet(tmp_path_factory):
    (path,) = ModelStore(tmp_path_factory.mktemp("home")).path(card("nanodet"))
    return with_dynamic_batch(path.read_bytes())


def test_inputs_and_outputs_go_by_name(settings, two_in_two_out):
    engine = open_engine(two_in_two_out, settings=settings)
    assert set(engine.input_names) == {"a", "b"}
    assert set(engine.output_names) == {"sum", "product"}
    a = np.array([[1, 0, 2], [0, 1, 0]], np.float32)
    found = engine.run({"b": np.ones_like(a), "a": a})
    assert found["sum"].tolist() == [[2, 1, 3], [1, 2, 1]]
    assert found["product"].tolist() == [[11, 14], [3, 4]]


FIRST_USE = """
import sys, threading
import numpy as np
from models.engine import EngineSettings, open_engine
engine = open_engine(sys.stdin.buffer.read(), settings=EngineSettings(*sys.argv[1:4], threads=8))
start = threading.Barrier(8)
def infer():
    ones = np.ones((1, 3), np.float32)
    start.wait()
    engine.run({"a": ones, "b": ones})
threads = [threading.Thread(target=infer, daemon=True) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(30)
sys.stdout.write(str(sum(thread.is_alive() for thread in threads)))
"""


def test_the_first_inferences_of_a_process_may_come_from_several_threads(settings, two_in_two_out):
    """In a process of its own: what a runtime does at its first use happens once a process."""
    command = [sys.executable, "-c", FIRST_USE, settings.engine, settings.provider, settings.precision]
    done = subprocess.run(command, input=two_in_two_out, capture_output=True, timeout=120, check=True)
    assert done.stdout.decode() == "0"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 19])
def test_any_batch_gives_what_each_row_gives_alone(settings, two_in_two_out, count):
    engine = open_engine(two_in_two_out, settings=settings)
    a = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
    whole = engine.run({"a": a, "b": a})
    alone = [engine.run({"a": a[i : i + 1], "b": a[i : i + 1]}) for i in range(count)]
    for name in engine.output_names:
        assert whole[name].dtype == np.float32
        assert np.allclose(
            whole[name], np.concatenate([row[name] for row in alone]), atol=TOLERANCE[settings.precision]
        )


@pytest.mark.parametrize("count", [1, 3, 19])
def test_results_go_where_the_caller_wants_them(settings, two_in_two_out, count):
    engine = open_engine(two_in_two_out, settings=settings)
    assert engine.output_rows == {"sum": (3,), "product": (2,)}
    a = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
    outputs = {name: np.full((count + 2, *row), 7, np.float32) for name, row in engine.output_rows.items()}
    engine.fill({"a": a, "b": a}, {name: values[1:-1] for name, values in outputs.items()})
    expected = engine.run({"a": a, "b": a})
    for name, values in outputs.items():
        assert np.allclose(values[1:-1], expected[name], atol=TOLERANCE[settings.precision])
        assert (values[[0, -1]] == 7).all()


def test_inputs_may_lie_anyhow_in_memory(settings, two_in_two_out):
    engine = open_engine(two_in_two_out, settings=settings)
    wide = np.arange(24, dtype=np.float32).reshape(4, 6)
    wide.flags.writeable = False
    found = engine.run({"a": wide[:, ::2], "b": wide[:, :3]})
    assert np.allclose(found["sum"], wide[:, ::2] + wide[:, :3], rtol=TOLERANCE[settings.precision])
    fixed = np.ones((2, 3), np.float32)
    fixed.flags.writeable = False
    assert engine.run({"a": fixed, "b": fixed})["product"].tolist() == [[9, 12]] * 2


def test_the_label_says_what_computes(settings, two_in_two_out):
    engine = open_engine(two_in_two_out, settings=settings)
    assert engine.label == f"{settings.engine}-{settings.provider}-{settings.precision}"
    assert engine.precision == settings.precision


def test_results_belong_to_the_caller(settings, two_in_two_out):
    engine = open_engine(two_in_two_out, settings=settings)
    ones = np.ones((1, 3), np.float32)
    first = engine.run({"a": ones, "b": ones})
    engine.run({"a": ones * 9, "b": ones})
    assert first["sum"].tolist() == [[2, 2, 2]]


def test_several_threads_get_their_own_results(settings, two_in_two_out):
    engine = open_engine(two_in_two_out, settings=settings)
    wrong = []

    def ask(number):
        a = np.full((number, 3), number, np.float32)
        found = [engine.run({"a": a, "b": a})["sum"] for _ in range(50)]
        wrong.extend(number for each in found if each.tolist() != (a + a).tolist())

    threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system does not tell which cores a thread may use"
)
def test_who_infers_may_use_every_core(settings, nanodet):
    """Moved to one core while they infer, two threads would take turns on it, and a decoder there would wait."""
    engine = open_engine(nanodet, settings=settings)
    blob = {engine.input_names[0]: np.zeros((1, 3, 416, 416), np.float32)}
    engine.run(blob)
    begun, seen = threading.Event(), set()

    def infer():
        seen.add(threading.get_native_id())
        begun.set()
        for _ in range(5):
            engine.run(blob)

    thread = threading.Thread(target=infer)
    thread.start()
    begun.wait()
    cores = set()
    while thread.is_alive():
        with suppress(ProcessLookupError):
            cores.add(frozenset(os.sched_getaffinity(*seen)))
        thread.join(0.002)
    assert cores == {frozenset(os.sched_getaffinity(0))}


@pytest.mark.parametrize("content", [b"no network", b""])
def test_what_is_no_network_is_corrupt(settings, content):
    with pytest.raises(ModelCorrupt):
        open_engine(content, settings=settings)


def test_a_real_network_gives_the_same_everywhere(settings, nanodet):
    picture = np.random.default_rng(0).normal(size=(2, 3, 416, 416)).astype(np.float32)
    reference = open_engine(nanodet, settings=EngineSettings("onnxruntime", "cpu", "fp32"))
    engine = open_engine(nanodet, settings=settings)
    expected, found = (each.run({each.input_names[0]: picture}) for each in (reference, engine))
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        deviation = np.abs(found[name] - values).max() / np.abs(values).max()
        assert deviation < {"fp32": 1e-4, "bf16": 0.1}[settings.precision]


def test_a_path_is_read(settings, two_in_two_out, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(two_in_two_out)
    assert open_engine(path, settings=settings).input_names
