"""From a trained student to the file that is shipped."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.conversion.bundling import bundle
from models.training.crops import HEIGHT, WIDTH
from models.training.student import Student

INPUT, OUTPUT = "picture", "vector"
_OPSET = 18


class _VectorsOnly(nn.Module):
    """The map is for training; who embeds wants the vectors."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self._student = student

    def forward(self, x: Tensor) -> Tensor:
        vectors: Tensor = self._student(x).vectors
        return vectors


def export(student: Student, path: Path) -> None:
    """Write the student as ONNX: input `picture` float32 (n, 3, 192, 96), BGR, 0..255; output `vector` (n, 256).

    Norms are folded into their convolutions; weights are rounded to fp16, stored so, and widened on loading.
    """
    student = student.cpu().float().eval()
    torch.onnx.export(
        _VectorsOnly(student).eval(),
        (torch.zeros(2, 3, HEIGHT, WIDTH),),
        str(path),
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes={"x": {0: torch.export.Dim("n")}},
        opset_version=_OPSET,
        external_data=False,
        verbose=False,
    )
    path.write_bytes(shipped(path.read_bytes()))


def shipped(network: bytes) -> bytes:
    """Return an exported network as it is shipped: weights stored as fp16, the exporter's notes taken out.

    The notes hold paths of the machine it ran on.
    """
    model = onnx.load_from_string(network)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    for each in model.graph.initializer:
        values = numpy_helper.to_array(each)
        if values.dtype == np.float32:
            each.CopyFrom(numpy_helper.from_array(values.astype(np.float16).astype(np.float32), each.name))
    return bundle(model.SerializeToString())
