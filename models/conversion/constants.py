"""Works out what is constant in an IR: weights, shapes, prior boxes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.conversion.ir import IrGraph, Layer, Port
from models.conversion.priors import clustered_priors
from models.errors import ModelCorrupt

Array = NDArray[Any]


class Constants:
    """Values of the ports that do not depend on the picture."""

    def __init__(self, graph: IrGraph) -> None:
        self._known: dict[Port, Array] = {}
        for layer in graph.layers.values():
            value = self._value(graph, layer)
            if value is not None:
                self._known[layer.number, 0] = value

    def get(self, port: Port) -> Array | None:
        """Return the value, None where it depends on the picture; floating point is float32."""
        return self._known.get(port)

    def need(self, port: Port, layer: Layer) -> Array:
        """Return the value; raises ModelCorrupt where `layer` reads something that is not constant."""
        value = self._known.get(port)
        if value is None:
            raise ModelCorrupt(f"{layer.type} {layer.name} needs a constant and reads something computed")
        return value

    def _value(self, graph: IrGraph, layer: Layer) -> Array | None:
        if layer.type == "Const":
            value = graph.constant(layer)
            return value.astype(np.float32) if value.dtype.kind == "f" else value
        if layer.type == "ShapeOf":
            return np.array(graph.shape(layer.inputs[0]), np.int64)
        inputs = [self._known.get(port) for port in layer.inputs]
        known = [value for value in inputs if value is not None]
        compute = _COMPUTE.get(layer.type)
        return compute(layer, known) if compute and known and len(known) == len(inputs) else None


def _convert(layer: Layer, inputs: list[Array]) -> Array:
    kind = layer.attributes.get("destination_type", "f32")
    return inputs[0].astype(np.int64 if kind.startswith(("i", "u")) else np.float32)


def _strided_slice(layer: Layer, inputs: list[Array]) -> Array:
    """Slice along the leading axes; a 1 in a mask means "from the start", "to the end", "drop this axis"."""
    begin, end = inputs[1].ravel(), inputs[2].ravel()
    step = inputs[3].ravel() if len(inputs) > 3 else np.ones_like(begin)
    masks = [layer.ints(f"{name}_mask") + [0] * len(begin) for name in ("begin", "end", "shrink_axis")]
    index: list[slice | int] = []
    for axis, (low, high, stride) in enumerate(zip(begin, end, step, strict=True)):
        from_start, to_end, shrink = (mask[axis] for mask in masks)
        index.append(
            int(low) if shrink else slice(None if from_start else int(low), None if to_end else int(high), int(stride))
        )
    return np.asarray(inputs[0][tuple(index)])


def _reshape(layer: Layer, inputs: list[Array]) -> Array:
    return inputs[0].reshape(layer.shapes[0])


def _concat(layer: Layer, inputs: list[Array]) -> Array:
    return np.concatenate(inputs, int(layer.attributes["axis"]))


def _gather(_layer: Layer, inputs: list[Array]) -> Array:
    return np.take(inputs[0], inputs[1].astype(np.int64), int(inputs[2]))


_COMPUTE: Mapping[str, Callable[[Layer, list[Array]], Array]] = {
    "Convert": _convert,
    "StridedSlice": _strided_slice,
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Concat": _concat,
    "Gather": _gather,
    "Multiply": lambda _layer, inputs: np.multiply(*inputs),
    "Divide": lambda _layer, inputs: np.divide(*inputs),
    "Add": lambda _layer, inputs: np.add(*inputs),
    "Subtract": lambda _layer, inputs: np.subtract(*inputs),
    "PriorBoxClustered": clustered_priors,
}
