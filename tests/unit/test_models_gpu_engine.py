"""How batches are laid out for a GPU, on buffers of the CPU: what the GPU computes, the contract tests say."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from models.engine import EngineSettings
from models.engine.gpu_engine import GpuEngine


@pytest.fixture
def engine():
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in ("a", "b", "sum")]
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["sum"])], "g", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return GpuEngine(
        model.SerializeToString(), EngineSettings(provider="cuda"), providers=["CPUExecutionProvider"], device="cpu"
    )


@pytest.mark.parametrize("count", [1, 3, 4, 31, 32, 33, 70])
def test_every_row_comes_back_once_and_in_order(engine, count):
    a = np.arange(3 * count, dtype=np.float32).reshape(count, 3)
    assert engine.run({"a": a, "b": a})["sum"].tolist() == (2 * a).tolist()


def test_buffers_are_made_once_for_each_of_a_few_sizes(engine):
    for count in range(1, 41):
        a = np.ones((count, 3), np.float32)
        engine.run({"a": a, "b": a})
    assert sorted(engine._bound) == [1, 2, 4, 8, 16, 32]


def test_rows_of_an_earlier_batch_do_not_come_back(engine):
    nines, ones = np.full((4, 3), 9, np.float32), np.ones((3, 3), np.float32)
    first = engine.run({"a": nines, "b": nines})
    assert engine.run({"a": ones, "b": ones})["sum"].tolist() == [[2, 2, 2]] * 3
    assert first["sum"].tolist() == [[18, 18, 18]] * 4
