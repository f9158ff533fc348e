"""Which way from camera to camera: distances in metres from the site's paths, else from positions.

Of a county's ten thousand cameras not all pairs are worked out, only the ways from those that are asked about.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from camera_adapters.site import Position, Way
from pipeline.trajectory.travel import circles_m

if TYPE_CHECKING:
    from pipeline.trajectory.edges import Edges

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
REMEMBERED = 256  # cameras whose ways are kept; 90 kB each in a county


@dataclass(frozen=True, slots=True)
class Distance:
    """Metres on the ground; `estimated` when it comes from positions and not from the site's paths."""

    metres: float
    estimated: bool


@dataclass(frozen=True, slots=True, eq=False)
class CameraGraph:
    """The cameras in their order, and `positions` by camera id, where known; safe to use from many threads."""

    cameras: tuple[str, ...]
    positions: Mapping[str, Position]
    _place: Mapping[str, int]
    _edges: Callable[[], "Edges"]
    _lon: FloatArray
    _lat: FloatArray
    _detour: float
    _known: dict[int, tuple[FloatArray, BoolArray]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, cameras: Sequence[str], positions: Mapping[str, Position], ways: Sequence[Way], *, detour: float = 1.3
    ) -> Self:
        """Return the graph of `cameras`.

        The site's ways count where they lead from one camera to another, over any number of cameras between. Between
        cameras that no way joins in either direction the great circle times `detour` stands in; a one-way path has
        no such way back, only what leads round it. On a way that is made of both, cameras of a large site guess their
        nearest ones only, so that it may come out a little longer than the shortest.
        """
        place = {camera: number for number, camera in enumerate(cameras)}
        lon = np.array([positions[c].lon if c in positions else np.nan for c in cameras], np.float64)
        lat = np.array([positions[c].lat if c in positions else np.nan for c in cameras], np.float64)

        @cache
        def edges() -> "Edges":  # at the first question for a way: most searches ask for none, and do without scipy
            from pipeline.trajectory.edges import edges_of

            return edges_of(place, tuple(ways), lon, lat, detour)

        return cls(tuple(cameras), dict(positions), place, edges, lon, lat, detour)

    def number(self, camera: str) -> int | None:
        """Return the place of a camera in `cameras`, None for a stranger."""
        return self._place.get(camera)

    def ways_from(self, number: int) -> tuple[FloatArray, BoolArray]:
        """Return float64 (n,) metres from a camera to all, inf where nobody knows, and bool (n,): it is estimated."""
        found = self._known.get(number)
        if found is None:
            metres, estimated = self._ways(np.array([number]), np.inf)
            found = metres[0], estimated[0]
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[number] = found
        return found

    def distance(self, one: str, other: str) -> Distance | None:
        """Return the way from one camera to another; None when nobody knows it."""
        if one == other:
            return Distance(0.0, estimated=False)
        here, there = self.number(one), self.number(other)
        if here is None or there is None:
            return None
        metres, estimated = self.ways_from(here)
        return Distance(float(metres[there]), bool(estimated[there])) if np.isfinite(metres[there]) else None

    def between(self, ids: Sequence[str]) -> FloatArray:
        """Return float64 (k, k) metres between cameras given by id, repeats allowed; inf where nobody knows."""
        places = np.array([self._place.get(camera, -1) for camera in ids], np.intp)
        known = places >= 0
        found = np.full((len(ids), len(ids)), np.inf)
        for row in np.flatnonzero(known):
            found[row, known] = self.ways_from(int(places[row]))[0][places[known]]
        same = np.array(ids, dtype=object)
        found[same[:, None] == same[None, :]] = 0.0
        return found

    def among(self, numbers: NDArray[np.intp], limit_m: float) -> FloatArray:
        """Return float64 (k, k) metres between cameras given by place; what is farther than `limit_m` may be inf."""
        return self._ways(numbers, limit_m)[0][:, numbers]

    def _ways(self, sources: NDArray[np.intp], limit_m: float) -> tuple[FloatArray, BoolArray]:
        stated, back, guessed = self._edges().ways(sources, limit_m)
        lon, lat = self._lon[sources][:, None], self._lat[sources][:, None]
        straight = np.nan_to_num(circles_m(lon, lat, self._lon, self._lat) * self._detour, nan=np.inf)
        guessed = np.minimum(guessed, np.where(np.isinf(stated) & np.isinf(back), straight, np.inf))
        metres = np.where(np.isinf(stated), guessed, stated)
        metres[np.arange(len(sources)), sources] = 0.0
        return metres, np.isinf(stated) & np.isfinite(metres)
