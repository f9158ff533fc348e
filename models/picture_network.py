"""Takes what is done to pictures beforehand, and to scores afterwards, into the network itself.

There it is done by the engine, beside the first and last layers, and four times fewer bytes go in.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from models.batch_axis import with_dynamic_batch
from models.card import InputLayout, ModelCard, Task
from models.decoders.gfl import CLASSES

_PIXELS = "pixels"


def as_run(card: ModelCard, network: bytes) -> bytes:
    """Return a card's network as the engines run it.

    The batch axis is free; detectors take `pixels`, and GFL networks score `card.chosen_classes` only and say
    everything in two outputs. Raises ModelCorrupt.
    """
    made = with_dynamic_batch(network)
    if card.task != Task.DETECTOR:
        return made
    made = with_pixel_input(made, card.input)
    if card.family != "gfl":
        return made
    return with_joined_outputs(with_chosen_classes(made, card.chosen_classes, CLASSES))


def with_pixel_input(network: bytes, layout: InputLayout) -> bytes:
    """Return the network with an input `pixels`, uint8 (batch, height, width, 3) BGR, in place of `layout.name`.

    Transposition and normalisation, `(pixel - mean) / std`, come first in it. The batch axis must be free.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    old = next(each for each in graph.input if each.name == layout.name)
    graph.input.remove(old)
    shape = ["batch", layout.height, layout.width, 3]
    graph.input.append(helper.make_tensor_value_info(_PIXELS, TensorProto.UINT8, shape))
    steps = [("Transpose", {"perm": [0, 3, 1, 2]}), ("Cast", {"to": TensorProto.FLOAT})]
    nodes, last = [], _PIXELS
    for operator, attributes in steps:
        nodes.append(helper.make_node(operator, [last], [f"{_PIXELS}/{operator}"], **attributes))
        last = nodes[-1].output[0]
    for operator, values in (("Sub", layout.mean), ("Div", layout.std)):
        if values is None:
            continue
        constant = f"{_PIXELS}/{operator}/values"
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.float32).reshape(1, 3, 1, 1), constant))
        nodes.append(helper.make_node(operator, [last, constant], [f"{_PIXELS}/{operator}"]))
        last = nodes[-1].output[0]
    nodes[-1].output[0] = layout.name
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])
    made: bytes = model.SerializeToString()
    return made


def with_chosen_classes(network: bytes, classes: Sequence[int], of: int) -> bytes:
    """Return the network with only `classes`, in their order, in every output (batch, n, `of`) of scores."""
    model = onnx.load_from_string(network)
    graph = model.graph
    shapes = _output_shapes(model)
    graph.initializer.append(numpy_helper.from_array(np.array(classes, np.int64), "chosen_classes"))
    for output in [each for each in graph.output if shapes[each.name][-1] == of]:
        every = f"{output.name}/every_class"
        for node in graph.node:
            _rename(node.input, output.name, every)
            _rename(node.output, output.name, every)
        graph.node.append(helper.make_node("Gather", [every, "chosen_classes"], [output.name], axis=2))
        output.type.tensor_type.shape.dim[2].dim_value = len(classes)
    made: bytes = model.SerializeToString()
    return made


def with_joined_outputs(network: bytes) -> bytes:
    """Return the network with its outputs (batch, n, width) of equal width put together along n, smallest n first.

    Each output costs its share of calls before and after every inference.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    parts: dict[int, list[tuple[int, str]]] = {}
    for name, (_, rows, width) in _output_shapes(model).items():
        parts.setdefault(width, []).append((rows, name))
    del graph.output[:]
    for width, each in parts.items():
        joined = f"joined_{width}"
        graph.node.append(helper.make_node("Concat", [name for _, name in sorted(each)], [joined], axis=1))
        shape = ["batch", sum(rows for rows, _ in each), width]
        graph.output.append(helper.make_tensor_value_info(joined, TensorProto.FLOAT, shape))
    made: bytes = model.SerializeToString()
    return made


def _output_shapes(model: Any) -> dict[str, tuple[int, ...]]:  # noqa: ANN401  (protobuf has no types)
    """Return the shape of each output as it follows from the nodes; networks often keep it to themselves. Free is 0."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for output in bare.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(bare, data_prop=True).graph.output
    return {each.name: tuple(size.dim_value for size in each.type.tensor_type.shape.dim) for each in inferred}


def _rename(names: Any, old: str, new: str) -> None:  # noqa: ANN401
    for i, name in enumerate(names):
        if name == old:
            names[i] = new
