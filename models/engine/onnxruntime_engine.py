"""onnxruntime behind the engine contract."""

from collections.abc import Mapping

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from models.engine.contract import Rows
from models.engine.settings import EngineSettings
from models.errors import EngineUnavailable, ModelCorrupt

FloatArray = NDArray[np.float32]

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_PROVIDERS = {"cpu": [_CPU], "cuda": [_CUDA, _CPU], "tensorrt": ["TensorrtExecutionProvider", _CUDA, _CPU]}
_ERRORS_ONLY = 3
_UNREADABLE = (failures.InvalidProtobuf, failures.InvalidGraph, failures.InvalidArgument, failures.Fail)


class OnnxruntimeEngine:
    """One onnxruntime session in fp32."""

    def __init__(self, network: bytes, settings: EngineSettings) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = settings.threads
        # Threads spin within a run (up to 1.6 times as fast) but not after it: the cores decode as well.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        providers = _PROVIDERS[settings.provider]
        try:
            self._session = onnxruntime.InferenceSession(network, options, providers=providers)
        except _UNREADABLE as error:
            raise ModelCorrupt(f"onnxruntime cannot read this network: {str(error).splitlines()[0]}") from error
        # onnxruntime falls back in silence; a GPU box that computes on its CPU must be told.
        if self._session.get_providers()[0] != providers[0]:
            raise EngineUnavailable(f"onnxruntime could not start {providers[0]}: check driver and CUDA libraries")
        self.precision = "fp32"
        self.elsewhere_s = 0.0
        self.label = f"onnxruntime-{settings.provider}-fp32"
        self.input_names = tuple(each.name for each in self._session.get_inputs())
        self.output_names = tuple(each.name for each in self._session.get_outputs())
        self.output_rows: Rows = {
            each.name: tuple(size if isinstance(size, int) else None for size in each.shape[1:])
            for each in self._session.get_outputs()
        }

    def run(self, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Infer one batch; sessions are safe to share between threads."""
        results = self._session.run(self.output_names, dict(inputs))
        return dict(zip(self.output_names, results, strict=True))

    def fill(self, inputs: Mapping[str, FloatArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch into the caller's arrays."""
        for name, values in self.run(inputs).items():
            np.copyto(outputs[name], values)
