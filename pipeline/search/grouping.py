"""Sightings that belong together are one hit with several shots.

Of somebody known by a photo each visit is a hit: sightings of one camera, close in time and much alike. Of somebody
described in words each person is one, wherever she was seen: else three sightings of one in a black coat hide the
three others who wear one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Hit

FloatArray = NDArray[np.float32]

APART_MS = 30_000  # a tracker that lost somebody finds her again within seconds
ALIKE = 0.6  # cosine of two sightings of one person at one camera; strangers there reach it once in a hundred
ONE_PERSON = 0.7  # and this once in a thousand: no nearness in time speaks for her


def visits(hits: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> list[list[Hit]]:
    """Return the hits as groups, each best first, in the order of their best.

    A hit joins the first group whose best it is like (`vectors` (d,) by sighting id; without one it stays alone), when
    all are of one camera, less than APART_MS lies between it and one of them, and no two overlap in time: who is seen
    twice at once is two.
    """
    groups: list[list[Hit]] = []
    at_camera: dict[str, list[list[Hit]]] = {}
    for hit in hits:
        near = at_camera.setdefault(hit.sighting.key.camera_id, [])
        group = next((group for group in near if _same_visit(hit, group, vectors)), None)
        if group is None:
            groups.append([hit])
            near.append(groups[-1])
        else:
            group.append(hit)
    return groups


def persons(hits: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> list[list[Hit]]:
    """Return the hits as groups, each best first, in the order of their best: all that look like one person.

    Two that one camera saw at once are two; a hit without a vector (d,) stays alone.
    """
    groups: list[list[Hit]] = []
    for hit in hits:
        group = next((group for group in groups if _same_person(hit, group, vectors)), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    return groups


def group_id(group: Sequence[Hit]) -> str:
    """Return the id of the earliest sighting: it stays when a later search finds the visit at other ranks."""
    return min((hit.sighting.first_seen_ms, hit.sighting.id) for hit in group)[1]


def _same_visit(hit: Hit, group: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> bool:
    if _likeness(hit, group[0], vectors) < ALIKE:
        return False
    gaps = [_gap_ms(hit, member) for member in group]
    return 0 <= min(gaps) < APART_MS


def _same_person(hit: Hit, group: Sequence[Hit], vectors: Mapping[str, FloatArray]) -> bool:
    if _likeness(hit, group[0], vectors) < ONE_PERSON:
        return False
    camera = hit.sighting.key.camera_id
    return all(_gap_ms(hit, member) >= 0 for member in group if member.sighting.key.camera_id == camera)


def _likeness(one: Hit, other: Hit, vectors: Mapping[str, FloatArray]) -> float:
    first, second = vectors.get(one.sighting.id), vectors.get(other.sighting.id)
    return -1.0 if first is None or second is None else float(np.einsum("d,d->", first, second))


def _gap_ms(one: Hit, other: Hit) -> int:
    """Return the time between two sightings, negative when they overlap."""
    first, second = sorted((one.sighting, other.sighting), key=lambda each: each.first_seen_ms)
    return second.first_seen_ms - first.last_seen_ms
