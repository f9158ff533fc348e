"""Writes changes of a stream's state, without filling the disk for a camera that is gone for a week."""

from collections.abc import Callable

import structlog

from camera_adapters.errors import Reason
from camera_adapters.stream_state import Status, StreamState

log = structlog.get_logger(__name__)


class StateLog:
    """Each status with its reason is written once a period; `repeats` tells how often it came again in between."""

    def __init__(self, clock: Callable[[], float], period_s: float = 60.0) -> None:
        self._clock = clock
        self._period_s = period_s
        self._written: dict[tuple[Status, Reason | None], float] = {}
        self._repeats = 0

    def write(self, state: StreamState) -> None:
        """Log `state`, or count it; connecting is part of every try and never logged as a warning."""
        if state.status is Status.CONNECTING:
            return
        now, key = self._clock(), (state.status, state.reason)
        if now - self._written.get(key, -float("inf")) < self._period_s:
            self._repeats += 1
            return
        self._written[key] = now
        event = log.warning if state.status in {Status.BACKING_OFF, Status.STALLED} else log.info
        event(
            "camera_state",
            camera=state.camera_id,
            status=str(state.status),
            reason=str(state.reason or ""),
            detail=state.detail,
            repeats=self._repeats,
        )
        self._repeats = 0
