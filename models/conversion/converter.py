"""OpenVINO IR to ONNX for the networks zhian fetches: plain convolutional ones, SSD heads cut off."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.conversion.constants import Constants
from models.conversion.ir import IrGraph, Layer, Port, read_ir
from models.conversion.operators import FIRST_INPUT_ONLY, Writer
from models.errors import ModelCorrupt

_OPSET = 13
_IR_VERSION = 8


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """An ONNX network, and the priors float32 (1, 2, p * 4) of its SSD head where it has one."""

    network: bytes
    priors: NDArray[np.float32] | None


def convert_ir(xml: Path, weights: Path) -> Converted:
    """Convert an IR. A network that ends in DetectionOutput gets the outputs `loc` and `conf` that went into it.

    Raises ModelCorrupt when the files are damaged or hold an operation that is not known here.
    """
    graph = read_ir(xml, weights)
    constants = Constants(graph)
    writer = Writer(graph, constants)
    outputs, priors = _ends(graph, constants)
    inputs = []
    for layer in graph.of_type("Parameter"):
        writer.names[layer.number, 0] = layer.name
        inputs.append(helper.make_tensor_value_info(layer.name, TensorProto.FLOAT, layer.shapes[0]))
    for layer in _needed(graph, constants, outputs.values()):
        writer.convert(layer)
    infos = []
    for name, port in outputs.items():
        writer.nodes.append(helper.make_node("Identity", [writer.read(port)], [name]))
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, graph.shape(port)))
    made = helper.make_graph(writer.nodes, xml.stem, inputs, infos, writer.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return Converted(model.SerializeToString(), priors)


def _ends(graph: IrGraph, constants: Constants) -> tuple[dict[str, Port], NDArray[np.float32] | None]:
    """Return what the network computes, by name, and its priors."""
    heads = graph.of_type("DetectionOutput")
    if heads:
        head = heads[0]
        _check_head(head)
        priors = constants.need(head.inputs[2], head).astype(np.float32)
        return {"loc": head.inputs[0], "conf": head.inputs[1]}, priors
    found: dict[str, Port] = {}
    for result in graph.of_type("Result"):
        port = result.inputs[0]
        source = graph.layers[port[0]]
        found[(source.names[port[1]] or source.name).split(":")[0]] = port
    return found, None


def _check_head(head: Layer) -> None:
    """Refuse heads that `models.decoders.ssd` would decode wrongly."""
    centre_size = head.attributes.get("code_type", "").rpartition(".")[2].upper() == "CENTER_SIZE"
    if not centre_size or head.flag("variance_encoded_in_target") or not head.flag("share_location", default=True):
        raise ModelCorrupt(f"DetectionOutput {head.name} codes its boxes in a way that is not known here")


def _needed(graph: IrGraph, constants: Constants, ends: Any) -> list[Layer]:  # noqa: ANN401
    """Return the layers that must be computed for `ends`, in order; constants are not among them."""
    waiting, seen = list(ends), set()
    while waiting:
        port = waiting.pop()
        layer = graph.layers[port[0]]
        if layer.number in seen or layer.type == "Parameter" or constants.get(port) is not None:
            continue
        seen.add(layer.number)
        waiting.extend(layer.inputs[:1] if layer.type in FIRST_INPUT_ONLY else layer.inputs)
    return [layer for number, layer in graph.layers.items() if number in seen]
