"""Makes the batch axis of a fixed-batch ONNX network dynamic."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from models.errors import ModelCorrupt

_BATCH = "batch"


def with_dynamic_batch(network: bytes) -> bytes:
    """Return the network with a free first axis on every input and output.

    Weights listed among the inputs are taken off that list (they would block constant folding). Every Reshape of
    something that depends on the input gets the shape -1, followed by the sizes it has at batch 1: right for every
    reshape that keeps the batch outermost in memory, also where it folds the batch into the first axis and back.
    Networks that move or mix the batch axis otherwise raise ModelCorrupt. Reshapes must have constant shapes.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) == len(graph.input) and all(_leading(each) is None for each in inputs):
        return network
    _keep(graph.input, inputs)
    shapes = _shapes_at_batch_one(model)
    constants = {each.name: each for each in graph.initializer} | {
        node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"
    }
    depends = {each.name for each in graph.input}
    for node in graph.node:
        if depends.isdisjoint(node.input):
            continue
        depends.update(node.output)
        _check_keeps_batch(node)
        if node.op_type == "Reshape":
            _free_reshape(graph, node, shapes, constants)
    for each in (*graph.input, *graph.output):
        _free(each)
    del graph.value_info[:]
    freed: bytes = model.SerializeToString()
    return freed


def _keep(field: Any, chosen: Iterable[Any]) -> None:  # noqa: ANN401  (protobuf has no types)
    kept = list(chosen)
    del field[:]
    field.extend(kept)


def _leading(value: Any) -> int | None:  # noqa: ANN401
    """Return the fixed first size, None where it is free already."""
    dims = value.type.tensor_type.shape.dim
    return dims[0].dim_value if dims and dims[0].HasField("dim_value") else None


def _shapes_at_batch_one(model: Any) -> dict[str, list[int]]:  # noqa: ANN401
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    return {
        each.name: [dim.dim_value if dim.HasField("dim_value") else -1 for dim in each.type.tensor_type.shape.dim]
        for each in (*inferred.value_info, *inferred.output)
    }


def _check_keeps_batch(node: Any) -> None:  # noqa: ANN401
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    moved = node.op_type == "Transpose" and attributes.get("perm", [1])[0] != 0
    mixed = node.op_type in {"Concat", "Split"} and attributes.get("axis", 0) == 0
    if moved or mixed or (node.op_type == "Flatten" and attributes.get("axis", 1) != 1):
        raise ModelCorrupt(f"the network mixes its batch axis at {node.op_type} {node.name}: it cannot be batched")


def _free_reshape(graph: Any, node: Any, shapes: dict[str, list[int]], constants: dict[str, Any]) -> None:  # noqa: ANN401
    if node.input[1] not in constants:
        raise ModelCorrupt(f"the network computes the shape of Reshape {node.name}: it cannot be batched")
    sizes = shapes.get(node.output[0])
    if not sizes or any(size < 0 for size in sizes[1:]):
        raise ModelCorrupt(f"the shape after Reshape {node.name} is not known: it cannot be batched")
    name = f"{node.output[0]}/free_batch"
    graph.initializer.append(numpy_helper.from_array(np.array([-1, *sizes[1:]], np.int64), name))
    node.input[1] = name


def _free(value: Any) -> None:  # noqa: ANN401
    dims = value.type.tensor_type.shape.dim
    if dims:
        dims[0].ClearField("dim_value")
        dims[0].dim_param = _BATCH
