"""One search in one segment: which rows a filter selects, and the nearest of them found so far."""

from collections.abc import Sequence

import numpy as np

from pipeline.archive.contract import SightingFilter
from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import BLOCK, IntArray
from pipeline.archive.segments.depth import DEEPER, MOST, first_count
from pipeline.archive.segments.runs import contains, expand
from pipeline.archive.segments.scanning import NOTHING_LEFT, Found, ScanRequest, scan_all
from pipeline.archive.segments.segment import Segment

NEAR = 4  # blocks; to scan as many that nobody asked for costs less than another part of a scan
WHOLE = 0.5  # share of the rows; a scan of all is cheaper than picking the blocks of more


class Reach:
    """The rows of a segment that a filter selects, about `rows`, and the blocks to be scanned for them.

    `reachable` rows lie in those; `whole` says that they are all of the segment, and all in the filter's ranges.
    """

    def __init__(self, segment: Segment, where: SightingFilter) -> None:
        self.segment = segment
        self.where = where
        selection = segment.select(where)
        self.rows = selection.rows
        self.ranges = selection.ranges
        self.stretches = np.empty((0, 2), np.int64)
        self.whole = False
        self.reachable = 0
        if len(self.ranges):
            self._find_stretches()

    def _find_stretches(self) -> None:
        size = len(self.segment)
        stretches = _stretches(self.ranges)
        if int((stretches[:, 1] - stretches[:, 0]).sum()) * BLOCK > WHOLE * size:
            stretches = np.array([[0, -(-size // BLOCK)]], np.int64)
        self.stretches = stretches
        self.reachable = min(size, int((stretches[:, 1] - stretches[:, 0]).sum()) * BLOCK)
        self.whole = len(self.ranges) == 1 and self.reachable == size

    def places(self) -> IntArray:
        """Return all places that are selected."""
        places = expand(self.ranges)
        return places[self.segment.passing(places, self.where)]

    def keep(self, coarse: FloatArray, places: IntArray) -> tuple[FloatArray, IntArray]:
        """Return those of some places that are selected."""
        if not self.whole:
            inside = contains(self.ranges, places)
            coarse, places = coarse[inside], places[inside]
        passing = self.segment.passing(places, self.where)
        return coarse[passing], places[passing]


class Probe:
    """What one query vector, float32 (dim,), meets within reach.

    `places` int64 (k,) are the best of some candidates, `scores` float32 (k,) their cosines: as many true ones lie
    above as below. `share` says how much of all selected rows are here.
    """

    def __init__(self, reach: Reach, vector: FloatArray, keep: int, of: int) -> None:
        """Look for `keep` hits; `of` rows are within reach in all segments together."""
        self._reach = reach
        self.share = reach.rows / of
        self._turned = reach.segment.turned(vector)
        count = first_count(reach.segment.refined, keep, reach.rows, of)
        self._count = min(MOST, int(count * max(1.0, reach.reachable / reach.rows)))
        self._edge = NOTHING_LEFT
        self.places = np.empty(0, np.int64)
        self.scores = np.empty(0, np.float32)

    def deepen(self) -> None:
        """Have more candidates looked at next time."""
        self._count = min(DEEPER * self._count, MOST)

    def request(self) -> ScanRequest:
        """Return the scan that finds the candidates."""
        return ScanRequest(self._reach.segment.scanner, self._turned, self._count, self._reach.stretches)

    def take(self, found: Found) -> None:
        """Look closer at what was found."""
        coarse, places, edge = found
        coarse, self.places = self._reach.keep(coarse, places)
        self._edge = NOTHING_LEFT if self._count >= MOST else edge
        self.scores = self._reach.segment.finer(self._turned, coarse, self.places)

    def missed(self, bar: float | None) -> float:
        """Return how many rows that score `bar` or more are expected where the scan did not reach; None: any row."""
        if self._edge == NOTHING_LEFT:
            return 0.0
        if bar is None:
            return float("inf")
        errors = self._reach.segment.errors
        # The nearest of all are further above what approximates them than the rows that errors were measured on.
        edge = np.float32(self._edge + errors.fine_half)
        hits = self.scores[self.scores >= bar] - edge
        unseen = errors.missed(np.array([bar], np.float32) - edge)  # one hit that nobody has met, somewhere
        return errors.missed(hits) + self.share * unseen

    def shortlist(self, bar: float | None) -> IntArray:
        """Return the places that exact cosines have to decide among when hits score `bar` or more."""
        if bar is None:
            return self.places
        errors = self._reach.segment.errors
        return self.places[self.scores >= bar - (errors.fine_most - errors.fine_half)]


def scan_probes(probes: Sequence[Probe]) -> None:
    """Have all of them find their candidates, together."""
    for probe, found in zip(probes, scan_all([probe.request() for probe in probes]), strict=True):
        probe.take(found)


def _stretches(ranges: IntArray) -> IntArray:
    """Return int64 (k, 2): blocks of fast-scan that hold the rows of ascending ranges, those near each other as one."""
    first, last = ranges[:, 0] // BLOCK, -(-ranges[:, 1] // BLOCK)
    apart = np.ones(len(first) + 1, np.bool_)
    np.greater(first[1:], last[:-1] + NEAR, out=apart[1:-1])
    return np.stack([first[apart[:-1]], last[apart[1:]]], axis=1)
