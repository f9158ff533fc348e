"""OpenVINO behind the engine contract."""

import threading
from collections.abc import Iterator, Mapping
from queue import LifoQueue
from typing import Any, Literal

import numpy as np
import openvino
from numpy.typing import NDArray

from models.engine.contract import InputArray, Rows, room_for, rows_of
from models.engine.settings import EngineSettings
from models.errors import ModelCorrupt

FloatArray = NDArray[np.float32]

_HINT = {"fp32": "f32", "bf16": "bf16"}
_LARGEST_BATCH = 16
_AS_TAKEN: tuple[Literal["C_CONTIGUOUS"], Literal["WRITEABLE"]] = ("C_CONTIGUOUS", "WRITEABLE")

# The binding sets up its statics at their first use while it holds Python's lock; two threads that get there together
# wait for each other for ever. So the first inference of a process is alone.
_first = threading.Lock()
_set_up = threading.Event()


class OpenvinoEngine:
    """One network, compiled per batch size 1, 2, 4, 8, 16; other batches are put together from these.

    Shapes that are fixed when compiling are faster than dynamic ones; powers of two keep the number of compiled
    networks small. A compiled network infers for one thread at a time: there are `copies` of each, and who finds none
    free waits.
    """

    def __init__(self, network: bytes, settings: EngineSettings, copies: int = 1) -> None:
        self._core = openvino.Core()
        try:
            self._model = self._core.read_model(network)
        except RuntimeError as error:
            raise ModelCorrupt(f"openvino cannot read this network: {str(error).splitlines()[0]}") from error
        self._options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINT[settings.precision],
            "PERFORMANCE_HINT": "LATENCY",
            # With it, whoever infers on one thread is moved to the first core for that time, and all meet there.
            "ENABLE_CPU_PINNING": False,
        }
        if settings.threads:
            self._options["INFERENCE_NUM_THREADS"] = settings.threads
        self.precision: str = settings.precision
        self.elsewhere_s = 0.0
        self.label = f"openvino-cpu-{settings.precision}"
        self.input_names = tuple(port.get_any_name() for port in self._model.inputs)
        self._kinds = {port.get_any_name(): port.get_element_type().to_dtype() for port in self._model.inputs}
        self.output_names = tuple(port.get_any_name() for port in self._model.outputs)
        self.output_rows: Rows = {
            name: tuple(size.get_length() if size.is_static else None for size in list(port.get_partial_shape())[1:])
            for name, port in zip(self.output_names, self._at(1).outputs, strict=True)
        }
        self._copies = copies
        self._free: dict[int, LifoQueue[Any]] = {}
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        """Infer one batch; threads that call at the same time infer at the same time."""
        outputs = room_for(len(inputs[self.input_names[0]]), self.output_rows)
        self.fill(inputs, outputs)
        return outputs

    def fill(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch straight into the caller's arrays: what lies in order is copied nowhere."""
        ready = {name: np.require(inputs[name], kind, _AS_TAKEN) for name, kind in self._kinds.items()}
        for rows in _portions(len(ready[self.input_names[0]])):
            self._infer(rows.stop - rows.start, rows_of(ready, rows), rows_of(outputs, rows))

    def _infer(self, n: int, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        free = self._requests(n)
        request = free.get()
        try:
            if _set_up.is_set():
                self._results(request, inputs, outputs)
                return
            with _first:
                self._results(request, inputs, outputs)
                _set_up.set()
        finally:
            free.put(request)

    def _results(self, request: Any, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:  # noqa: ANN401
        # The arrays are the caller's: each inference sets them all anew, and the last ones are never touched again.
        for i, name in enumerate(self.input_names):
            request.set_input_tensor(i, openvino.Tensor(inputs[name], shared_memory=True))
        for i, name in enumerate(self.output_names):
            request.set_output_tensor(i, openvino.Tensor(outputs[name], shared_memory=True))
        request.infer()

    def _requests(self, n: int) -> "LifoQueue[Any]":
        """Return the infer requests for batches of n that nobody uses, each of a compiled network of its own."""
        with self._lock:
            if n not in self._free:
                free: LifoQueue[Any] = LifoQueue()
                for _ in range(self._copies):
                    compiled = self._core.compile_model(self._at(n), "CPU", self._options)
                    free.put(compiled.create_infer_request())
                self._free[n] = free
            return self._free[n]

    def _at(self, n: int) -> Any:  # noqa: ANN401  (openvino has no types)
        """Return the network with its batch fixed."""
        model = self._model.clone()
        model.reshape({port.get_any_name(): [n, *list(port.get_partial_shape())[1:]] for port in model.inputs})
        return model


def _portions(n: int) -> Iterator[slice]:
    """Cut n rows into powers of two, the largest first."""
    start = 0
    while start < n:
        size = min(_LARGEST_BATCH, 1 << ((n - start).bit_length() - 1))
        yield slice(start, start + size)
        start += size
