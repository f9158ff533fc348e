"""Two networks on the same engine, turn by turn, so that a busy machine slows both."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from models.batch_axis import with_dynamic_batch
from models.card import InputLayout
from models.engine import Engine, EngineSettings, open_engine

_ROUNDS = 60
_WARM = 5


@dataclass(frozen=True, slots=True)
class Contender:
    """A network file and how it is fed."""

    path: Path
    input: InputLayout


@dataclass(frozen=True, slots=True)
class Race:
    """Median milliseconds a picture of both, on one engine."""

    engine: str
    threads: int
    batch: int
    large_ms: float
    small_ms: float

    @property
    def ratio(self) -> float:
        """How many times faster the small one is."""
        return self.large_ms / self.small_ms

    def row(self) -> dict[str, float | str]:
        """All figures, rounded."""
        return {
            "engine": self.engine,
            "threads": self.threads,
            "batch": self.batch,
            "large_ms": round(self.large_ms, 2),
            "small_ms": round(self.small_ms, 2),
            "ratio": round(self.ratio, 2),
        }


def race(large: Contender, small: Contender, settings: EngineSettings, batch: int) -> Race:
    """Time both networks on random pictures; raises EngineUnavailable or ModelCorrupt."""
    engines = [open_engine(with_dynamic_batch(each.path.read_bytes()), settings=settings) for each in (large, small)]
    rng = np.random.default_rng(0)
    blobs = [
        rng.uniform(0, 255, (batch, 3, each.input.height, each.input.width)).astype(np.float32)
        for each in (large, small)
    ]
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(_ROUNDS + _WARM):
        for engine, blob, times in zip(engines, blobs, spent, strict=True):
            taken = _timed(engine, blob)
            if turn >= _WARM:
                times.append(taken)
    large_ms, small_ms = (1000 * median(times) / batch for times in spent)
    return Race(engines[0].label, settings.threads, batch, large_ms, small_ms)


def _timed(engine: Engine, blob: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> float:
    began = time.perf_counter()
    engine.run({engine.input_names[0]: blob})
    return time.perf_counter() - began
