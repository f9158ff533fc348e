"""The wall clock, for whoever is not given another."""

import time


def now_ms() -> int:
    """Return the time now, UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000
