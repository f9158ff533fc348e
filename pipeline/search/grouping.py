"""One visit is one hit: sightings of one camera, close in time and much alike, are shown as one with several shots."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Hit

FloatArray = NDArray[np.float32]

APART_MS = 30_000  # a tracker that lost somebody finds her again within seconds
ALIKE = 0.6  # cosine of two sightings of one person at one camera; strangers there reach it once in a hundred


def grouped(hits: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> list[list[Hit]]:
    """Return the hits as groups, each best first, in the order of their best.

    A hit joins the first group whose best it is like (`vectors` (d,) by sighting id; without one it stays alone), when
    both are of one camera and less than APART_MS lies between them and any of the group, and no two overlap in time:
    who is seen twice at once is two.
    """
    groups: list[list[Hit]] = []
    at_camera: dict[str, list[list[Hit]]] = {}
    for hit in hits:
        near = at_camera.setdefault(hit.sighting.key.camera_id, [])
        group = next((group for group in near if _belongs(hit, group, vectors)), None)
        if group is None:
            groups.append([hit])
            near.append(groups[-1])
        else:
            group.append(hit)
    return groups


def group_id(group: Sequence[Hit]) -> str:
    """Return the id of the earliest sighting: it stays when a later search finds the visit at other ranks."""
    return min((hit.sighting.first_seen_ms, hit.sighting.id) for hit in group)[1]


def _belongs(hit: Hit, group: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> bool:
    one, other = vectors.get(hit.sighting.id), vectors.get(group[0].sighting.id)
    if one is None or other is None or float(np.einsum("d,d->", one, other)) < ALIKE:
        return False
    gaps = [_gap_ms(hit, member) for member in group]
    return min(gaps) < APART_MS and min(gaps) >= 0


def _gap_ms(one: Hit, other: Hit) -> int:
    """Return the time between two sightings, negative when they overlap."""
    first, second = sorted((one.sighting, other.sighting), key=lambda each: each.first_seen_ms)
    return second.first_seen_ms - first.last_seen_ms
