"""Which way from camera to camera: distances in metres from the site's paths, else from positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path

from camera_adapters.site import Position, Way
from pipeline.trajectory.travel import great_circles_m

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distance:
    """Metres on the ground; `estimated` when it comes from positions and not from the site's paths."""

    metres: float
    estimated: bool


@dataclass(frozen=True, slots=True, eq=False)
class CameraGraph:
    """`metres` float64 (n, n): the shortest way from row to column, inf where nobody knows; 0 on the diagonal.

    `estimated` bool (n, n). Rows stand in the order of `cameras`; `positions` by camera id, where known.
    """

    cameras: tuple[str, ...]
    metres: FloatArray
    estimated: NDArray[np.bool_]
    positions: Mapping[str, Position]

    @classmethod
    def of(
        cls, cameras: Sequence[str], positions: Mapping[str, Position], ways: Sequence[Way], *, detour: float = 1.3
    ) -> Self:
        """Return the graph of `cameras`.

        The site's ways count where they lead from one camera to another, over any number of cameras between. Between
        cameras that no way joins in either direction the great circle times `detour` stands in; a one-way path has
        no such way back, only what leads round it.
        """
        stated = _shortest(_stated(cameras, ways))
        lon = np.array([positions[c].lon if c in positions else np.nan for c in cameras], np.float64)
        lat = np.array([positions[c].lat if c in positions else np.nan for c in cameras], np.float64)
        guessed = np.nan_to_num(great_circles_m(lon, lat) * detour, nan=np.inf)
        unjoined = np.isinf(stated) & np.isinf(stated.T)
        joined = np.where(unjoined, guessed, stated)
        metres = np.where(np.isinf(stated), _shortest(joined), stated)
        return cls(tuple(cameras), metres, np.isinf(stated) & np.isfinite(metres), dict(positions))

    def distance(self, one: str, other: str) -> Distance | None:
        """Return the way from one camera to another; None when nobody knows it."""
        if one == other:
            return Distance(0.0, estimated=False)
        if one not in self.cameras or other not in self.cameras:
            return None
        at = self.cameras.index(one), self.cameras.index(other)
        return Distance(float(self.metres[at]), bool(self.estimated[at])) if np.isfinite(self.metres[at]) else None

    def between(self, ids: Sequence[str]) -> FloatArray:
        """Return float64 (k, k) metres between cameras given by id, repeats allowed; inf where nobody knows."""
        place = {camera: number for number, camera in enumerate(self.cameras)}
        rows = np.array([place.get(camera, -1) for camera in ids], np.int64)
        padded = np.pad(self.metres, ((0, 1), (0, 1)), constant_values=np.inf)
        found = padded[rows[:, None], rows[None, :]]
        same = np.array(ids, dtype=object)
        found[same[:, None] == same[None, :]] = 0.0
        return np.asarray(found, np.float64)


def _stated(cameras: Sequence[str], ways: Sequence[Way]) -> FloatArray:
    place = {camera: number for number, camera in enumerate(cameras)}
    edges = np.full((len(cameras), len(cameras)), np.inf)
    for way in ways:
        if way.from_id in place and way.to_id in place:
            there = place[way.from_id], place[way.to_id]
            edges[there] = min(edges[there], way.metres)
            if not way.one_way:
                edges[there[::-1]] = min(edges[there[::-1]], way.metres)
    return edges


def _shortest(edges: FloatArray) -> FloatArray:
    """Return all shortest paths; inf is no edge, and a way of 0 metres is one."""
    if len(edges) == 0:
        return edges
    smallest = np.maximum(edges, 1e-3)  # csgraph takes a zero of a dense matrix for no edge: a millimetre is one
    found = np.asarray(shortest_path(smallest, method="FW"), np.float64)
    np.fill_diagonal(found, 0.0)
    return found
