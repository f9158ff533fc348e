"""Spans of the journal as a partition of the time that was asked about: every millisecond in exactly one state."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
BY_SPAN = {
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
    pieces.sort(key=lambda piece: piece.from_ms)
    in_a_row = all(one.to_ms <= following.from_ms for one, following in pairwise(pieces))
    found: list[Interval] = []
    at_ms = from_ms
    for piece in pieces if in_a_row else best_of(pieces):
        if piece.from_ms > at_ms:
            found.append(Interval(at_ms, piece.from_ms, State.UNKNOWN, otherwise))
        _extend(found, piece)
        at_ms = piece.to_ms
    if at_ms < to_ms:
        found.append(Interval(at_ms, to_ms, State.UNKNOWN, otherwise))
    return tuple(found)


def best_of(pieces: Sequence[Interval]) -> Iterator[Interval]:
    """Yield, in order, the best piece of each stretch in which the same pieces overlap."""
    ends = sorted({end for piece in pieces for end in (piece.from_ms, piece.to_ms)})
    starting: dict[int, list[Interval]] = {}
    for piece in pieces:
        starting.setdefault(piece.from_ms, []).append(piece)
    active: list[Interval] = []
    for start, end in pairwise(ends):
        active = [piece for piece in active if piece.to_ms > start] + starting.get(start, [])
        if active:
            best = min(active, key=_rank)
            yield Interval(start, end, best.state, best.reason)


def _pieces(span: Span, from_ms: int, to_ms: int) -> Iterator[Interval]:
    """Yield a span cut to the asked time, its unindexed end as BEHIND."""
    state, reason = BY_SPAN[span.state], span.reason
    end_ms = indexed_ms = min(span.to_ms, to_ms)
    if span.state is SpanState.LOST:
        reason = LOST
    elif span.state is not SpanState.DOWN:
        indexed_ms = max(span.from_ms, min(span.indexed_ms, end_ms))
    start_ms = max(span.from_ms, from_ms)
    if start_ms < indexed_ms:
        yield Interval(start_ms, indexed_ms, state, reason)
    if max(start_ms, indexed_ms) < end_ms:
        yield Interval(max(start_ms, indexed_ms), end_ms, State.BEHIND)


def _rank(piece: Interval) -> tuple[int, int]:
    """Order by state, then the newer report of two; what was lost is lost, whatever was reported meanwhile."""
    return -1 if piece.reason == LOST else _BEST_FIRST.index(piece.state), -piece.from_ms


def _extend(found: list[Interval], piece: Interval) -> None:
    last = found[-1] if found else None
    if last is not None and (last.state, last.reason) == (piece.state, piece.reason):
        found[-1] = Interval(last.from_ms, piece.to_ms, piece.state, piece.reason)
    else:
        found.append(piece)
