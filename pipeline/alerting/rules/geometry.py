"""Points, lines and polygons in pixels: x to the right, y down."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Point = tuple[float, float]


def distance_to_line(points: Array, line: Array) -> Array:
    """Signed distance (n,) in pixels of points (n, 2) from the endless line through `line` (2, 2).

    The sign is that of the cross product (b - a) x (p - a): with y down, positive lies to the right of somebody who
    walks from a to b.
    """
    a, b = line
    along = b - a
    away = points - a
    crossed = along[0] * away[:, 1] - along[1] * away[:, 0]
    return np.asarray(crossed / np.hypot(along[0], along[1]), np.float64)


def crosses(before: Array, after: Array, line: Array) -> bool:
    """Tell whether the way from point `before` (2,) to `after` (2,) meets the segment `line` (2, 2), ends included."""
    a, b = line
    side_before, side_after = _cross(a, b, before), _cross(a, b, after)
    if (side_before >= 0.0) == (side_after >= 0.0):
        return False
    part = side_before / (side_before - side_after)
    meeting = before + part * (after - before)
    along = b - a
    at = float((meeting - a) @ along) / float(along @ along)
    return 0.0 <= at <= 1.0


def depth_in_polygon(points: Array, polygon: Array) -> Array:
    """Distance (n,) in pixels of points (n, 2) from the border of a polygon (k, 2): positive inside, else negative."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    along = end - start
    away = points[:, None, :] - start[None, :, :]
    length = np.einsum("kd,kd->k", along, along)
    at = np.clip(np.einsum("nkd,kd->nk", away, along) / length, 0.0, 1.0)
    nearest = away - at[:, :, None] * along[None, :, :]
    distance = np.sqrt(np.einsum("nkd,nkd->nk", nearest, nearest).min(axis=1))
    return np.asarray(np.where(inside_polygon(points, polygon), distance, -distance), np.float64)


def inside_polygon(points: Array, polygon: Array) -> BoolArray:
    """Tell for points (n, 2) whether they lie in a polygon (k, 2): even-odd rule on a ray to the right."""
    (x1, y1), (x2, y2) = polygon.T, np.roll(polygon, -1, axis=0).T
    x, y = points[:, 0:1], points[:, 1:2]
    spans = (y1 > y) != (y2 > y)
    rise = np.where(y2 == y1, 1.0, y2 - y1)
    left_of = x < x1 + (y - y1) * (x2 - x1) / rise
    return np.asarray((spans & left_of).sum(axis=1) % 2 == 1, np.bool_)


def polygon_area(polygon: Array) -> float:
    """Area in square pixels of a simple polygon (k, 2)."""
    x, y = polygon.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2.0


def crossing_edges(polygon: Sequence[Point]) -> tuple[int, int] | None:
    """Return the first two edges (numbered from 1) of a polygon that cross or touch, None for a simple polygon."""
    corners = np.asarray(polygon, np.float64)
    n = len(corners)
    for i in range(n):
        for j in range(i + 1, n):
            a, b = corners[i], corners[(i + 1) % n]
            c, d = corners[j], corners[(j + 1) % n]
            neighbours = j == i + 1 or (i == 0 and j == n - 1)
            if _folded(a, b, c, d) if neighbours else _touch(a, b, c, d):
                return i + 1, j + 1
    return None


def _cross(a: Array, b: Array, p: Array) -> float:
    return float((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))


def _touch(a: Array, b: Array, c: Array, d: Array) -> bool:
    """Tell whether the segments ab and cd have a point in common."""
    sides = _cross(a, b, c), _cross(a, b, d), _cross(c, d, a), _cross(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    on = ((a, b, c, sides[0]), (a, b, d, sides[1]), (c, d, a, sides[2]), (c, d, b, sides[3]))
    return any(side == 0 and _between(p, q, r) for p, q, r, side in on)


def _folded(a: Array, b: Array, c: Array, d: Array) -> bool:
    """Tell whether two neighbouring edges, which share a corner, lie on each other."""
    shared = b if np.array_equal(b, c) else a
    one, other = (a, d) if np.array_equal(b, c) else (b, c)
    return _cross(shared, one, other) == 0 and float((one - shared) @ (other - shared)) > 0


def _between(p: Array, q: Array, r: Array) -> bool:
    return bool(np.all(np.minimum(p, q) <= r) and np.all(r <= np.maximum(p, q)))
