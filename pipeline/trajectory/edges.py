"""The edges of the camera graph: the site's ways, and guesses from positions between cameras that no way joins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra, shortest_path
from scipy.spatial import cKDTree

from camera_adapters.site import Way
from pipeline.trajectory.travel import EARTH_M, circles_m

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]

ALL_PAIRS = 300  # cameras of which every pair is guessed; of more each with its nearest
NEAREST = 8
_LEAST_M = 1e-3  # csgraph takes a zero for no edge: a millimetre is one


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Metres from row to column, (n, n): the site's ways, the same backwards where some lead one way, and all edges."""

    stated: csr_matrix
    backward: csr_matrix | None
    joined: csr_matrix

    def ways(self, sources: IndexArray, limit_m: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return float64 (k, n) metres from cameras to all: by the site's ways, backwards, and by all edges; or inf."""
        stated = dijkstra(self.stated, indices=sources, limit=limit_m)
        back = stated if self.backward is None else dijkstra(self.backward, indices=sources, limit=limit_m)
        return stated, back, dijkstra(self.joined, indices=sources, limit=limit_m)


def edges_of(place: Mapping[str, int], ways: Sequence[Way], lon: FloatArray, lat: FloatArray, detour: float) -> Edges:
    """Return the edges of a site; `place` is each camera's number, positions are degrees, NaN for none."""
    stated = stated_edges(place, ways)
    backward = stated.T.tocsr() if any(way.one_way for way in ways) else None
    return Edges(stated, backward, with_guesses(stated, lon, lat, detour))


def stated_edges(place: Mapping[str, int], ways: Sequence[Way]) -> csr_matrix:
    """Return the site's ways in metres, (n, n), from row to column; `place` is each camera's number."""
    edges: dict[tuple[int, int], float] = {}
    for way in ways:
        if way.from_id in place and way.to_id in place:
            there = place[way.from_id], place[way.to_id]
            for edge in (there,) if way.one_way else (there, there[::-1]):
                edges[edge] = min(edges.get(edge, np.inf), max(way.metres, _LEAST_M))
    rows, columns = np.array(list(edges), np.intp).reshape(-1, 2).T
    return csr_matrix((np.array(list(edges.values())), (rows, columns)), shape=(len(place), len(place)))


def with_guesses(stated: csr_matrix, lon: FloatArray, lat: FloatArray, detour: float) -> csr_matrix:
    """Return the ways and, between cameras with positions (degrees, NaN for none) that no way joins, guesses."""
    one, other = _neighbours(lon, lat)
    free = ~_joined(stated, one, other)
    one, other = one[free], other[free]
    metres = np.maximum(circles_m(lon[one], lat[one], lon[other], lat[other]) * detour, _LEAST_M)
    known = stated.tocoo()
    rows, columns = np.concatenate([known.row, one, other]), np.concatenate([known.col, other, one])
    return csr_matrix((np.concatenate([known.data, metres, metres]), (rows, columns)), shape=stated.shape)


def _neighbours(lon: FloatArray, lat: FloatArray) -> tuple[IndexArray, IndexArray]:
    """Return pairs of cameras with positions, each pair once: all of them, or of very many each with its nearest."""
    placed = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if len(placed) <= ALL_PAIRS:
        one, other = np.triu_indices(len(placed), 1)
        return placed[one], placed[other]
    east, north = np.radians(lon[placed]), np.radians(lat[placed])
    points = EARTH_M * np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)
    _, near = cKDTree(points).query(points, k=NEAREST + 1)
    pairs = np.stack([np.repeat(placed, NEAREST + 1), placed[near.ravel()]], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return pairs[:, 0], pairs[:, 1]


def _joined(stated: csr_matrix, one: IndexArray, other: IndexArray) -> BoolArray:
    """Tell of pairs of cameras whether ways lead from either to the other."""
    _, weak = connected_components(stated, connection="weak")
    _, strong = connected_components(stated, connection="strong")
    joined = strong[one] == strong[other]
    unsure = (weak[one] == weak[other]) & ~joined  # ways of one direction are between them
    if unsure.any():
        kept = np.unique(strong[np.isin(weak, weak[one[unsure]])])
        number = np.full(int(strong.max()) + 1, -1)
        number[kept] = np.arange(len(kept))
        edges = stated.tocoo()
        rows, columns = number[strong[edges.row]], number[strong[edges.col]]
        inside = (rows >= 0) & (columns >= 0) & (rows != columns)
        condensed = csr_matrix(
            (np.ones(int(inside.sum())), (rows[inside], columns[inside])), shape=(len(kept), len(kept))
        )
        reached = np.isfinite(shortest_path(condensed, method="D", unweighted=True))
        a, b = number[strong[one[unsure]]], number[strong[other[unsure]]]
        joined[unsure] = reached[a, b] | reached[b, a]
    return np.asarray(joined, np.bool_)
