"""onnxruntime's GPU providers behind the engine contract."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.engine.contract import InputArray, room_for, rows_of
from models.engine.onnxruntime_engine import open_session, rows_by_name
from models.engine.settings import EngineSettings

FloatArray = NDArray[np.float32]
Providers = Sequence[str | tuple[str, Mapping[str, str]]]

LARGEST_BATCH = 32
_CPU = "CPUExecutionProvider"
CUDA: tuple[str, Mapping[str, str]] = (
    "CUDAExecutionProvider",
    # Without TF32: vectors and scores are those of any other machine that computes in fp32.
    {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
)
PROVIDERS: Mapping[str, Providers] = {"cuda": [CUDA, _CPU], "tensorrt": ["TensorrtExecutionProvider", CUDA, _CPU]}


@dataclass(frozen=True, slots=True, eq=False)
class _Bound:
    """The buffers of one size of batch, which stay on the device."""

    binding: Any
    options: Any
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


class GpuEngine:
    """One session on a GPU, one inference at a time; threads that call meanwhile wait.

    A batch is filled up to the next of 1, 2, 4, 8, 16, 32 rows: the GPU has room, while every new size makes it choose
    its algorithms anew. Longer batches are cut. Inputs and outputs have buffers on the device for each of these sizes.
    """

    def __init__(
        self,
        network: bytes,
        settings: EngineSettings,
        *,
        providers: Providers | None = None,
        device: str = "cuda",
        graphs: bool = False,
    ) -> None:
        self._session = open_session(network, providers or PROVIDERS[settings.provider])
        self._device = device
        self._graphs = graphs
        self.precision = "fp32"
        self.elsewhere_s = 0.0
        self.label = f"onnxruntime-{settings.provider}-fp32"
        self.input_names = tuple(each.name for each in self._session.get_inputs())
        self.output_names = tuple(each.name for each in self._session.get_outputs())
        self.output_rows = rows_by_name(self._session.get_outputs())
        self._bound: dict[int, _Bound] = {}
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        """Infer one batch."""
        n = len(inputs[self.input_names[0]])
        if n <= LARGEST_BATCH:
            return self._infer(n, inputs)
        outputs = room_for(n, self.output_rows)
        self.fill(inputs, outputs)
        return outputs

    def fill(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch into the caller's arrays."""
        for rows in _portions(len(inputs[self.input_names[0]])):
            for name, values in self._infer(rows.stop - rows.start, rows_of(inputs, rows)).items():
                np.copyto(outputs[name][rows], values)

    def _infer(self, n: int, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        size = 1 << (n - 1).bit_length()
        with self._lock:
            bound = self._bound.get(size) or self._bind(size, inputs)
            for name in self.input_names:
                bound.inputs[name].update_inplace(_filled(inputs[name], size))
            self._session.run_with_iobinding(bound.binding, bound.options)
            found = {name: bound.outputs[name].numpy()[:n] for name in self.output_names}
            # Off a device they are copies; where there is none, the buffers themselves.
            return found if self._device != "cpu" else {name: values.copy() for name, values in found.items()}

    def _bind(self, size: int, inputs: Mapping[str, InputArray]) -> _Bound:
        binding = self._session.io_binding()
        into = {name: self._buffer((size, *inputs[name].shape[1:]), inputs[name].dtype) for name in self.input_names}
        out = {name: self._buffer(each.shape, each.dtype) for name, each in room_for(size, self.output_rows).items()}
        for name, buffer in into.items():
            binding.bind_ortvalue_input(name, buffer)
        for name, buffer in out.items():
            binding.bind_ortvalue_output(name, buffer)
        options = onnxruntime.RunOptions()
        if self._graphs:
            options.add_run_config_entry("gpu_graph_id", str(size))
        self._bound[size] = _Bound(binding, options, into, out)
        return self._bound[size]

    def _buffer(self, shape: tuple[int, ...], kind: "np.dtype[Any]") -> Any:  # noqa: ANN401  (onnxruntime has no types)
        return onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, kind.type, self._device, 0)


def _portions(n: int) -> Iterator[slice]:
    for start in range(0, n, LARGEST_BATCH):
        yield slice(start, min(n, start + LARGEST_BATCH))


def _filled(rows: "NDArray[Any]", size: int) -> "NDArray[Any]":
    """Return the rows and as many of zeros as are missing, in order in memory."""
    if len(rows) == size:
        return np.ascontiguousarray(rows)
    whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
    whole[: len(rows)] = rows
    return whole
