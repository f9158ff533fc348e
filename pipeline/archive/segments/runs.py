"""Which rows of a segment a filter selects.

Rows lie by kind, community and camera, and within those by the time first seen: a filter is a few ranges of rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import SightingFilter

IntArray = NDArray[np.int64]
RunName = tuple[str, str, str]  # kind, community, camera


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Run i is the rows `starts[i]` to `starts[i + 1]`; `longest_ms[i]` is its longest stay before a camera."""

    names: tuple[RunName, ...]
    starts: IntArray
    longest_ms: IntArray

    def select(self, where: SightingFilter, first_ms: IntArray) -> IntArray:
        """Return int64 (k, 2): ascending ranges of rows that hold all selected ones.

        `first_ms` int64 (n,) is the time each row was first seen. A row may be in a range and yet have been last seen
        before `where.from_ms`: no longer than the run's longest stay, so there are few.
        """
        chosen = [i for i, name in enumerate(self.names) if _passes(name, where)]
        ranges = np.stack([self.starts[chosen], self.starts[1:][chosen]], axis=1) if chosen else np.empty((0, 2))
        ranges = ranges.astype(np.int64)
        for row, i in enumerate(chosen if where.from_ms is not None or where.to_ms is not None else ()):
            start, stop = ranges[row]
            times = first_ms[start:stop]
            if where.from_ms is not None:
                ranges[row, 0] = start + np.searchsorted(times, where.from_ms - self.longest_ms[i])
            if where.to_ms is not None:
                ranges[row, 1] = start + np.searchsorted(times, where.to_ms)
        return ranges[ranges[:, 1] > ranges[:, 0]]


def _passes(name: RunName, where: SightingFilter) -> bool:
    kind, community, camera = name
    return (
        (where.kind is None or kind == where.kind.value)
        and (not where.communities or community in where.communities)
        and (not where.cameras or camera in where.cameras)
    )


def expand(ranges: IntArray) -> IntArray:
    """Return every number of ascending ranges (k, 2), int64 (n,)."""
    lengths = ranges[:, 1] - ranges[:, 0]
    offsets = np.repeat(ranges[:, 0] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    numbers: IntArray = np.arange(lengths.sum(), dtype=np.int64) + offsets
    return numbers


def contains(ranges: IntArray, rows: IntArray) -> NDArray[np.bool_]:
    """Tell for each of rows (n,) whether it is in one of ascending ranges (k, 2)."""
    if len(ranges) == 0:
        return np.zeros(len(rows), np.bool_)
    place = np.searchsorted(ranges[:, 0], rows, side="right") - 1
    inside: NDArray[np.bool_] = (place >= 0) & (rows < ranges[np.maximum(place, 0), 1])
    return inside
