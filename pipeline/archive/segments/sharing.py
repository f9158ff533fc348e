"""Work of one search that another core may share, when one is free.

The cores decode and detect as well: whoever asks works too, takes what nobody has taken, and waits for a helper no
longer than it would take to do the rest alone.
"""

import itertools
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# Its fourth word begins with how many threads of the machine run or wait for a core now.
RUNNING = Path("/proc/loadavg")


def work_done(work: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """Return the results of some calls without side effects, in order; each may be made twice."""
    if len(work) < 2 or threads < 2:
        return [each() for each in work]
    done: dict[int, T] = {}
    turn = itertools.count()  # its next() is one step for all threads

    def take() -> None:
        while (place := next(turn)) < len(work):
            done[place] = work[place]()

    helpers = [_helpers().submit(take) for _ in range(min(threads, len(work)) - 1)]
    began = time.perf_counter()
    take()
    busy = [helper for helper in helpers if not helper.cancel()]
    if busy:
        wait(busy, timeout=time.perf_counter() - began)
    return [done[place] if place in done else work[place]() for place in range(len(work))]


def threads_at_hand() -> int:
    """Return how many threads may work on a search: the caller's, and one for each core on which nobody computes.

    On busy cores a search that shares its work takes three times as long as one that does not: it has to wait for its
    turn twice.
    """
    return max(1, min(_cores(), _cores() - _running() + 1))


def _running() -> int:
    try:
        with RUNNING.open("rb") as told:
            return max(1, int(told.read().split()[3].split(b"/")[0]))
    except (OSError, ValueError, IndexError):  # another system: the mean of the last minute has to do
        return max(1, round(os.getloadavg()[0])) if hasattr(os, "getloadavg") else _cores()


@cache
def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _helpers() -> ThreadPoolExecutor:
    """Return the helpers of all searches: one search alone leaves none waiting, many wait for none."""
    return ThreadPoolExecutor(max(1, _cores() - 1), "scan")
