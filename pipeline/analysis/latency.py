"""How long after a picture arrived it was analysed, and what it told was stored."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

_REMEMBERED = 1000  # pictures: more than three minutes at five a second


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, over the last thousand pictures; None before the first."""

    p50_ms: float | None
    p95_ms: float | None


@dataclass(slots=True)
class Delays:
    """The last delays of one camera in seconds, oldest first. One thread adds, any may ask."""

    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def add(self, seconds: float) -> None:
        """Remember one more; a delay below zero counts as none."""
        self._seconds.append(max(0.0, seconds))

    def clear(self) -> None:
        """Forget all, to begin a measurement."""
        self._seconds.clear()

    def latency(self) -> Latency:
        """Return the median and the 95th percentile."""
        return latency_of(tuple(self._seconds.copy()))


def latency_of(seconds: Sequence[float]) -> Latency:
    """Return median and 95th percentile of delays in seconds, as milliseconds."""
    if not seconds:
        return Latency(None, None)
    median, high = np.percentile(np.asarray(seconds) * 1000.0, (50, 95))
    return Latency(round(float(median), 1), round(float(high), 1))
