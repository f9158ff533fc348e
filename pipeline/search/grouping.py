"""Sightings that belong together are one hit with several shots.

Of somebody known by a photo each visit is a hit: sightings of one camera, close in time and much alike. Of somebody
described in words each person is one, wherever she was seen: else three sightings of one in a black coat hide the
three others who wear one.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Hit
from pipeline.search.question import APART_MS

FloatArray = NDArray[np.float32]

ALIKE = 0.6  # cosine of two sightings of one person at one camera; strangers there reach it once in a hundred
ONE_PERSON = 0.7  # and this once in a thousand: no nearness in time speaks for her


def visits(hits: Sequence[Hit], vectors: Mapping[str, FloatArray], most: int) -> list[list[Hit]]:
    """Return the hits as at most so many groups, each best first, in the order of their best.

    A hit joins the first group whose best it is like (`vectors` (d,) by sighting id; without one it stays alone), when
    all are of one camera, less than APART_MS lies between it and one of them, and no two overlap in time: who is seen
    twice at once is two.
    """
    return _grouped(hits, vectors, most, ALIKE, _same_visit)


def persons(hits: Sequence[Hit], vectors: Mapping[str, FloatArray], most: int) -> list[list[Hit]]:
    """Return the hits as at most so many groups, each best first, in the order of their best: one for each person.

    Two that one camera saw at once are two; a hit without a vector (d,) stays alone.
    """
    return _grouped(hits, vectors, most, ONE_PERSON, _at_different_times)


def group_id(group: Sequence[Hit]) -> str:
    """Return the id of the earliest sighting: it stays when a later search finds the visit at other ranks."""
    return min((hit.sighting.first_seen_ms, hit.sighting.id) for hit in group)[1]


def _grouped(
    hits: Sequence[Hit],
    vectors: Mapping[str, FloatArray],
    most: int,
    alike: float,
    fits: Callable[[Hit, Sequence[Hit]], bool],
) -> list[list[Hit]]:
    groups: list[list[Hit]] = []
    bests: FloatArray = np.zeros((most, len(next(iter(vectors.values()), ()))), np.float32)
    for hit in hits:
        vector = vectors.get(hit.sighting.id)
        likeness = np.empty(0) if vector is None else np.einsum("gd,d->g", bests[: len(groups)], vector)
        near = (groups[i] for i in np.flatnonzero(likeness >= alike))
        group = next((group for group in near if fits(hit, group)), None)
        if group is not None:
            group.append(hit)
        elif len(groups) < most:
            if vector is not None:
                bests[len(groups)] = vector
            groups.append([hit])
    return groups


def _same_visit(hit: Hit, group: Sequence[Hit]) -> bool:
    if hit.sighting.key.camera_id != group[0].sighting.key.camera_id:
        return False
    return 0 <= min(_gap_ms(hit, member) for member in group) < APART_MS


def _at_different_times(hit: Hit, group: Sequence[Hit]) -> bool:
    camera = hit.sighting.key.camera_id
    return all(_gap_ms(hit, member) >= 0 for member in group if member.sighting.key.camera_id == camera)


def _gap_ms(one: Hit, other: Hit) -> int:
    """Return the time between two sightings, negative when they overlap."""
    first, second = sorted((one.sighting, other.sighting), key=lambda each: each.first_seen_ms)
    return second.first_seen_ms - first.last_seen_ms
