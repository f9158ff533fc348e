"""Networks that begin with the preparation of pictures and end with the classes that count."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from models.card import InputLayout
from models.cards import card
from models.engine import EngineSettings, open_engine
from models.picture_network import as_run, with_chosen_classes, with_joined_outputs, with_pixel_input
from models.preparation import Preparation
from models.store import ModelStore

SETTINGS = [EngineSettings("onnxruntime", "cpu", "fp32", 1), EngineSettings("openvino", "cpu", "fp32", 1)]


def network(inputs, nodes, outputs):
    """Serialise a small network; inputs and outputs are (name, shape)."""
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


@pytest.fixture
def echo():
    """What goes in comes out."""
    shape = ["batch", 3, 6, 8]
    return network([("x", shape)], [helper.make_node("Identity", ["x"], ["y"])], [("y", shape)])


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda each: each.engine)
@pytest.mark.parametrize(
    "layout",
    [
        InputLayout("x", 8, 6),
        InputLayout("x", 8, 6, "within", 114.0),
        InputLayout("x", 8, 6, "within", 0.0, (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)),
        InputLayout("x", 8, 6, mean=(1.0, 2.0, 3.0)),
        InputLayout("x", 8, 6, std=(1.0, 2.0, 3.0)),
    ],
)
def test_the_network_sees_what_it_saw_of_pictures_prepared_outside(echo, layout, settings):
    pictures = [
        np.random.default_rng(i).integers(0, 256, size, np.uint8) for i, size in enumerate([(6, 8, 3), (6, 5, 3)])
    ]
    prepared, fitted = Preparation(layout).batch(pictures)
    pixels, fitted_too = Preparation(layout).pixels(pictures)
    assert pixels.dtype == np.uint8
    assert fitted == fitted_too
    engine = open_engine(with_pixel_input(echo, layout), settings=settings)
    assert engine.input_names == ("pixels",)
    assert np.allclose(engine.run({"pixels": pixels})["y"], prepared, atol=1e-6)


def test_only_the_chosen_classes_come_out_in_their_order():
    nodes = [helper.make_node("Identity", ["x"], ["scores"]), helper.make_node("Identity", ["scores"], ["again"])]
    made = network([("x", ["batch", 2, 4])], nodes, [("scores", ["batch", 2, 4]), ("again", ["batch", 2, 4])])
    engine = open_engine(with_chosen_classes(made, (3, 0), 4), settings=SETTINGS[0])
    x = np.arange(16, dtype=np.float32).reshape(2, 2, 4)
    for found in engine.run({"x": x}).values():
        assert found.tolist() == x[..., [3, 0]].tolist()


def test_other_outputs_stay():
    made = network([("x", ["batch", 2, 5])], [helper.make_node("Identity", ["x"], ["y"])], [("y", ["batch", 2, 5])])
    engine = open_engine(with_chosen_classes(made, (0,), 4), settings=SETTINGS[0])
    assert engine.output_rows == {"y": (2, 5)}


def test_outputs_of_one_width_become_one_with_the_fewest_rows_first():
    nodes = [helper.make_node("Identity", [name], [f"{name}2"]) for name in "abc"]
    shapes = [("a", ["batch", 3, 4]), ("b", ["batch", 2, 4]), ("c", ["batch", 5, 1])]
    made = with_joined_outputs(network(shapes, nodes, [(f"{name}2", shape) for name, shape in shapes]))
    engine = open_engine(made, settings=SETTINGS[0])
    given = {name: np.random.default_rng(0).random((2, *shape[1:]), np.float32) for name, shape in shapes}
    few, many = (given[name] for name in "ba")
    by_width = {each.shape[2]: each for each in engine.run(given).values()}
    assert by_width[4].tolist() == np.concatenate([few, many], axis=1).tolist()
    assert by_width[1].tolist() == given["c"].tolist()


def test_a_detector_runs_on_pixels_and_scores_what_counts_and_an_embedder_is_left_alone():
    for name, inputs, widths in (("nanodet", ("pixels",), {6, 44}), ("person_small", None, {256})):
        one = card(name)
        (path,) = ModelStore().path(one)
        engine = open_engine(as_run(one, path.read_bytes()), settings=SETTINGS[0])
        assert engine.input_names == (inputs or (one.input.name,))
        assert {row[-1] for row in engine.output_rows.values()} == widths
        assert len(engine.output_rows) == len(widths)
