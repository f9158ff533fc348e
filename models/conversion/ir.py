"""Reads OpenVINO IR (versions 10 and 11): an .xml with layers and edges, a .bin with the weights.

Format: docs.openvino.ai, "Operation Sets" and "Intermediate Representation".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelCorrupt

Port = tuple[int, int]
"""Layer number and output number."""

_DTYPES = {
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
    "i8": np.int8,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "boolean": np.bool_,
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation: `inputs` are the ports it reads in order, `shapes` and `names` belong to its outputs."""

    number: int
    name: str
    type: str
    attributes: Mapping[str, str]
    inputs: tuple[Port, ...]
    shapes: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]

    def ints(self, attribute: str, default: str = "") -> list[int]:
        """Read a comma-separated attribute."""
        return [int(text) for text in re.findall(r"-?\d+", self.attributes.get(attribute, default))]

    def floats(self, attribute: str, default: str = "") -> list[float]:
        """Read a comma-separated attribute."""
        return [float(text) for text in self.attributes.get(attribute, default).split(",") if text.strip()]

    def flag(self, attribute: str, *, default: bool = False) -> bool:
        """Read a truth value, which versions write differently."""
        return self.attributes.get(attribute, str(default)).lower() in {"true", "1"}


@dataclass(frozen=True, slots=True, eq=False)
class IrGraph:
    """Layers by number, each after those it reads, and the weights."""

    layers: Mapping[int, Layer]
    weights: bytes

    def of_type(self, *types: str) -> list[Layer]:
        """Return the layers of the given types."""
        return [layer for layer in self.layers.values() if layer.type in types]

    def shape(self, port: Port) -> tuple[int, ...]:
        """Return the shape at a port."""
        return self.layers[port[0]].shapes[port[1]]

    def constant(self, layer: Layer) -> NDArray[Any]:
        """Return the value of a Const layer; raises ModelCorrupt when it lies outside the weights."""
        kind = layer.attributes.get("element_type", "")
        if kind not in _DTYPES:
            raise ModelCorrupt(f"constant {layer.name} has the unknown type {kind}")
        dtype, shape = np.dtype(_DTYPES[kind]), layer.ints("shape")
        start, count = int(layer.attributes["offset"]), int(np.prod(shape, dtype=np.int64))
        if start + count * dtype.itemsize > len(self.weights):
            raise ModelCorrupt(f"constant {layer.name} lies outside the weights file: it is cut short")
        return np.frombuffer(self.weights, dtype, count, start).reshape(shape)


def read_ir(xml: Path, weights: Path) -> IrGraph:
    """Read an IR; raises ModelCorrupt when the files are damaged or shapes are not fixed."""
    text = xml.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ModelCorrupt(f"{xml.name} declares entities: no OpenVINO IR does")
    try:
        net = ElementTree.fromstring(text)  # noqa: S314  (entities are refused above)
        reads = _edges(net)
        layers = {layer.number: layer for layer in _layers(net, reads)}
    except (ElementTree.ParseError, KeyError, ValueError, IndexError) as error:
        raise ModelCorrupt(f"{xml.name} is not a readable OpenVINO IR: {error}") from error
    return IrGraph(_in_order(layers), weights.read_bytes())


def _edges(net: ElementTree.Element) -> dict[tuple[int, int], Port]:
    """Return for each (layer, input port) the output it reads, still with the port's own number."""
    return {
        (int(edge.attrib["to-layer"]), int(edge.attrib["to-port"])): (
            int(edge.attrib["from-layer"]),
            int(edge.attrib["from-port"]),
        )
        for edge in net.iterfind("edges/edge")
    }


def _layers(net: ElementTree.Element, reads: Mapping[tuple[int, int], Port]) -> Iterator[Layer]:
    elements = {int(each.attrib["id"]): each for each in net.iterfind("layers/layer")}
    outputs = {
        number: [int(port.attrib["id"]) for port in each.iterfind("output/port")] for number, each in elements.items()
    }
    for number, each in elements.items():
        details = each.find("data")
        ports = each.findall("output/port")
        inputs = [reads[number, int(port.attrib["id"])] for port in each.iterfind("input/port")]
        yield Layer(
            number=number,
            name=each.attrib["name"],
            type=each.attrib["type"],
            attributes={} if details is None else dict(details.attrib),
            inputs=tuple((layer, outputs[layer].index(port)) for layer, port in inputs),
            shapes=tuple(tuple(int(dim.text or "") for dim in port.iterfind("dim")) for port in ports),
            names=tuple(port.attrib.get("names", "").split(",")[0] for port in ports),
        )


def _in_order(layers: Mapping[int, Layer]) -> dict[int, Layer]:
    """Sort the layers so that each stands after those it reads."""
    ordered: dict[int, Layer] = {}
    waiting = {number: len({source for source, _ in layer.inputs}) for number, layer in layers.items()}
    readers: dict[int, set[int]] = {number: set() for number in layers}
    for number, layer in layers.items():
        for source, _ in layer.inputs:
            readers[source].add(number)
    ready = [number for number, count in waiting.items() if count == 0]
    while ready:
        number = ready.pop()
        ordered[number] = layers[number]
        for reader in readers[number]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    if len(ordered) != len(layers):
        raise ModelCorrupt("the IR's layers read each other in a circle")
    return ordered
