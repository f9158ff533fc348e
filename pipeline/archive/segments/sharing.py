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
from typing import TypeVar

T = TypeVar("T")


def work_done(work: Sequence[Callable[[], T]]) -> list[T]:
    """Return the results of some calls without side effects, in order; each may be made twice."""
    if len(work) < 2 or sharers() < 2:
        return [each() for each in work]
    done: dict[int, T] = {}
    turn = itertools.count()  # its next() is one step for all threads

    def take() -> None:
        while (place := next(turn)) < len(work):
            done[place] = work[place]()

    helpers = [_helpers().submit(take) for _ in range(min(sharers(), len(work)) - 1)]
    began = time.perf_counter()
    take()
    busy = [helper for helper in helpers if not helper.cancel()]
    if busy:
        wait(busy, timeout=time.perf_counter() - began)
    return [done[place] if place in done else work[place]() for place in range(len(work))]


@cache
def sharers() -> int:
    """Return how many threads work on one search: as many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _helpers() -> ThreadPoolExecutor:
    """Return the helpers of all searches: one search alone leaves none waiting, many wait for none."""
    return ThreadPoolExecutor(max(1, sharers() - 1), "scan")
