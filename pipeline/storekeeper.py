"""Keeps records until the archive has acknowledged them."""

import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from pipeline.archive.contract import Archive
from pipeline.errors import ArchiveFull
from pipeline.sighting import Record

log = structlog.get_logger(__name__)


class Storekeeper:
    """A bounded queue before the archive, policy drop oldest, for the time the disk is full.

    Every retry waits `retry_s`; drops are counted. Not thread-safe: the analysis thread owns it. `unstored`, which any
    thread may read, is how many records waited when the disk was last found full, 0 while there is room.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        capacity: int = 2000,
        retry_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        on_drop: Callable[[Record], None] | None = None,
    ) -> None:
        """`on_drop` hears of each record that is given up."""
        self._archive = archive
        self._waiting: deque[Record] = deque()
        self._capacity = capacity
        self._retry_s = retry_s
        self._clock = clock
        self._on_drop = on_drop
        self._not_before = float("-inf")
        self.stored = 0
        self.dropped = 0
        self.unstored = 0

    @property
    def waiting(self) -> int:
        """How many records are not stored yet."""
        return len(self._waiting)

    def pending_ms(self, camera_id: str) -> int | None:
        """When (UTC epoch ms) the camera's earliest record began that is not stored yet; None when there is none."""
        waiting = (record.sighting for record in self._waiting)
        return min((s.first_seen_ms for s in waiting if s.key.camera_id == camera_id), default=None)

    def keep(self, records: Sequence[Record]) -> list[Record]:
        """Take records and store everything that waits; return what was stored now (none while the disk is full)."""
        self._waiting.extend(records)
        while len(self._waiting) > self._capacity:
            given_up = self._waiting.popleft()
            self.dropped += 1
            if self._on_drop is not None:
                self._on_drop(given_up)
        if not self._waiting or self._clock() < self._not_before:
            return []
        return self.flush()

    def flush(self) -> list[Record]:
        """Store everything that waits without looking at the clock."""
        batch = list(self._waiting)
        if not batch:
            return []
        try:
            self._archive.append(batch)
        except ArchiveFull as error:
            self._not_before, self.unstored = self._clock() + self._retry_s, len(batch)
            log.warning(
                "archive_full", detail=str(error), waiting=len(batch), dropped=self.dropped, retry_s=self._retry_s
            )
            return []
        self._waiting.clear()
        self.stored += len(batch)
        self.unstored = 0
        return batch
