"""How fast the networks of this machine are, through our own layers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
BATCHES = (1, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """Pictures a second by the clock, and for a second of CPU time, in batches of one size."""

    batch: int
    per_s: float
    per_cpu_s: float


def bench_network(
    run: Callable[[Sequence[Image]], object], size: tuple[int, int], seconds: float
) -> list[BatchFigures]:
    """Measure `run` on made-up pictures of (width, height), about `seconds` for each size of batch."""
    width, height = size
    pictures = list(np.random.default_rng(0).integers(0, 256, (max(BATCHES), height, width, 3), np.uint8))
    found = []
    for batch in BATCHES:
        run(pictures[:batch])
        began, cpu, done = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds:
            run(pictures[:batch])
            done += batch
        took, spent = time.perf_counter() - began, time.process_time() - cpu
        found.append(BatchFigures(batch, round(done / took, 1), round(done / max(spent, 1e-9), 1)))
    return found
