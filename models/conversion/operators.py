"""Each IR operation as ONNX operations (opset 13)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from models.conversion.constants import Constants
from models.conversion.ir import IrGraph, Layer, Port
from models.errors import ModelCorrupt

_SAME_NAME = {
    "ReLU": "Relu",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
    "Exp": "Exp",
    "Sqrt": "Sqrt",
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "Divide": "Div",
    "Power": "Pow",
    "Maximum": "Max",
    "Minimum": "Min",
}
_RESHAPES = ("Reshape", "Squeeze", "Unsqueeze")
FIRST_INPUT_ONLY = frozenset(
    {*_RESHAPES, "Transpose", "Convolution", "GroupConvolution", "PReLU", "MVN", "ReduceMean", "Gather"}
)
"""Operations whose further inputs are constants that are read while converting."""


class Writer:
    """Collects ONNX nodes and weights; knows under which name each port was written."""

    def __init__(self, graph: IrGraph, constants: Constants) -> None:
        self.graph = graph
        self.constants = constants
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.names: dict[Port, str] = {}

    def weight(self, value: Any, dtype: Any = np.float32) -> str:  # noqa: ANN401  (anything numpy takes)
        """Store a constant and return its name."""
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, dtype)), name))
        return name

    def read(self, port: Port) -> str:
        """Return the name of a port; constants are stored at their first use."""
        if port not in self.names:
            value = self.constants.get(port)
            if value is None:
                raise ModelCorrupt(f"layer {self.graph.layers[port[0]].name} was not converted")
            self.names[port] = self.weight(value, np.float32 if value.dtype.kind == "f" else np.int64)
        return self.names[port]

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """Append a node and return its output's name."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convert(self, layer: Layer) -> None:
        """Write one layer; raises ModelCorrupt for operations no fetched network uses."""
        if layer.type in _SAME_NAME:
            name = self.add(_SAME_NAME[layer.type], [self.read(port) for port in layer.inputs])
        elif layer.type in _RESHAPES:
            name = self.add("Reshape", [self.read(layer.inputs[0]), self.weight(layer.shapes[0], np.int64)])
        elif layer.type in _WRITE:
            name = _WRITE[layer.type](self, layer)
        else:
            raise ModelCorrupt(f"operation {layer.type} ({layer.name}) cannot be converted")
        self.names[layer.number, 0] = name


def _convolution(writer: Writer, layer: Layer) -> str:
    kernel = writer.constants.need(layer.inputs[1], layer)
    groups = 1
    if layer.type == "GroupConvolution":
        groups = kernel.shape[0]
        kernel = kernel.reshape(-1, *kernel.shape[2:])
    return writer.add(
        "Conv",
        [writer.read(layer.inputs[0]), writer.weight(kernel)],
        group=groups,
        strides=layer.ints("strides"),
        dilations=layer.ints("dilations"),
        **_padding(layer),
    )


def _padding(layer: Layer) -> dict[str, object]:
    automatic = layer.attributes.get("auto_pad", "explicit").lower()
    if automatic.startswith("same"):
        return {"auto_pad": automatic.upper()}
    if automatic == "valid":
        return {}
    return {"pads": layer.ints("pads_begin") + layer.ints("pads_end")}


def _pool(writer: Writer, layer: Layer) -> str:
    average = layer.type == "AvgPool"
    extra = {"count_include_pad": int(not layer.flag("exclude-pad"))} if average else {}
    return writer.add(
        "AveragePool" if average else "MaxPool",
        [writer.read(layer.inputs[0])],
        kernel_shape=layer.ints("kernel"),
        strides=layer.ints("strides"),
        ceil_mode=int(layer.attributes.get("rounding_type", "floor").startswith("ceil")),
        **_padding(layer),
        **extra,
    )


def _clamp(writer: Writer, layer: Layer) -> str:
    limits = [writer.weight(layer.floats(name)[0]) for name in ("min", "max")]
    return writer.add("Clip", [writer.read(layer.inputs[0]), *limits])


