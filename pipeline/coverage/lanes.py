"""The same partition as `intervals.partition`, for thousands of cameras at once, in columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.journal import STATES as SPAN_STATES
from pipeline.archive.journal import SpanState, SpanTable
from pipeline.coverage.intervals import BY_SPAN, LOST, NEVER_HEARD_OF, NO_RECORD, Interval, State, best_of

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
SHORT_MS = 1_000  # a shorter gap is part of no sentence

_STATES = tuple(State)
_CODE = {state: code for code, state in enumerate(_STATES)}
_OF_SPAN = np.array([_CODE[BY_SPAN[state]] for state in SPAN_STATES], np.int64)
_DOWN, _LOST = SPAN_STATES.index(SpanState.DOWN), SPAN_STATES.index(SpanState.LOST)


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """The intervals of many cameras, ordered by camera and time; those of camera c are rows [first[c], first[c + 1]).

    `first` int64 (cameras + 1,), `from_ms`, `to_ms`, `state`, `reason` int64 (n,); `watched_ms` int64 (cameras,) how
    long each was LIVE, `gaps` how many intervals of at least SHORT_MS it was not.
    """

    first: IntArray
    from_ms: IntArray
    to_ms: IntArray
    state: IntArray
    reason: IntArray
    reasons: tuple[str, ...]
    watched_ms: IntArray
    gaps: IntArray

    def interval(self, row: int) -> Interval:
        """Return one row."""
        state, reason = _STATES[int(self.state[row])], self.reasons[int(self.reason[row])]
        return Interval(int(self.from_ms[row]), int(self.to_ms[row]), state, reason)


class _Rows(NamedTuple):
    """Pieces of time as columns, int64 (n,)."""

    camera: IntArray
    begin: IntArray
    end: IntArray
    state: IntArray
    reason: IntArray

    def taken(self, which: IntArray | BoolArray) -> "_Rows":
        """Return some of the rows, or all in another order."""
        return _Rows(*(each[which] for each in self))

    def joined(self, other: "_Rows") -> "_Rows":
        """Return the rows of both, by camera and begin."""
        both = _Rows(*(np.append(one, more) for one, more in zip(self, other, strict=True)))
        return both.taken(np.lexsort((both.begin, both.camera)))


class Intervals(Sequence[Interval]):
    """The intervals of one camera, a partition of the asked time; each is made when it is looked at."""

    __slots__ = ("_first", "_lanes", "_length", "gaps", "watched_ms")

    def __init__(self, lanes: Lanes, camera: int) -> None:
        first, end = int(lanes.first[camera]), int(lanes.first[camera + 1])
        self._lanes, self._first, self._length = lanes, first, end - first
        self.watched_ms, self.gaps = int(lanes.watched_ms[camera]), int(lanes.gaps[camera])

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> "Intervals":
        """Return intervals that are known one by one."""
        known = list(intervals)
        reasons = tuple(dict.fromkeys(each.reason for each in known))
        rows = [(each.from_ms, each.to_ms, _CODE[each.state], reasons.index(each.reason)) for each in known]
        begin, end, state, reason = np.array(rows, np.int64).reshape(-1, 4).T
        return cls(_lanes(_Rows(np.zeros(len(known), np.int64), begin, end, state, reason), reasons, 1), 0)

    @overload
    def __getitem__(self, index: int) -> Interval: ...

    @overload
    def __getitem__(self, index: slice) -> list[Interval]: ...

    def __getitem__(self, index: int | slice) -> Interval | list[Interval]:
        """Return one, or some."""
        places = range(self._length)[index]
        if isinstance(places, range):
            return [self._lanes.interval(self._first + place) for place in places]
        return self._lanes.interval(self._first + places)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Interval]:
        return (self._lanes.interval(self._first + place) for place in range(self._length))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Intervals({list(self)!r})"


def lanes(spans: SpanTable, cameras: int, from_ms: int, to_ms: int, known: BoolArray) -> Lanes:
    """Return the intervals of so many cameras in [from_ms, to_ms); `known` bool (cameras,): the journal knows it."""
    reasons = tuple(dict.fromkeys(("", *spans.reasons, LOST, NO_RECORD, NEVER_HEARD_OF)))
    rows = _pieces(spans, from_ms, to_ms, reasons)
    overlaps = (rows.camera[1:] == rows.camera[:-1]) & (rows.end[:-1] > rows.begin[1:])
    if overlaps.any():
        rows = _disentangled(rows, np.unique(rows.camera[1:][overlaps]), reasons)
    otherwise = np.where(known, reasons.index(NO_RECORD), reasons.index(NEVER_HEARD_OF))
    return _merged(rows.joined(_gaps(rows, otherwise, from_ms, to_ms)), reasons, cameras)


def _pieces(spans: SpanTable, from_ms: int, to_ms: int, reasons: tuple[str, ...]) -> _Rows:
    """Return each span cut to the asked time, its unindexed end as BEHIND."""
    begin, end = np.maximum(spans.from_ms, from_ms), np.minimum(spans.to_ms, to_ms)
    indexed = np.maximum(spans.from_ms, np.minimum(spans.indexed_ms, end))
    indexed = np.where((spans.state == _DOWN) | (spans.state == _LOST), end, indexed)
    told = np.array([reasons.index(each) for each in spans.reasons], np.int64)
    reason = np.where(spans.state == _LOST, reasons.index(LOST), told[spans.reason])
    behind = np.maximum(begin, indexed)
    whole = _Rows(spans.camera, begin, indexed, _OF_SPAN[spans.state], reason).taken(begin < indexed)
    states, none = np.full_like(end, _CODE[State.BEHIND]), np.full_like(end, reasons.index(""))
    return whole.joined(_Rows(spans.camera, behind, end, states, none).taken(behind < end))


def _disentangled(rows: _Rows, tangled: IntArray, reasons: tuple[str, ...]) -> _Rows:
    """Return the rows with those of tangled cameras as the best of each stretch in which they overlap; few have any."""
    made: list[tuple[int, int, int, int, int]] = []
    for one in tangled.tolist():
        first, last = np.searchsorted(rows.camera, (one, one + 1))
        pieces = [
            Interval(int(rows.begin[i]), int(rows.end[i]), _STATES[int(rows.state[i])], reasons[int(rows.reason[i])])
            for i in range(first, last)
        ]
        made += [(one, p.from_ms, p.to_ms, _CODE[p.state], reasons.index(p.reason)) for p in best_of(pieces)]
    return rows.taken(~np.isin(rows.camera, tangled)).joined(_Rows(*np.array(made, np.int64).T))


def _gaps(rows: _Rows, otherwise: IntArray, from_ms: int, to_ms: int) -> _Rows:
    """Return the time that no row has, UNKNOWN, its reason `otherwise` of the camera; rows do not overlap."""
    every = np.arange(len(otherwise))
    before, behind = np.full(len(every), from_ms), np.full(len(every), to_ms)
    # each camera with an edge before and behind its rows
    camera = np.concatenate([every, rows.camera, every])
    starts, ends = np.concatenate([before, rows.begin, behind]), np.concatenate([before, rows.end, behind])
    order = np.lexsort((ends, starts, camera))
    camera, starts, ends = camera[order], starts[order], ends[order]
    empty = (camera[1:] == camera[:-1]) & (starts[1:] > ends[:-1])
    of = camera[1:][empty]
    return _Rows(of, ends[:-1][empty], starts[1:][empty], np.full_like(of, _CODE[State.UNKNOWN]), otherwise[of])


def _merged(rows: _Rows, reasons: tuple[str, ...], cameras: int) -> Lanes:
    """Return lanes in which neighbours differ; every camera has a row."""
    same = [each[1:] == each[:-1] for each in (rows.camera, rows.state, rows.reason)]
    starts = np.flatnonzero(np.append(True, ~np.logical_and.reduce(same)))
    stops = np.append(starts[1:], len(rows.camera)) - 1
    return _lanes(rows.taken(starts)._replace(end=rows.end[stops]), reasons, cameras)


def _lanes(rows: _Rows, reasons: tuple[str, ...], cameras: int) -> Lanes:
    live, length = rows.state == _CODE[State.LIVE], rows.end - rows.begin
    return Lanes(
        np.searchsorted(rows.camera, np.arange(cameras + 1)).astype(np.int64),
        *rows[1:],
        reasons,
        watched_ms=np.bincount(rows.camera, np.where(live, length, 0), cameras).astype(np.int64),
        gaps=np.bincount(rows.camera, ~live & (length >= SHORT_MS), cameras).astype(np.int64),
    )
