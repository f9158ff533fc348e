"""OpenVINO behind the engine contract."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from models.engine.settings import EngineSettings
from models.errors import ModelCorrupt

FloatArray = NDArray[np.float32]

_HINT = {"fp32": "f32", "bf16": "bf16"}
_LARGEST_BATCH = 16

# The binding sets up its statics at their first use while it holds Python's lock; two threads that get there together
# wait for each other for ever. So the first inference of a process is alone.
_first = threading.Lock()
_set_up = threading.Event()


class OpenvinoEngine:
    """One network, compiled once per batch size 1, 2, 4, 8, 16; other batches are put together from these.

    Shapes that are fixed when compiling are faster than dynamic ones; powers of two keep the number of compiled
    networks small. Each thread that calls at the same time gets an infer request of its own.
    """

    def __init__(self, network: bytes, settings: EngineSettings) -> None:
        self._core = openvino.Core()
        try:
            self._model = self._core.read_model(network)
        except RuntimeError as error:
            raise ModelCorrupt(f"openvino cannot read this network: {str(error).splitlines()[0]}") from error
        self._options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINT[settings.precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if settings.threads:
            self._options["INFERENCE_NUM_THREADS"] = settings.threads
        self.precision: str = settings.precision
        self.elsewhere_s = 0.0
        self.label = f"openvino-cpu-{settings.precision}"
        self.input_names = tuple(port.get_any_name() for port in self._model.inputs)
        self.output_names = tuple(port.get_any_name() for port in self._model.outputs)
        self._compiled: dict[int, Any] = {}
        # An infer request holds the tensors of one call: those not in use, by batch size.
        self._free: dict[int, list[Any]] = {}
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Infer one batch; threads that call at the same time infer at the same time."""
        n = len(inputs[self.input_names[0]])
        parts = [self._infer({name: inputs[name][rows] for name in self.input_names}) for rows in _portions(n)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.output_names}

    def _infer(self, inputs: dict[str, FloatArray]) -> dict[str, FloatArray]:
        n = len(inputs[self.input_names[0]])
        request = self._request(n)
        try:
            if _set_up.is_set():
                return self._results(request, inputs)
            with _first:
                results = self._results(request, inputs)
                _set_up.set()
                return results
        finally:
            with self._lock:
                self._free[n].append(request)

    def _results(self, request: Any, inputs: dict[str, FloatArray]) -> dict[str, FloatArray]:  # noqa: ANN401
        results = request.infer(inputs, share_inputs=True)
        return {name: np.array(results[i]) for i, name in enumerate(self.output_names)}

    def _request(self, n: int) -> Any:  # noqa: ANN401  (openvino has no types)
        """Return an infer request that nobody uses."""
        with self._lock:
            if n not in self._compiled:
                model = self._model.clone()
                model.reshape({port.get_any_name(): [n, *list(port.get_partial_shape())[1:]] for port in model.inputs})
                self._compiled[n], self._free[n] = self._core.compile_model(model, "CPU", self._options), []
            return self._free[n].pop() if self._free[n] else self._compiled[n].create_infer_request()


def _portions(n: int) -> Iterator[slice]:
    """Cut n rows into powers of two, the largest first."""
    start = 0
    while start < n:
        size = min(_LARGEST_BATCH, 1 << ((n - start).bit_length() - 1))
        yield slice(start, start + size)
        start += size
