"""Which rows of a segment a filter selects.

Rows lie by slots of time; in a slot by kind, community and camera, and within those by the time first seen: a filter is
a few ranges of rows. Run and time make one number, the row's key, so that all ranges are found by one binary search.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import SightingFilter

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RunName = tuple[str, str, str]  # kind, community, camera

_TIME_BITS = 42  # of a key: 139 years in ms
_LATEST = (1 << _TIME_BITS) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Slots of time (k,), in order: the first of their runs, one more at the end; and what their rows have at most.

    `first_ms` and `latest_ms` are the earliest and the latest time first seen, `longest_ms` is the longest stay.
    """

    runs: IntArray
    first_ms: IntArray
    latest_ms: IntArray
    longest_ms: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Ascending `ranges` of rows, int64 (k, 2), apart from each other; about how many `rows` in them are selected."""

    ranges: IntArray
    rows: int


class Runs:
    """Run i is the rows `starts[i]` to `starts[i + 1]`; `longest_ms[i]` is its longest stay before a camera.

    `names[numbers[i]]` says whose it is. `base_ms` is the time from which keys count; `keys` are those of all rows,
    ascending.
    """

    def __init__(
        self,
        names: Sequence[RunName],
        numbers: IntArray,
        starts: IntArray,
        longest_ms: IntArray,
        base_ms: int,
        keys: IntArray,
        slots: Slots,
    ) -> None:
        self.names = names
        self.numbers = numbers.astype(np.int32)
        self.starts = starts.astype(np.int32)
        self._by_name = np.argsort(self.numbers, kind="stable").astype(np.int32)
        edges = np.searchsorted(self.numbers[self._by_name], np.arange(len(names) + 1))
        self._of_name = np.stack([edges[:-1], edges[1:]], axis=1)
        self.longest_ms = longest_ms
        self.base_ms = base_ms
        self.keys = keys
        self.slots = slots
        self._slot_runs = slots.runs.tolist()
        self._first_ms, self._latest_ms = slots.first_ms.tolist(), slots.latest_ms.tolist()
        self._reached_ms = np.maximum.accumulate(slots.latest_ms + slots.longest_ms).tolist()
        self._columns = [_Names(column) for column in zip(*names, strict=True)] if names else []

    def select(self, where: SightingFilter) -> "Selection":
        """Return where all rows are that a filter selects; `passing` tells which of those are not selected."""
        early, sure, unsure, late = self._runs_of(where)
        if early >= late:
            return Selection(np.empty((0, 2), np.int64), 0)
        begin, first, last, end = (int(self.starts[run]) for run in (early, sure, unsure, late))
        named = self._named(where)
        if named is None and 2 * (last - first) >= end - begin:  # no search for the few at the edges that are too many
            whole = np.array([[begin, end]], np.int64)[: end - begin]
            return Selection(whole, (last - first + end - begin) // 2)
        if named is None:
            chosen, behind = _chosen(early, sure, unsure, late)
        else:
            chosen = np.sort(self._by_name[expand(self._of_name[np.flatnonzero(named)])])
            chosen = chosen[chosen.searchsorted(early) : chosen.searchsorted(late)]
            behind = chosen + 1
        starts, stops = self.starts[chosen].astype(np.int64), self.starts[behind].astype(np.int64)
        if where.from_ms is not None and early < sure:
            cut = chosen[: chosen.searchsorted(sure)]
            starts[: len(cut)] = self._place(cut, where.from_ms - self.longest_ms[cut])
        if where.to_ms is not None and unsure < late:
            cut = chosen[chosen.searchsorted(unsure) :]
            stops[len(chosen) - len(cut) :] = self._place(cut, where.to_ms)
        ranges = _joined(starts, stops)
        return Selection(ranges, int((ranges[:, 1] - ranges[:, 0]).sum()))

    def passing(self, rows: IntArray, where: SightingFilter, last_ms: IntArray) -> BoolArray:
        """Tell which of some rows in the ranges of a filter were seen in its time; `last_ms` are the times of all."""
        passing = np.ones(len(rows), np.bool_)
        if where.from_ms is not None:
            certain = self.starts[self._slot_runs[bisect_left(self._first_ms, where.from_ms)]]
            unsure = np.flatnonzero(rows < certain)
            passing[unsure] = last_ms.take(rows[unsure], mode="clip") >= where.from_ms
        if where.to_ms is not None:
            certain = self.starts[self._slot_runs[bisect_left(self._latest_ms, where.to_ms)]]
            unsure = np.flatnonzero(rows >= certain)
            first_ms = (self.keys.take(rows[unsure], mode="clip") & _LATEST) + self.base_ms
            passing[unsure] &= first_ms < where.to_ms
        return passing

    def of(self, rows: IntArray) -> list[RunName]:
        """Return whose rows they are."""
        numbers = self.numbers[np.searchsorted(self.starts, rows, side="right") - 1]
        return [self.names[number] for number in numbers.tolist()]

    def _runs_of(self, where: SightingFilter) -> tuple[int, int, int, int]:
        """Return which runs are in the slots a time touches, [first, last), and before and behind those it covers."""
        count = len(self._first_ms)
        begin, sure, unsure, end = 0, 0, count, count
        if where.from_ms is not None:
            begin = bisect_left(self._reached_ms, where.from_ms)
            sure = max(begin, bisect_left(self._first_ms, where.from_ms))
        if where.to_ms is not None:
            end = max(begin, bisect_left(self._first_ms, where.to_ms))
            unsure = bisect_left(self._latest_ms, where.to_ms)
        runs = self._slot_runs
        return runs[begin], runs[min(sure, end)], runs[min(max(unsure, begin), end)], runs[end]

    def _named(self, where: SightingFilter) -> BoolArray | None:
        """Tell of each name whether a filter wants it; None: all."""
        wanted = ((where.kind.value,) if where.kind is not None else (), where.communities, where.cameras)
        asked = [column.any_of(values) for column, values in zip(self._columns, wanted, strict=False) if values]
        return np.logical_and.reduce(asked) if asked else None

    def _place(self, chosen: IntArray, times_ms: IntArray | int) -> IntArray:
        """Return int64 (n,): of each of some runs the first row that was first seen at a time or later."""
        if len(chosen) == 0:
            return chosen
        start, stop = int(self.starts[chosen[0]]), int(self.starts[chosen[-1] + 1])
        return start + np.searchsorted(self.keys[start:stop], key_of(chosen, times_ms - self.base_ms))


class _Names:
    """One part of the names of runs."""

    def __init__(self, names: Sequence[str]) -> None:
        self._number: dict[str, int] = {}
        self._numbers = np.array([self._number.setdefault(name, len(self._number)) for name in names], np.int64)

    def any_of(self, wanted: Sequence[str]) -> BoolArray:
        """Tell of each run whether it has one of the wanted names."""
        chosen = np.zeros(len(self._number), np.bool_)
        chosen[[self._number[name] for name in wanted if name in self._number]] = True
        passing: BoolArray = chosen[self._numbers]
        return passing


def key_of(run: IntArray, since_base_ms: IntArray | int) -> IntArray:
    """Return the keys of runs and of times after the base; times beyond either end count as the end."""
    keys: IntArray = (run.astype(np.int64) << _TIME_BITS) | np.minimum(np.maximum(since_base_ms, 0), _LATEST)
    return keys


def expand(ranges: IntArray) -> IntArray:
    """Return every number of ascending ranges (k, 2), int64 (n,)."""
    lengths = ranges[:, 1] - ranges[:, 0]
    offsets = np.repeat(ranges[:, 0] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    numbers: IntArray = np.arange(lengths.sum(), dtype=np.int64) + offsets
    return numbers


def contains(ranges: IntArray, rows: IntArray) -> BoolArray:
    """Tell for each of rows (n,) whether it is in one of ascending ranges (k, 2)."""
    if len(ranges) == 0:
        return np.zeros(len(rows), np.bool_)
    place = np.searchsorted(ranges[:, 0], rows, side="right") - 1
    inside: BoolArray = (place >= 0) & (rows < ranges[np.maximum(place, 0), 1])
    return inside


def _chosen(early: int, sure: int, unsure: int, late: int) -> tuple[IntArray, IntArray]:
    """Return the runs in [early, late), and those behind them; [sure, unsure) count as one."""
    if unsure <= sure:
        chosen = np.arange(early, late)
        return chosen, chosen + 1
    edges = np.concatenate([np.arange(early, sure + 1), np.arange(unsure, late + 1)])
    return edges[:-1], edges[1:]


def _joined(starts: IntArray, stops: IntArray) -> IntArray:
    """Return ranges, one instead of those that touch, none for those that are empty."""
    some = stops > starts
    starts, stops = starts[some], stops[some]
    apart = np.ones(len(starts) + 1, np.bool_)
    np.greater(starts[1:], stops[:-1], out=apart[1:-1])
    return np.stack([starts[apart[:-1]], stops[apart[1:]]], axis=1)
