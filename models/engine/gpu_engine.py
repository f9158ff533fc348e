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
from models.errors import ModelCorrupt

FloatArray = NDArray[np.float32]
Providers = Sequence[str | tuple[str, Mapping[str, str]]]

LARGEST_BATCH = 32
_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC", "enable_cuda_graph": "1"}
_PRECISE = {
    # Vectors and scores are those of any other machine that computes in fp32.
    "fp32": {"use_tf32": "0"},
    # Ten bits of mantissa, in the layout that tensor cores want.
    "tf32": {"use_tf32": "1", "prefer_nhwc": "1"},
}


def providers_of(settings: EngineSettings) -> Providers:
    """Return onnxruntime's providers, the wanted one first."""
    cuda = (_CUDA, {**_OPTIONS, **_PRECISE[settings.precision]})
    return (
        [cuda, _CPU] if settings.provider == "cuda" else ["TensorrtExecutionProvider", (_CUDA, _PRECISE["fp32"]), _CPU]
    )


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
    its algorithms anew. Longer batches are cut. Inputs and outputs have buffers on the device for each of these sizes,
    and where every layer can run there, the whole inference is recorded once and started as one (CUDA graph).
    """

    def __init__(
        self,
        network: bytes,
        settings: EngineSettings,
        *,
        providers: Providers | None = None,
        device: str = "cuda",
    ) -> None:
        chosen = providers or providers_of(settings)
        try:
            self._session = open_session(network, chosen)
        except ModelCorrupt:
            # Some layer has to run on the CPU: then nothing can be recorded. A damaged network fails again.
            chosen = [_unrecorded(each) for each in chosen]
            self._session = open_session(network, chosen)
        self._recorded = any("enable_cuda_graph" in each[1] for each in chosen if isinstance(each, tuple))
        self._device = device
        self.precision: str = settings.precision
        self.elsewhere_s = 0.0
        self.label = f"onnxruntime-{settings.provider}-{settings.precision}"
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
        if self._recorded:
            options.add_run_config_entry("gpu_graph_id", str(size))
        self._bound[size] = _Bound(binding, options, into, out)
        return self._bound[size]

    def _buffer(self, shape: tuple[int, ...], kind: "np.dtype[Any]") -> Any:  # noqa: ANN401  (onnxruntime has no types)
        return onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, kind.type, self._device, 0)


def _unrecorded(provider: str | tuple[str, Mapping[str, str]]) -> str | tuple[str, Mapping[str, str]]:
    if isinstance(provider, str):
        return provider
    return provider[0], {name: value for name, value in provider[1].items() if name != "enable_cuda_graph"}


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
