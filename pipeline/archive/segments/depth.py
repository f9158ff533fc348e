"""How far a search in segments has to go before it has the best rows."""

from dataclasses import dataclass

from pipeline.archive.ranking import FloatArray

REFINED = 34.0  # candidates per asked hit that get finer cosines at first, of a million rows; where none is measured
SPARE = 1.4  # times as many at first: 400 more cost .1 ms of a million rows, another scan as much as the first
FEWER = 0.1  # of fewer rows fewer, by this power: with made-up sightings so many are hardly ever too few
LEAST = 128  # of them in one segment
MISSED = 0.006  # of the asked hits; a search goes deeper until it expects to miss no more
DEEPER = 4  # times as many candidates
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

    def missed(self, off: FloatArray) -> float:
        """Return of how many of some cosines the codes alone are expected to be further off than these amounts."""
        places = self.coarse.searchsorted(off)
        return float(len(places) - places.sum() / len(self.coarse))


def first_count(refined: float, keep: int, rows: int, of: int) -> float:
    """Return how many candidates get finer cosines at first, in a segment with `rows` of all `of` that are selected.

    `keep` hits are asked for; `refined` candidates for each would do in a million rows, for nearly all that is asked.
    """
    return max(float(LEAST), SPARE * refined * keep * (rows / of) * float((of / 1_000_000) ** FEWER))
