"""What is believed of an embedder before a camera has shown anybody: where strangers and acquaintances score.

Strangers: level that a quarter of them passes, and steepness of the tail (`pipeline.alerting.budget.tail`), rounded to
the careful side. Acquaintances: the deciles (0th to 10th) of the cosine between one photo of somebody and the same
person's later sighting. Both from 159 pairs of strangers and 24 of acquaintances, PETS09-S2L1, `python -m benchmarks
watch`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.embeddings import EmbeddingSpace
from pipeline.alerting.budget.tail import LARGEST_SHARE, Tail


@dataclass(frozen=True, slots=True)
class Belief:
    """`strangers` is their tail; `acquaintances` are deciles, none where they were not measured."""

    strangers: Tail
    acquaintances: tuple[float, ...] = ()

    def hit_rate(self, threshold: float) -> float | None:
        """Return the share of sightings of the one looked for that is expected above a threshold."""
        if not self.acquaintances:
            return None
        places = np.linspace(0.0, 1.0, len(self.acquaintances))
        return round(1.0 - float(np.interp(threshold, self.acquaintances, places)), 3)


UNKNOWN = Belief(Tail(LARGEST_SHARE, 0.6, 4.0))
BELIEFS: Mapping[str, Belief] = {
    "person_small": Belief(
        Tail(LARGEST_SHARE, 0.30, 8.0), (0.46, 0.55, 0.58, 0.68, 0.72, 0.73, 0.75, 0.76, 0.77, 0.78, 0.88)
    ),
    "omz0277": Belief(
        Tail(LARGEST_SHARE, 0.25, 7.0), (0.39, 0.54, 0.63, 0.67, 0.70, 0.71, 0.74, 0.76, 0.80, 0.82, 0.86)
    ),
    "omz0287": Belief(
        Tail(LARGEST_SHARE, 0.25, 6.5), (0.32, 0.65, 0.67, 0.68, 0.69, 0.73, 0.75, 0.78, 0.79, 0.82, 0.84)
    ),
    "omz0288": Belief(
        Tail(LARGEST_SHARE, 0.30, 8.0), (0.24, 0.60, 0.66, 0.68, 0.70, 0.73, 0.74, 0.76, 0.78, 0.83, 0.88)
    ),
    "colour_stripes": Belief(
        Tail(LARGEST_SHARE, 0.87, 3.0), (0.68, 0.89, 0.91, 0.92, 0.93, 0.94, 0.94, 0.95, 0.96, 0.96, 0.98)
    ),
}


def belief_of(space: EmbeddingSpace) -> Belief:
    """Return what is believed of a space's embedder."""
    return BELIEFS.get(space.name, UNKNOWN)
