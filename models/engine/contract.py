"""The contract of every inference engine."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelCorrupt

FloatArray = NDArray[np.float32]
InputArray = NDArray[np.float32] | NDArray[np.uint8]
Array = TypeVar("Array", NDArray[np.float32], InputArray)
Rows = Mapping[str, tuple[int | None, ...]]


class Engine(Protocol):
    """One loaded network.

    - `run` takes every input by name, float32 or uint8 as the network wants it, batch on axis 0 (any n >= 1), and
      returns every output by name, float32, with the same n on axis 0.
    - `fill` does the same into arrays of the caller's, float32 (n, *`output_rows`[name]), contiguous.
      `output_rows` is the shape of one row by output, None where a size is not fixed.
    - row i of a batch gives what the same row gives alone (to rounding).
    - both may be called from several threads.
    - `elsewhere_s` is the CPU time it spent so far on threads other than its callers', in seconds.
    - `label` is engine-provider-precision, for instance `openvino-cpu-bf16`; `precision` is its last part.
    """

    label: str
    precision: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    output_rows: Rows
    elsewhere_s: float

    def run(self, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        """Infer one batch."""
        ...

    def fill(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch into `outputs`."""
        ...


def room_for(n: int, output_rows: Rows) -> dict[str, FloatArray]:
    """Return arrays for the outputs of a batch of n, not set to anything; raises ModelCorrupt."""
    room = {}
    for name, row in output_rows.items():
        known = [size for size in row if size is not None]
        if len(known) < len(row):
            raise ModelCorrupt(f"the size of output {name} is not fixed: the network cannot be batched")
        room[name] = np.empty((n, *known), np.float32)
    return room


def rows_of(arrays: Mapping[str, Array], part: slice) -> dict[str, Array]:
    """Return the same rows of every array, as views."""
    return {name: values[part] for name, values in arrays.items()}
