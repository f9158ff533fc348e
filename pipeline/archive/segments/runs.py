"""Which rows of a segment a filter selects.

Rows lie by kind, community and camera, and within those by the time first seen: a filter is a few ranges of rows. Run
and time make one number, the row's key, so that all ranges are found by one binary search.
"""

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
class Runs:
    """Run i is the rows `starts[i]` to `starts[i + 1]`; `longest_ms[i]` is its longest stay before a camera.

    `base_ms` is the time from which keys count.
    """

    names: NDArray[np.str_]  # (runs, 3)
    starts: IntArray
    longest_ms: IntArray
    base_ms: int

    def select(self, where: SightingFilter, keys: IntArray) -> IntArray:
        """Return int64 (k, 2): ascending ranges of rows, apart from each other, that hold all selected ones.

        A row may be in a range and yet have been last seen before `where.from_ms`: by no more than the run's longest
        stay, so there are few.
        """
        chosen = np.flatnonzero(self._passing(where))
        starts, stops = self.starts[chosen], self.starts[chosen + 1]
        if where.from_ms is not None:
            since = where.from_ms - self.longest_ms[chosen] - self.base_ms
            starts = np.searchsorted(keys, key_of(chosen, since))
        if where.to_ms is not None:
            until = np.full(len(chosen), where.to_ms - self.base_ms)
            stops = np.searchsorted(keys, key_of(chosen, until))
        kept = stops > starts
        return _joined(np.stack([starts[kept], stops[kept]], axis=1))

    def _passing(self, where: SightingFilter) -> BoolArray:
        kind, community, camera = self.names.T if len(self.names) else np.empty((3, 0), np.str_)
        passing = np.ones(len(self.names), np.bool_)
        if where.kind is not None:
            passing &= kind == where.kind.value
        for column, wanted in ((community, where.communities), (camera, where.cameras)):
            if wanted:
                passing &= _any_of(column, wanted)
        return passing


def key_of(run: IntArray, since_base_ms: IntArray) -> IntArray:
    """Return the keys of runs and of times after the base; times beyond either end count as the end."""
    keys: IntArray = (run.astype(np.int64) << _TIME_BITS) | np.clip(since_base_ms, 0, _LATEST)
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


def _joined(ranges: IntArray) -> IntArray:
    """Make one range of those that touch."""
    apart = np.ones(len(ranges) + 1, np.bool_)
    apart[1:-1] = ranges[1:, 0] > ranges[:-1, 1]
    return np.stack([ranges[apart[:-1], 0], ranges[apart[1:], 1]], axis=1)


def _any_of(column: NDArray[np.str_], wanted: Sequence[str]) -> BoolArray:
    passing: BoolArray = np.isin(column, np.array(wanted))
    return passing
