"""The network that is learned from: its vectors and its last feature map, for any picture."""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.batch_axis import with_dynamic_batch
from models.cards import card as card_named
from models.detections import Image
from models.engine import EngineSettings, describe_host, open_engine
from models.engine.settings import Precision
from models.preparation import Preparation
from models.store import ModelStore

FloatArray = NDArray[np.float32]
CHANNELS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """vectors: float32 (n, 256) of length 1; maps: float32 (n, 512, 16, 8), >= 0."""

    vectors: FloatArray
    maps: FloatArray


class Teacher:
    """Embeds pictures as the product does, and shows the feature map the vectors were pooled from."""

    def __init__(self, name: str, store: ModelStore) -> None:
        card = card_named(name)
        self._preparation = Preparation(card.input)
        precision: Precision = "bf16" if describe_host().bf16 else "fp32"
        network = _with_last_map(with_dynamic_batch(store.path(card)[0].read_bytes()))
        self._engine = open_engine(network, settings=EngineSettings("openvino", "cpu", precision))
        self.label = self._engine.label

    def teach(self, pictures: Image) -> Lesson:
        """Run the teacher on pictures uint8 (n, h, w, 3) BGR."""
        blob, _ = self._preparation.batch(list(pictures))
        outputs = list(self._engine.run({self._engine.input_names[0]: blob}).values())
        vectors = outputs[0].reshape(len(blob), -1)
        return Lesson(vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12), outputs[1])


def _with_last_map(network: bytes) -> bytes:
    """Make what the last convolution reads an output too: in the teachers that convolution is the pooling."""
    model = onnx.load_from_string(network)
    pooling = next(node for node in reversed(model.graph.node) if node.op_type == "Conv")
    model.graph.output.append(helper.make_tensor_value_info(pooling.input[0], TensorProto.FLOAT, None))
    written: bytes = model.SerializeToString()
    return written
