"""Memory that is free in this process, given back to the system."""

import ctypes
import sys
import time
from collections.abc import Callable


def trim() -> None:
    """Give back what the C allocator keeps of freed memory; does nothing where there is no glibc."""
    if sys.platform == "linux":
        give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if give_back is not None:
            give_back(0)


class Heap:
    """Trims every `every_s` seconds. Not thread-safe: one thread owns it.

    Pictures are made on one thread and freed on another, of many sizes: between what lives long the allocator keeps
    more and more free pieces. A process that runs for months would grow by megabytes an hour, though it holds no more.
    """

    def __init__(
        self,
        every_s: float = 300.0,
        trim: Callable[[], None] = trim,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every_s, self._trim, self._clock = every_s, trim, clock
        self._next_s = clock() + every_s

    def trim_when_due(self) -> None:
        """Give back what is free when the time has come."""
        now_s = self._clock()
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            self._trim()
