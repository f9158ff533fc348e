"""The contract of every inference engine."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class Engine(Protocol):
    """One loaded network.

    - `run` takes every input by name, float32, batch on axis 0 (any n >= 1), and returns every output by name with the
      same n on axis 0.
    - row i of a batch gives what the same row gives alone (to rounding).
    - it may be called from several threads.
    - `elsewhere_s` is the CPU time it spent so far on threads other than its callers', in seconds.
    - `label` is engine-provider-precision, for instance `openvino-cpu-bf16`; `precision` is its last part.
    """

    label: str
    precision: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    elsewhere_s: float

    def run(self, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Infer one batch."""
        ...
