"""onnxruntime behind the engine contract."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from models.engine.contract import InputArray, Rows
from models.engine.settings import EngineSettings
from models.errors import EngineUnavailable, ModelCorrupt

FloatArray = NDArray[np.float32]

_ERRORS_ONLY = 3
_UNREADABLE = (failures.InvalidProtobuf, failures.InvalidGraph, failures.InvalidArgument, failures.Fail)


def open_session(network: bytes, providers: Sequence[str | tuple[str, Mapping[str, str]]], threads: int = 0) -> Any:  # noqa: ANN401  (onnxruntime has no types)
    """Start a session on the first of the providers; raises ModelCorrupt, EngineUnavailable."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    # Threads spin within a run (up to 1.6 times as fast) but not after it: the cores decode as well.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        session = onnxruntime.InferenceSession(network, options, providers=list(providers))
    except _UNREADABLE as error:
        raise ModelCorrupt(f"onnxruntime cannot read this network: {str(error).splitlines()[0]}") from error
    # onnxruntime falls back in silence; a GPU box that computes on its CPU must be told.
    first = providers[0] if isinstance(providers[0], str) else providers[0][0]
    if session.get_providers()[0] != first:
        raise EngineUnavailable(f"onnxruntime could not start {first}: check driver and CUDA libraries")
    return session


def rows_by_name(outputs: Sequence[Any]) -> Rows:
    """Return the shape of one row of each output."""
    return {each.name: tuple(size if isinstance(size, int) else None for size in each.shape[1:]) for each in outputs}


class OnnxruntimeEngine:
    """One onnxruntime session on the CPU in fp32."""

    def __init__(self, network: bytes, settings: EngineSettings) -> None:
        self._session = open_session(network, ["CPUExecutionProvider"], settings.threads)
        self.precision = "fp32"
        self.elsewhere_s = 0.0
        self.label = "onnxruntime-cpu-fp32"
        self.input_names = tuple(each.name for each in self._session.get_inputs())
        self.output_names = tuple(each.name for each in self._session.get_outputs())
        self.output_rows = rows_by_name(self._session.get_outputs())

    def run(self, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        """Infer one batch; sessions are safe to share between threads."""
        results = self._session.run(self.output_names, dict(inputs))
        return dict(zip(self.output_names, results, strict=True))

    def fill(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch into the caller's arrays."""
        for name, values in self.run(inputs).items():
            np.copyto(outputs[name], values)
