"""From confirmed sightings to the way she took: look-alikes from the archive fill in what is between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.embeddings import Embeddings
from pipeline.archive.contract import Archive, Hit, Query, SightingFilter
from pipeline.errors import MixedKinds, NothingConfirmed
from pipeline.search.pooling import mean_direction
from pipeline.sighting import Sighting
from pipeline.trajectory.chance import Strangers
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.linking import link
from pipeline.trajectory.route import Candidate, Trajectory
from pipeline.trajectory.travel import Travel

AROUND_MS = 12 * 3_600_000
MOST_CANDIDATES = 300
ROUNDS = 2  # who was found shows her from other sides: she is looked for again by all of them


@dataclass(frozen=True, slots=True)
class Tracing:
    """What is asked: sightings that an officer confirmed or rejected, and whether others may fill the way.

    The time is [from_ms, to_ms), UTC epoch ms; an open end reaches 12 hours beyond the confirmed sightings.
    """

    confirmed: Sequence[str]
    rejected: frozenset[str] = frozenset()
    fill: bool = True
    from_ms: int | None = None
    to_ms: int | None = None


def trace(archive: Archive, asked: Tracing, graph: CameraGraph, travel: Travel | None = None) -> Trajectory:
    """Return the way through the confirmed sightings and those that fit them, found round by round.

    Raises UnknownSighting, NothingConfirmed, MixedKinds.
    """
    sure = [archive.get(sighting_id) for sighting_id in dict.fromkeys(asked.confirmed)]
    if not sure:
        raise NothingConfirmed
    if len({sighting.kind for sighting in sure}) > 1:
        raise MixedKinds
    way = link([Candidate(sighting, confirmed=True) for sighting in sure], graph, sure[0].kind, travel)
    for _ in range(ROUNDS if asked.fill else 0):
        stops, known = way.stops, [stop.sighting for stop in way.stops]
        way = link([*stops, *look_alikes(archive, known, asked)], graph, way.kind, travel)
        if [stop.sighting for stop in way.stops] == known:
            break
    return way


def searched_time(known: Sequence[Sighting], asked: Tracing) -> tuple[int, int]:
    """Return [from_ms, to_ms) in which look-alikes are looked for."""
    first, last = min(s.first_seen_ms for s in known), max(s.last_seen_ms for s in known)
    from_ms = first - AROUND_MS if asked.from_ms is None else asked.from_ms
    to_ms = last + AROUND_MS if asked.to_ms is None else asked.to_ms
    return from_ms, to_ms


def look_alikes(archive: Archive, known: Sequence[Sighting], asked: Tracing) -> list[Candidate]:
    """Return who looks like the known sightings, best first, with how much that says."""
    from_ms, to_ms = searched_time(known, asked)
    where = SightingFilter(kind=known[0].kind, from_ms=from_ms, to_ms=to_ms)
    ids = frozenset(sighting.id for sighting in known)
    hits = _search(archive, known, where, ids | asked.rejected)
    strangers = Strangers.of([hit.score for hit in hits], archive.count(where) - len(ids))
    evidence = strangers.evidence([hit.score for hit in hits])
    return [
        Candidate(hit.sighting, confirmed=False, score=hit.score, evidence=float(weight))
        for hit, weight in zip(hits, evidence, strict=True)
    ]


def _search(archive: Archive, known: Sequence[Sighting], where: SightingFilter, exclude: frozenset[str]) -> list[Hit]:
    """Search with the mean of all that are known; where networks changed in between, of those of the newest."""
    vectors = [archive.vector(sighting.id) for sighting in sorted(known, key=lambda s: s.last_seen_ms)]
    space = vectors[-1].space
    mean = mean_direction(np.concatenate([each.vectors for each in vectors if each.space == space]))
    return archive.search(Query(Embeddings(mean[None], space), where, MOST_CANDIDATES, exclude))
