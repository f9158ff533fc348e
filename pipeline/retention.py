"""Data expire: sightings older than the configured days are forgotten, unless a case holds them."""

import time
from collections.abc import Callable, Mapping

import structlog

from models.kinds import KINDS, Kind
from pipeline.archive.contract import Archive

log = structlog.get_logger(__name__)
_DAY_MS = 86_400_000


class Retention:
    """Sweeps at the start and then every `every_s`; a sweep with much to do goes on in steps of `step` sightings.

    `days_by_kind` is for the kinds that are kept shorter or longer than `days`. So few go in one step that the thread
    that asks is not kept from its frames.
    """

    def __init__(
        self,
        archive: Archive,
        days: int,
        wall_ms: Callable[[], int],
        *,
        days_by_kind: Mapping[Kind, int] | None = None,
        every_s: float = 3600.0,
        step: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive, self._wall_ms = archive, wall_ms
        self._days: dict[Kind | None, int] = {None: days}
        if days_by_kind:
            self._days = {kind: days_by_kind.get(kind, days) for kind in KINDS}
        self._every_s, self._step, self._clock = every_s, step, clock
        self._next_s = clock()
        self._gone = dict.fromkeys(self._days, 0)

    def sweep_when_due(self) -> int:
        """Forget some of what is too old when the time has come; return how many were forgotten."""
        if self._clock() < self._next_s:
            return 0
        forgotten, now_ms = 0, self._wall_ms()
        for kind, days in self._days.items():
            gone = self._archive.expire(now_ms - days * _DAY_MS, kind=kind, limit=self._step - forgotten)
            self._gone[kind] += gone
            forgotten += gone
            if forgotten >= self._step:
                return forgotten  # still due
        self._next_s = self._clock() + self._every_s
        for kind, gone in self._gone.items():
            if gone:
                log.info("sightings_expired", kind=str(kind or "all"), count=gone, days=self._days[kind])
        self._gone = dict.fromkeys(self._days, 0)
        return forgotten
