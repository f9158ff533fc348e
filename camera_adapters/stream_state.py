"""What is known about a camera's stream at one moment."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypedDict, Unpack

from camera_adapters.errors import Reason


class Status(StrEnum):
    """Where a stream stands, the same words in API, logs and metrics."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StreamState:
    """A snapshot; never changes.

    `reason` and `detail` (one sentence without credentials) tell why the stream is not live, or was not last time.
    `since_ms` (UTC epoch ms) is when `status` began. Counters run from the supervisor's making on: `connects` counts
    tries, `failures` those that ended in an error, `errors` the exceptions nobody expected. `frames_decoded` counts
    decoded pictures up to the last delivered one, `frames_delivered` those handed on at the analysis rate.
    `next_try_s` is the length of the present wait while BACKING_OFF, else None.
    """

    camera_id: str
    status: Status
    since_ms: int
    reason: Reason | None = None
    detail: str = ""
    session: str = ""
    connects: int = 0
    failures: int = 0
    errors: int = 0
    frames_decoded: int = 0
    frames_delivered: int = 0
    corrupt_packets: int = 0
    last_frame_ms: int | None = None
    next_try_s: float | None = None


class Changes(TypedDict, total=False):
    """Which fields of a StreamState change, and to what."""

    reason: Reason | None
    detail: str
    session: str
    connects: int
    failures: int
    errors: int
    frames_decoded: int
    frames_delivered: int
    corrupt_packets: int
    last_frame_ms: int | None
    next_try_s: float | None


class StateBoard:
    """Holds the newest snapshot; changes are atomic, and `told` hears each change of status or reason in order."""

    def __init__(self, first: StreamState, wall_ms: Callable[[], int], told: Callable[[StreamState], None]) -> None:
        self._state = first
        self._wall_ms = wall_ms
        self._told = told
        # Re-entrant, because the listener may ask for the state.
        self._lock = threading.RLock()

    @property
    def state(self) -> StreamState:
        """The newest snapshot."""
        return self._state

    def count(self, **changes: Unpack[Changes]) -> None:
        """Change counters: nobody is told."""
        with self._lock:
            self._state = replace(self._state, **changes)

    def enter(
        self, status: Status, unless: Callable[[StreamState], bool] | None = None, /, **changes: Unpack[Changes]
    ) -> bool:
        """Change the status; returns False and leaves all as it is when `unless` holds for the present state."""
        with self._lock:
            old = self._state
            if unless is not None and unless(old):
                return False
            since_ms = old.since_ms if old.status is status else self._wall_ms()
            self._state = replace(old, status=status, since_ms=since_ms, **changes)
            if (old.status, old.reason) != (self._state.status, self._state.reason):
                self._told(self._state)
            return True
