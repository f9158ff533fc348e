"""Makes the small ONNX file that is bundled from a converted one; run once per bundled network (see its SOURCE.md).

python -m models.conversion.bundling SOURCE.onnx TARGET.onnx
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from models.batch_axis import with_dynamic_batch
from models.errors import ModelCorrupt

_SMALL = 64


def bundle(network: bytes) -> bytes:
    """Return the network with constants folded, padding moved into its layers, a free batch axis and fp16 weights.

    Weights are widened back to float32 when the network is loaded (a Cast per weight, folded by every engine); the
    arithmetic stays float32. Raises ModelCorrupt when a weight does not survive fp16 unchanged.
    """
    model = onnx.load_from_string(network)
    _fold_constants(model)
    _fold_padding(model)
    _drop_unused(model)
    model = onnx.load_from_string(with_dynamic_batch(model.SerializeToString()))
    _drop_unused(model)
    _store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    written: bytes = model.SerializeToString()
    return written


def _constants(model: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401  (protobuf has no types)
    return {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}


def _fold_constants(model: Any) -> None:  # noqa: ANN401
    """Replace every node that does not depend on the input by what it computes."""
    known = _constants(model)
    kept = []
    for node in model.graph.node:
        if all(name == "" or name in known for name in node.input):
            results = ReferenceEvaluator(node).run(None, {name: known[name] for name in node.input if name})
            for name, value in zip(node.output, results, strict=True):
                known[name] = np.asarray(value)
                model.graph.initializer.append(numpy_helper.from_array(known[name], name))
        else:
            kept.append(node)
    _replace_nodes(model, kept)


def _fold_padding(model: Any) -> None:  # noqa: ANN401
    """Move each spatial Pad with the layer's own neutral value into the layer behind it."""
    known = _constants(model)
    pads = {node.output[0]: node for node in model.graph.node if node.op_type == "Pad"}
    for node in model.graph.node:
        pad = pads.get(node.input[0])
        neutral = {"Conv": 0.0, "MaxPool": -np.inf}.get(node.op_type)
        if pad is None or neutral is None:
            continue
        before, after = np.split(known[pad.input[1]], 2)
        value = float(known[pad.input[2]]) if len(pad.input) > 2 and pad.input[2] else 0.0
        if value != neutral or before[:2].any() or after[:2].any():
            continue
        own = [each for each in node.attribute if each.name in {"pads", "auto_pad"}]
        if any(helper.get_attribute_value(each) not in (b"VALID", b"NOTSET", [0, 0, 0, 0]) for each in own):
            continue
        for each in own:
            node.attribute.remove(each)
        node.attribute.append(helper.make_attribute("pads", [int(x) for x in (*before[2:], *after[2:])]))
        node.input[0] = pad.input[0]
    used = {name for node in model.graph.node for name in node.input}
    _replace_nodes(model, [node for node in model.graph.node if node.op_type != "Pad" or node.output[0] in used])


def _drop_unused(model: Any) -> None:  # noqa: ANN401
    used = {name for node in model.graph.node for name in node.input}
    kept = [each for each in model.graph.initializer if each.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def _store_as_half(model: Any) -> None:  # noqa: ANN401
    casts = []
    for each in model.graph.initializer:
        values = numpy_helper.to_array(each)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            raise ModelCorrupt(f"weight {each.name} does not survive fp16 unchanged")
        name = each.name
        each.CopyFrom(numpy_helper.from_array(half, f"{name}/fp16"))
        casts.append(helper.make_node("Cast", [f"{name}/fp16"], [name], to=TensorProto.FLOAT))
    _replace_nodes(model, [*casts, *model.graph.node])


def _replace_nodes(model: Any, nodes: list[Any]) -> None:  # noqa: ANN401
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(bundle(Path(sys.argv[1]).read_bytes()))
