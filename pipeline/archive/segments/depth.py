"""How far a search in a segment has to go before it has the best rows."""

from dataclasses import dataclass

import numpy as np

from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import IntArray

REFINED = 34.0  # candidates per asked hit that get finer cosines at first, of a million rows; where none is measured
FEWER = 0.1  # of fewer rows fewer, by this power: with made-up sightings so many are hardly ever too few
LEAST = 128  # of them in one segment
MISSED = 0.006  # of the asked hits; a search goes deeper until it expects to miss no more
MOST = 16_384  # candidates per query vector that get finer cosines at last
TIE_MARGIN = 1e-5  # float32 rounding of a cosine


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """How far true cosines of near rows lie above approximate ones.

    `coarse`: quantiles at even levels where codes alone give them. `fine_half` and `fine_most`: what half and nearly
    all stay below where residues are added.
    """

    coarse: FloatArray
    fine_half: float
    fine_most: float

    def above(self, off: FloatArray) -> float:
        """Return how likely it is that the codes alone are further off than each of some amounts, on the average."""
        places = self.coarse.searchsorted(off)
        return 1.0 - float(places.sum()) / (len(places) * len(self.coarse))


@dataclass(frozen=True, slots=True)
class Depth:
    """What is asked: `keep` hits that score `floor` or more, of `selected` rows of a segment with a `share` of all.

    `refined` candidates per asked hit, of a million rows, are looked at closer first.
    """

    keep: int
    floor: float
    share: float
    selected: int
    refined: float = REFINED

    def first_count(self) -> int:
        """Return how many candidates get finer cosines at first."""
        of_a_million = self.selected / self.share / 1_000_000
        return max(LEAST, int(self.refined * self.keep * self.share * of_a_million**FEWER))

    def enough(self, fine: FloatArray, edge: float, errors: Errors) -> bool:
        """Tell whether hardly any of the best have a coarse cosine below `edge`, where the scan stopped."""
        if len(fine) < self.keep and self.floor < -1:
            return False
        best = fine if self.floor < -1 else fine[fine >= self.floor]
        if len(best) > self.keep:
            best = np.partition(best, len(best) - self.keep)[-self.keep :]
        scores = np.append(best, self.floor) if self.floor >= -1 else best
        return errors.above(scores - np.float32(edge)) <= MISSED

    def shortlist(self, places: IntArray, fine: FloatArray, errors: Errors) -> IntArray:
        """Return the places that exact cosines have to decide among."""
        bar = self.floor - errors.fine_most
        if len(fine) > self.keep:
            kth = float(np.partition(fine, len(fine) - self.keep)[-self.keep])
            bar = max(bar, kth - (errors.fine_most - errors.fine_half))
        return places[fine >= bar - TIE_MARGIN]
