"""How fast rows come: while many come at once, sealing waits for more of them and leaves the processor alone."""

import time
from collections.abc import Callable

HURRY = 2_000  # rows a second; no site's cameras come near it, what is taken over from elsewhere exceeds it
WINDOW_S = 1.0
PATIENCE = 8  # so many times as many rows are sealed at once: a row then costs a third, and is rewritten less often


class Pace:
    """Counts rows as they are stored; for one writing thread, asked by others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, never backwards."""
        self._clock = clock
        self._began = self._last = float("-inf")
        self._rows = 0
        self._before = 0.0

    def note(self, rows: int) -> None:
        """Take in that rows were stored."""
        self._last = now = self._clock()
        if now - self._began >= WINDOW_S:
            self._before = self._rows / (now - self._began)
            self._began, self._rows = now, 0
        self._rows += rows

    def waits(self, unsealed: int, seal_rows: int) -> bool:
        """Tell whether sealing should wait with so many rows unsealed."""
        hurried = max(self._before, self._rows / WINDOW_S) > HURRY and self._clock() - self._last < WINDOW_S
        return hurried and unsealed < PATIENCE * seal_rows