def _elu(writer: Writer, layer: Layer) -> str:
    return writer.add("Elu", [writer.read(layer.inputs[0])], alpha=layer.floats("alpha", "1")[0])


def _prelu(writer: Writer, layer: Layer) -> str:
    slope = writer.constants.need(layer.inputs[1], layer).ravel()
    spatial = len(writer.graph.shape(layer.inputs[0])) - 2
    return writer.add("PRelu", [writer.read(layer.inputs[0]), writer.weight(slope.reshape(-1, *[1] * spatial))])


def _concat(writer: Writer, layer: Layer) -> str:
    return writer.add("Concat", [writer.read(port) for port in layer.inputs], axis=int(layer.attributes["axis"]))


def _transpose(writer: Writer, layer: Layer) -> str:
    order = [int(axis) for axis in writer.constants.need(layer.inputs[1], layer)]
    return writer.add("Transpose", [writer.read(layer.inputs[0])], perm=order)


def _softmax(writer: Writer, layer: Layer) -> str:
    return writer.add("Softmax", [writer.read(layer.inputs[0])], axis=int(layer.attributes.get("axis", "1")))


def _axes(writer: Writer, layer: Layer) -> list[int]:
    return [int(axis) for axis in writer.constants.need(layer.inputs[1], layer).ravel()]


def _reduce_mean(writer: Writer, layer: Layer) -> str:
    keep = int(layer.flag("keep_dims"))
    return writer.add("ReduceMean", [writer.read(layer.inputs[0])], axes=_axes(writer, layer), keepdims=keep)


def _mean_variance(writer: Writer, layer: Layer) -> str:
    """MVN: less the mean, divided by the deviation."""
    if layer.attributes.get("eps_mode", "inside_sqrt").lower() != "inside_sqrt":
        raise ModelCorrupt(f"MVN {layer.name} adds eps outside the root: it cannot be converted")
    # The first version of the operation has no axes of its own.
    spatial = [1, 2, 3] if layer.flag("across_channels") else [2, 3]
    axes = _axes(writer, layer) if len(layer.inputs) > 1 else spatial
    source = writer.read(layer.inputs[0])
    centred = writer.add("Sub", [source, writer.add("ReduceMean", [source], axes=axes, keepdims=1)])
    if not layer.flag("normalize_variance", default=True):
        return centred
    square = writer.add("ReduceMean", [writer.add("Mul", [centred, centred])], axes=axes, keepdims=1)
    root = writer.add("Sqrt", [writer.add("Add", [square, writer.weight(layer.floats("eps")[0])])])
    return writer.add("Div", [centred, root])


def _matmul(writer: Writer, layer: Layer) -> str:
    factors = []
    for port, flag in zip(layer.inputs, ("transpose_a", "transpose_b"), strict=True):
        value = writer.constants.get(port)
        if not layer.flag(flag):
            factors.append(writer.read(port))
        elif value is not None:
            factors.append(writer.weight(np.swapaxes(value, -1, -2)))
        else:
            axes = list(range(len(writer.graph.shape(port))))
            factors.append(writer.add("Transpose", [writer.read(port)], perm=[*axes[:-2], axes[-1], axes[-2]]))
    return writer.add("MatMul", factors)


def _gather(writer: Writer, layer: Layer) -> str:
    index = writer.constants.need(layer.inputs[1], layer)
    axis = int(writer.constants.need(layer.inputs[2], layer).ravel()[0])
    return writer.add("Gather", [writer.read(layer.inputs[0]), writer.weight(index, np.int64)], axis=axis)


_WRITE: Mapping[str, Callable[[Writer, Layer], str]] = {
    "Convolution": _convolution,
    "GroupConvolution": _convolution,
    "MaxPool": _pool,
    "AvgPool": _pool,
    "Clamp": _clamp,
    "Elu": _elu,
    "PReLU": _prelu,
    "Concat": _concat,
    "Transpose": _transpose,
    "SoftMax": _softmax,
    "Softmax": _softmax,
    "ReduceMean": _reduce_mean,
    "MVN": _mean_variance,
    "MatMul": _matmul,
    "Gather": _gather,
}
