"""Which rows of a segment a filter selects.

Rows lie by kind, community and camera, and within those by the time first seen: a filter is a few ranges of rows. Run
and time make one number, the row's key, so that all ranges are found by one binary search.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import SightingFilter

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RunName = tuple[str, str, str]  # kind, community, camera

_TIME_BITS = 42  # of a key: 139 years in ms
_LATEST = (1 << _TIME_BITS) - 1
_STRIDE = 32
_STEPS = (16, 8, 4, 2, 1, 1)  # of a binary search that may end at any of 0..32
_FEW = 64


class Runs:
    """Run i is the rows `starts[i]` to `starts[i + 1]`; `longest_ms[i]` is its longest stay before a camera.

    `base_ms` is the time from which keys count; `keys` are those of all rows, ascending.
    """

    def __init__(
        self, names: Sequence[RunName], starts: IntArray, longest_ms: IntArray, base_ms: int, keys: IntArray
    ) -> None:
        self.names = names
        self.starts = starts
        self.longest_ms = longest_ms
        self.base_ms = base_ms
        self.keys = keys
        self._some_keys = np.array(keys[::_STRIDE])  # in memory: a search in all would wait for it at every step
        self._columns = [_Names(column) for column in zip(*names, strict=True)] if names else []

    def select(self, where: SightingFilter) -> IntArray:
        """Return int64 (k, 2): ascending ranges of rows, apart from each other, that hold all selected ones.

        A row may be in a range and yet have been last seen before `where.from_ms`: by no more than the run's longest
        stay, so there are few.
        """
        chosen = self._chosen(where)
        starts, stops = self.starts[chosen], self.starts[chosen + 1]
        if where.from_ms is not None:
            since = where.from_ms - self.longest_ms[chosen] - self.base_ms
            starts = self._place(key_of(chosen, since))
        if where.to_ms is not None:
            until = np.full(len(chosen), where.to_ms - self.base_ms)
            stops = self._place(key_of(chosen, until))
        kept = stops > starts
        return _joined(np.stack([starts[kept], stops[kept]], axis=1))

    def _chosen(self, where: SightingFilter) -> IntArray:
        chosen = np.ones(len(self.names), np.bool_)
        wanted = ((where.kind.value,) if where.kind is not None else (), where.communities, where.cameras)
        for column, values in zip(self._columns, wanted, strict=False):
            if values:
                chosen &= column.any_of(values)
        return np.flatnonzero(chosen)

    def _place(self, wanted: IntArray) -> IntArray:
        """Return int64 (n,): how many keys are smaller than each of the wanted ones."""
        if len(wanted) < _FEW:
            return np.searchsorted(self.keys, wanted)
        places = np.maximum(np.searchsorted(self._some_keys, wanted) - 1, 0) * _STRIDE
        last = len(self.keys) - 1
        for step in _STEPS:
            probed = places + step - 1
            places += step * ((probed <= last) & (self.keys[np.minimum(probed, last)] < wanted))
        return places


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


def key_of(run: IntArray, since_base_ms: IntArray) -> IntArray:
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


def _joined(ranges: IntArray) -> IntArray:
    """Make one range of those that touch."""
    apart = np.ones(len(ranges) + 1, np.bool_)
    apart[1:-1] = ranges[1:, 0] > ranges[:-1, 1]
    return np.stack([ranges[apart[:-1], 0], ranges[apart[1:], 1]], axis=1)
