"""What the archive remembers of watching itself: when each camera was live, shedding frames, or down and why.

A span only ever grows, and its end is the last moment that was reported: a kill -9 leaves it there, never at "now".
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class SpanState(StrEnum):
    """How a camera fared.

    SHEDDING: it delivered, and more frames than allowed were dropped before analysis. LOST: whoever passed was seen,
    but there was no room to store it.
    """

    LIVE = "live"
    SHEDDING = "shedding"
    DOWN = "down"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Span:
    """One camera in one state during [from_ms, to_ms), UTC epoch ms.

    `session` names the recording or the run of the process it belongs to. Every sighting that began before
    `indexed_ms` (at most `to_ms`) is stored. `reason` says why a camera was down, in the words of its stream state.
    """

    camera_id: str
    session: str
    state: SpanState
    from_ms: int
    to_ms: int
    indexed_ms: int
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, int, SpanState]:
        """What two reports of the same span share."""
        return self.camera_id, self.session, self.from_ms, self.state


STATES = tuple(SpanState)


@dataclass(frozen=True, slots=True, eq=False)
class SpanTable:
    """Many spans as columns of n rows, in no order.

    `camera` int64 points into the cameras that were asked for, `state` int64 into STATES, `reason` int64 into
    `reasons`; `from_ms`, `to_ms`, `indexed_ms` int64, UTC epoch ms.
    """

    camera: NDArray[np.int64]
    state: NDArray[np.int64]
    from_ms: NDArray[np.int64]
    to_ms: NDArray[np.int64]
    indexed_ms: NDArray[np.int64]
    reason: NDArray[np.int64]
    reasons: tuple[str, ...]


class Journal(Protocol):
    """Spans that stay.

    - `note` is durable on return; a span noted again grows to the larger of both ends, and never shrinks.
    - every method may be called from any thread.
    """

    def note(self, spans: Sequence[Span]) -> None:
        """Store new spans, and how far known ones have grown."""
        ...

    def spans(self, from_ms: int, to_ms: int, cameras: Sequence[str] = ()) -> list[Span]:
        """Return the spans that overlap [from_ms, to_ms), by camera and start; no cameras means all."""
        ...

    def table(self, from_ms: int, to_ms: int, cameras: Sequence[str]) -> SpanTable:
        """Return the spans of these cameras that overlap [from_ms, to_ms) as columns."""
        ...

    def extent(self, cameras: Sequence[str] = ()) -> tuple[int, int] | None:
        """Return the first start and the last end of the cameras' spans; None when there is none."""
        ...

    def cameras(self) -> Sequence[str]:
        """Return the ids of all cameras with spans, sorted."""
        ...

    def forget(self, before_ms: int) -> int:
        """Drop the spans that ended before a time; return how many."""
        ...


class InMemoryJournal:
    """A Journal that is gone when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[tuple[str, str, int, SpanState], Span] = {}

    def note(self, spans: Sequence[Span]) -> None:
        """Store new spans, and how far known ones have grown."""
        with self._lock:
            for span in spans:
                held = self._spans.get(span.key, span)
                to_ms, indexed_ms = max(held.to_ms, span.to_ms), max(held.indexed_ms, span.indexed_ms)
                self._spans[span.key] = replace(held, to_ms=to_ms, indexed_ms=indexed_ms)

    def spans(self, from_ms: int, to_ms: int, cameras: Sequence[str] = ()) -> list[Span]:
        """Return the spans that overlap [from_ms, to_ms), by camera and start; no cameras means all."""
        chosen = [s for s in self._of(cameras) if s.from_ms < to_ms and s.to_ms > from_ms]
        return sorted(chosen, key=lambda s: (s.camera_id, s.from_ms, s.to_ms))

    def table(self, from_ms: int, to_ms: int, cameras: Sequence[str]) -> SpanTable:
        """Return the spans of these cameras that overlap [from_ms, to_ms) as columns."""
        spans = self.spans(from_ms, to_ms, cameras) if cameras else []
        places = {camera: place for place, camera in enumerate(cameras)}
        reasons = tuple(dict.fromkeys(span.reason for span in spans))
        return SpanTable(
            camera=np.array([places[span.camera_id] for span in spans], np.int64),
            state=np.array([STATES.index(span.state) for span in spans], np.int64),
            from_ms=np.array([span.from_ms for span in spans], np.int64),
            to_ms=np.array([span.to_ms for span in spans], np.int64),
            indexed_ms=np.array([span.indexed_ms for span in spans], np.int64),
            reason=np.array([reasons.index(span.reason) for span in spans], np.int64),
            reasons=reasons,
        )

    def extent(self, cameras: Sequence[str] = ()) -> tuple[int, int] | None:
        """Return the first start and the last end of the cameras' spans; None when there is none."""
        chosen = self._of(cameras)
        return (min(s.from_ms for s in chosen), max(s.to_ms for s in chosen)) if chosen else None

    def cameras(self) -> Sequence[str]:
        """Return the ids of all cameras with spans, sorted."""
        return sorted({span.camera_id for span in self._of(())})

    def forget(self, before_ms: int) -> int:
        """Drop the spans that ended before a time; return how many."""
        with self._lock:
            old = [key for key, span in self._spans.items() if span.to_ms < before_ms]
            for key in old:
                del self._spans[key]
        return len(old)

    def _of(self, cameras: Sequence[str]) -> list[Span]:
        with self._lock:
            return [span for span in self._spans.values() if not cameras or span.camera_id in cameras]
