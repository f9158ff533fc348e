"""A part of a camera's picture as a filter: who stood in it when the best picture of her was taken.

An archive knows one place of a sighting, that of its best picture, and no way through the picture. It finds without
zones; what it found is taken on here, and more is asked for until enough of it lies in the zone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from pipeline.alerting.rules.geometry import Point, crossing_edges, inside_polygon, polygon_area
from pipeline.archive.contract import Hit, SightingFilter
from pipeline.errors import BadZone
from pipeline.sighting import Sighting

MOST_POINTS = 64
_GROWTH = 4  # a zone of a sixteenth of the picture takes two more questions
_LEAST_AREA = 1e-6


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in shares 0..1 of the width and height of a camera's picture, from its top left; its corners in order.

    Raises BadZone.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        """Refuse what is no polygon inside the picture."""
        if not 3 <= len(self.points) <= MOST_POINTS:
            raise BadZone(f"a zone has 3 to {MOST_POINTS} corners, not {len(self.points)}")
        if not all(isfinite(v) and 0 <= v <= 1 for point in self.points for v in point):
            raise BadZone("corners of a zone are shares of the picture's width and height, from 0 to 1")
        crossed = crossing_edges(self.points)
        if crossed is not None or polygon_area(np.array(self.points, np.float64)) < _LEAST_AREA:
            raise BadZone("the zone has no inside, or its edges cross: give its corners in order round it")

    @classmethod
    def of_box(cls, left: float, top: float, right: float, bottom: float) -> "Zone":
        """Return a rectangle."""
        return cls(((left, top), (right, top), (right, bottom), (left, bottom)))

    def within(self, sightings: Sequence[Sighting]) -> list[bool]:
        """Tell of each whether the middle of the lower edge of its box lies in the zone: where the feet are."""
        feet = [_feet(each) for each in sightings]
        inside = inside_polygon(np.array(feet, np.float64).reshape(-1, 2), np.array(self.points, np.float64))
        return [bool(each) for each in inside]


def check_zone(zone: Zone | None, where: SightingFilter) -> None:
    """Raise BadZone for a zone of no camera, or of several."""
    if zone is not None and len(where.cameras) != 1:
        raise BadZone("a zone is a part of one camera's picture: name exactly one camera")


def found_in(zone: Zone | None, ask: Callable[[int], list[Hit]], enough: int) -> list[Hit]:
    """Return the best hits in the zone, `enough` at most, ranked anew; `ask` returns so many of the best anywhere."""
    if zone is None:
        return ask(enough)
    asked = enough
    while True:
        hits = ask(asked)
        inside = zone.within([hit.sighting for hit in hits])
        kept = [hit for hit, lies_in in zip(hits, inside, strict=True) if lies_in][:enough]
        if len(kept) == enough or len(hits) < asked:
            return [replace(hit, rank=rank) for rank, hit in enumerate(kept, 1)]
        asked *= _GROWTH


def _feet(sighting: Sighting) -> Point:
    left, _, right, bottom = sighting.shot.xyxy
    width, height = sighting.frame_size
    # a box may end below the picture
    return (left + right) / 2 / width, min(bottom / height, 1.0 - 1e-9)
