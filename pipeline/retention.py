"""Data expire: sightings older than the configured days are forgotten."""

import time
from collections.abc import Callable

import structlog

from pipeline.archive.contract import Archive

log = structlog.get_logger(__name__)
_DAY_MS = 86_400_000


class Retention:
    """Sweeps at the start and then every `every_s`."""

    def __init__(
        self,
        archive: Archive,
        days: int,
        wall_ms: Callable[[], int],
        *,
        every_s: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive, self._days, self._wall_ms = archive, days, wall_ms
        self._every_s, self._clock = every_s, clock
        self._next_s = clock()

    def sweep_when_due(self) -> int:
        """Forget what is too old when the time has come; return how many were forgotten."""
        if self._clock() < self._next_s:
            return 0
        self._next_s = self._clock() + self._every_s
        forgotten = self._archive.expire(self._wall_ms() - self._days * _DAY_MS)
        if forgotten:
            log.info("sightings_expired", count=forgotten, days=self._days)
        return forgotten
