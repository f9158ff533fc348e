"""How long to wait before the next try, per reason of the failure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from camera_adapters.errors import Reason


class Random(Protocol):
    """Where jitter comes from; `random.Random` fits."""

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...


@dataclass(frozen=True, slots=True)
class Waits:
    """The first wait, and the longest: each failure in a row doubles it. Seconds."""

    first_s: float
    cap_s: float

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.cap_s:
            raise ValueError(f"a wait of {self.first_s} s up to {self.cap_s} s makes no sense")

    def nth(self, failures: int) -> float:
        """Return the wait after the `failures`-th failure in a row (from 1), without jitter."""
        return min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 32))


# A camera that comes back is live again within 5 s: a cap of 3 s leaves two for connecting and the first key frame.
QUICK = Waits(0.2, 3.0)
# Configuration mistakes mend themselves rarely.
SLOW = Waits(5.0, 60.0)
# Cameras lock the account after a few wrong passwords, and then nobody can look at them: 60 s at the least.
WRONG_PASSWORD = Waits(80.0, 800.0)
JITTER = 0.25

BY_REASON: Mapping[Reason, Waits] = MappingProxyType(
    {
        Reason.REFUSED: QUICK,
        Reason.TIMEOUT: QUICK,
        Reason.END_OF_STREAM: QUICK,
        Reason.DECODE_ERROR: Waits(0.5, 20.0),
        Reason.NO_VIDEO: SLOW,
        Reason.OVERLOADED: Waits(5.0, 30.0),
        Reason.BAD_SOURCE: SLOW,
        Reason.UNAUTHORISED: WRONG_PASSWORD,
    }
)


class Backoff:
    """Counts failures in a row per reason; one per camera.

    Counting per reason keeps a wrong password slow when refusals come between, and a camera that restarts quick after
    a night of wrong passwords. The wait is shortened by up to a quarter at random, so that the cameras of a recorder
    that restarts do not all come at once.
    """

    def __init__(self, rng: Random, by_reason: Mapping[Reason, Waits] = BY_REASON) -> None:
        self._rng = rng
        self._by_reason = by_reason
        self._failures: Counter[Reason] = Counter()

    def next_wait_s(self, reason: Reason) -> float:
        """Count a failure and return the seconds until the next try."""
        self._failures[reason] += 1
        waits = self._by_reason.get(reason, SLOW)
        return waits.nth(self._failures[reason]) * (1 - JITTER * self._rng.random())

    def settled(self) -> None:
        """Forget the failures: the camera has been live for long enough."""
        self._failures.clear()
