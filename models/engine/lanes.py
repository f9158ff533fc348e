"""Several one-thread lanes in place of one inference on several threads."""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from models.engine.contract import Engine, InputArray, room_for, rows_of

FloatArray = NDArray[np.float32]


class Lanes:
    """Splits each batch between `lanes` threads that infer on one thread each; a single row stays with its caller.

    Threads that compute one row together wait for each other at every layer, and on cores that also decode video the
    slowest is always late: the same work then costs twice the CPU time. Lanes meet once a batch.
    `elsewhere_s` is the CPU time spent on threads other than the callers', in seconds, rising.
    """

    def __init__(self, engine: Engine, lanes: int) -> None:
        self._engine = engine
        self._lanes = lanes
        self._others = ThreadPoolExecutor(lanes - 1, thread_name_prefix="inference")
        self._lock = threading.Lock()
        self.label = engine.label
        self.precision = engine.precision
        self.input_names = engine.input_names
        self.output_names = engine.output_names
        self.output_rows = engine.output_rows
        self.elsewhere_s = 0.0

    def run(self, inputs: Mapping[str, InputArray]) -> dict[str, FloatArray]:
        """Infer one batch; the rows come back in order."""
        n = len(inputs[self.input_names[0]])
        if n == 1:
            return self._engine.run(inputs)
        outputs = room_for(n, self.output_rows)
        self.fill(inputs, outputs)
        return outputs

    def fill(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        """Infer one batch into the caller's arrays: each lane writes its own rows."""
        own, *others = shares(len(inputs[self.input_names[0]]), self._lanes)
        pending = [
            self._others.submit(self._elsewhere, rows_of(inputs, part), rows_of(outputs, part)) for part in others
        ]
        self._engine.fill(rows_of(inputs, own), rows_of(outputs, own))
        for each in pending:
            each.result()

    def _elsewhere(self, inputs: Mapping[str, InputArray], outputs: Mapping[str, FloatArray]) -> None:
        began = time.thread_time()
        self._engine.fill(inputs, outputs)
        spent = time.thread_time() - began
        with self._lock:
            self.elsewhere_s += spent


def shares(n: int, lanes: int) -> Iterator[slice]:
    """Cut n >= 1 rows into at most `lanes` parts, none empty, that differ by one row at most; larger ones first."""
    start = 0
    for lane in range(min(n, lanes)):
        size = n // lanes + (lane < n % lanes)
        yield slice(start, start + size)
        start += size
