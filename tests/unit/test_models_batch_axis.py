import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.batch_axis import with_dynamic_batch
from models.engine import EngineSettings, open_engine
from models.errors import ModelCorrupt

FP32 = EngineSettings("onnxruntime", "cpu", "fp32")


def network(nodes, output_shape, weights=(), input_shape=(1, 2, 3), listed=()):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape), *listed],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return model.SerializeToString()


def shape(*sizes):
    return ("s", np.array(sizes, np.int64))


def run(made, x):
    engine = open_engine(with_dynamic_batch(made), settings=FP32)
    return engine.run({"x": x})["y"]


X = np.arange(18, dtype=np.float32).reshape(3, 2, 3)


def test_a_leading_one_in_a_reshape_becomes_the_batch():
    made = network([helper.make_node("Reshape", ["x", "s"], ["y"])], [1, 6], [shape(1, -1)])
    assert run(made, X).tolist() == X.reshape(3, 6).tolist()


def test_a_batch_folded_into_the_first_axis_comes_back():
    # As SSD heads do for their softmax: (1, 2, 3) → (2, 3) → softmax over 3 → (1, 6).
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["soft"], axis=1),
        helper.make_node("Reshape", ["soft", "t"], ["y"]),
    ]
    made = network(nodes, [1, 6], [shape(2, -1), ("t", np.array([1, 6], np.int64))])
    weights = np.exp(X) / np.exp(X).sum(axis=2, keepdims=True)
    assert run(made, X) == pytest.approx(weights.reshape(3, 6), abs=1e-6)


def test_a_shape_in_a_constant_node_counts_as_well():
    nodes = [
        helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array([1, 3, 2], np.int64), "c")),
        helper.make_node("Reshape", ["x", "s"], ["y"]),
    ]
    assert run(network(nodes, [1, 3, 2]), X).shape == (3, 3, 2)


def test_reshapes_of_weights_are_left_alone():
    nodes = [helper.make_node("Reshape", ["w", "s"], ["v"]), helper.make_node("Mul", ["x", "v"], ["y"])]
    made = network(nodes, [1, 2, 3], [("w", np.arange(3, dtype=np.float32)), shape(1, 3)])
    assert run(made, X).tolist() == (X * np.arange(3)).tolist()


def test_weights_are_taken_off_the_inputs():
    listed = [helper.make_tensor_value_info("w", TensorProto.FLOAT, [3])]
    made = network(
        [helper.make_node("Mul", ["x", "w"], ["y"])], [1, 2, 3], [("w", np.ones(3, np.float32))], listed=listed
    )
    freed = onnx.load_from_string(with_dynamic_batch(made))
    assert [each.name for each in freed.graph.input] == ["x"]
    assert freed.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_a_free_network_is_returned_as_it_is():
    made = with_dynamic_batch(network([helper.make_node("Relu", ["x"], ["y"])], [1, 2, 3]))
    assert with_dynamic_batch(made) is made


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0, 2]), "mixes its batch axis at Transpose"),
        (helper.make_node("Concat", ["x", "x"], ["y"], axis=0), "mixes its batch axis at Concat"),
        (helper.make_node("Reshape", ["x", "x"], ["y"]), "computes the shape"),
    ],
)
def test_networks_that_cannot_be_batched_are_refused(node, said):
    with pytest.raises(ModelCorrupt, match=said):
        with_dynamic_batch(network([node], None))
