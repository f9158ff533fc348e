"""Spans of the journal as a partition of the time that was asked about: every millisecond in exactly one state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from pipeline.archive.journal import Span, SpanState

NEVER_HEARD_OF = "never_heard_of"
NO_RECORD = "no_record"
LOST = "lost"


class State(StrEnum):
    """What is known of a camera at one moment.

    LIVE: it was watched, and whoever passed is in the archive. SHEDDING: the same, with more frames dropped than
    allowed. BEHIND: it delivered, but what it saw is not (or never was) stored. DOWN: it delivered nothing.
    UNKNOWN: nobody kept a record; not configured, or zhian did not run. Only LIVE is an answer to "not seen".
    """

    LIVE = "live"
    SHEDDING = "shedding"
    BEHIND = "behind"
    DOWN = "down"
    UNKNOWN = "unknown"


# Where spans overlap, the one that saw most counts: a recorder's film, analysed later, fills the gap of a dead stream.
_BEST_FIRST = (State.LIVE, State.SHEDDING, State.BEHIND, State.DOWN, State.UNKNOWN)
_BY_SPAN = {
    SpanState.LIVE: State.LIVE,
    SpanState.SHEDDING: State.SHEDDING,
    SpanState.DOWN: State.DOWN,
    SpanState.LOST: State.BEHIND,
}


@dataclass(frozen=True, slots=True)
class Interval:
    """[from_ms, to_ms), UTC epoch ms. `reason` says why a camera was down, or in which way it is unknown."""

    from_ms: int
    to_ms: int
    state: State
    reason: str = ""

    @property
    def length_ms(self) -> int:
        """How long it lasts; never 0."""
        return self.to_ms - self.from_ms


def partition(spans: Iterable[Span], from_ms: int, to_ms: int, *, otherwise: str = NO_RECORD) -> tuple[Interval, ...]:
    """Return the states of one camera in [from_ms, to_ms): ordered, without gap or overlap, neighbours different.

    Time without a span is UNKNOWN with the reason `otherwise`.
    """
    pieces = [piece for span in spans for piece in _pieces(span, from_ms, to_ms)]
    ends = sorted({from_ms, to_ms, *(p.from_ms for p in pieces), *(p.to_ms for p in pieces)})
    starting: dict[int, list[Interval]] = {}
    for piece in pieces:
        starting.setdefault(piece.from_ms, []).append(piece)
    active: list[Interval] = []
    found: list[Interval] = []
    for start, end in pairwise(ends):
        active = [piece for piece in active if piece.to_ms > start] + starting.get(start, [])
        best = min(active, key=_rank, default=Interval(start, end, State.UNKNOWN, otherwise))
        _extend(found, Interval(start, end, best.state, best.reason))
    return tuple(found)


def _pieces(span: Span, from_ms: int, to_ms: int) -> Sequence[Interval]:
    """Return a span cut to the asked time, its unindexed end as BEHIND."""
    state = _BY_SPAN[span.state]
    if span.state is SpanState.LOST:
        span = replace(span, reason=LOST)
    indexed_ms = (
        span.to_ms
        if span.state in {SpanState.DOWN, SpanState.LOST}
        else min(max(span.indexed_ms, span.from_ms), span.to_ms)
    )
    parts = ((span.from_ms, indexed_ms, state, span.reason), (indexed_ms, span.to_ms, State.BEHIND, ""))
    cut = ((max(start, from_ms), min(end, to_ms), state, reason) for start, end, state, reason in parts)
    return [Interval(*part) for part in cut if part[0] < part[1]]


def _rank(piece: Interval) -> tuple[int, int]:
    """Order by state, then the newer report of two; what was lost is lost, whatever was reported meanwhile."""
    return -1 if piece.reason == LOST else _BEST_FIRST.index(piece.state), -piece.from_ms


def _extend(found: list[Interval], piece: Interval) -> None:
    last = found[-1] if found else None
    if last is not None and (last.state, last.reason) == (piece.state, piece.reason):
        found[-1] = Interval(last.from_ms, piece.to_ms, piece.state, piece.reason)
    else:
        found.append(piece)
