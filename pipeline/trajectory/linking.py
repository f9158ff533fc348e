"""The best way through sightings that may be hers: appearance and travel time weighed in one sum.

Dynamic programming over candidates by time: every confirmed sighting is on the way, others are where they add more
evidence than they cost. A leg nobody can travel joins two confirmed sightings when it must, and is flagged; it never
admits one that is not confirmed.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kinds import Kind
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.route import Candidate, Leg, SetAside, Trajectory, Verdict
from pipeline.trajectory.travel import Travel

FloatArray = NDArray[np.float64]

_MUST = 1e6  # a confirmed sighting outweighs everything else
_CANNOT = 1e3  # a leg that cannot be outweighs all evidence of others
_SPREAD = 0.45  # of the logarithm of travel times: from strolling to hurrying
_STRAIGHT = 0.6  # how often somebody seen at one camera goes straight on to the next; else she lingers or wanders
_LINGERS_S = 1800.0
_DOUBT = 5.0  # what a stop that nobody confirmed must be worth more than chance
_CROWD_S = 900.0  # over how long strangers' times are smoothed
_NEAR_M = 30.0  # within one picture and its surroundings a distance says nothing
_TIME_SAYS = (-2.0, 3.0)  # how much a time of arrival may say against or for


@dataclass(frozen=True, slots=True, eq=False)
class _Legs:
    """Of every pair (earlier, later) of n candidates: float64 (n, n) metres and seconds, bool (n, n) `possible`."""

    metres: FloatArray
    seconds: FloatArray
    possible: NDArray[np.bool_]


def link(
    candidates: Sequence[Candidate],
    graph: CameraGraph,
    kind: Kind,
    travel: Travel | None = None,
) -> Trajectory:
    """Return the way with the most evidence; look-alikes that it leaves out because of their time are set aside.

    Raises ValueError without candidates.
    """
    if not candidates:
        raise ValueError("a way needs at least one sighting")
    travel = travel or Travel()
    ordered = sorted(candidates, key=lambda c: (c.sighting.first_seen_ms, c.sighting.last_seen_ms, c.sighting.id))
    legs = _legs(ordered, graph, kind, travel)
    chosen = _best_way(ordered, legs, travel.speeds[kind].usual)
    stops = [ordered[i] for i in chosen]
    told = [_leg(legs, graph, ordered, i, j) for i, j in itertools.pairwise(chosen)]
    return Trajectory(kind, stops, told, _set_aside(ordered, legs, chosen))


def _legs(ordered: Sequence[Candidate], graph: CameraGraph, kind: Kind, travel: Travel) -> _Legs:
    metres = graph.between([c.sighting.key.camera_id for c in ordered])
    first = np.array([c.sighting.first_seen_ms for c in ordered], np.float64)
    last = np.array([c.sighting.last_seen_ms for c in ordered], np.float64)
    seconds = (first[None, :] - last[:, None]) / 1000
    needed = np.where(np.isfinite(metres), metres, 0.0) / travel.speeds[kind].fastest
    possible = (needed <= seconds + travel.clock_slack_s) | np.isinf(metres)
    return _Legs(metres, seconds, possible)


def _best_way(ordered: Sequence[Candidate], legs: _Legs, usual: float) -> list[int]:
    """Return the indices of the best way, ascending."""
    cost = np.where(legs.possible, _time_says(legs, usual, _crowd(ordered)), -_CANNOT)
    worth = np.array([_MUST if c.confirmed else c.evidence - _DOUBT for c in ordered], np.float64)
    best, came_from = worth.copy(), np.full(len(ordered), -1)
    for j in range(1, len(ordered)):
        through = best[:j] + cost[:j, j]
        i = int(np.argmax(through))
        if through[i] > 0:
            best[j], came_from[j] = worth[j] + through[i], i
    way = [int(np.argmax(best))]
    while came_from[way[-1]] >= 0:
        way.append(int(came_from[way[-1]]))
    return way[::-1]


def _crowd(ordered: Sequence[Candidate]) -> FloatArray:
    """Return float64 (n,): how densely candidates lie around each one's time, as a share a second."""
    at = np.array([c.sighting.first_seen_ms for c in ordered], np.float64) / 1000
    kernel = np.exp(-0.5 * ((at[:, None] - at) / _CROWD_S) ** 2) / (_CROWD_S * np.sqrt(2 * np.pi))
    return np.asarray(kernel.mean(axis=0), np.float64)


def _time_says(legs: _Legs, usual: float, crowd: FloatArray) -> FloatArray:
    """Return float64 (n, n): log of how much likelier the time between is for one traveller than for two strangers."""
    gap = np.maximum(legs.seconds, 1.0)
    known = np.isfinite(legs.metres)
    median = np.maximum(np.where(known, legs.metres, _NEAR_M), _NEAR_M) / usual
    deviation = np.log(gap / median) / _SPREAD
    straight = np.exp(-0.5 * deviation**2) / (gap * _SPREAD * np.sqrt(2 * np.pi))
    lingering = np.exp(-gap / _LINGERS_S) / _LINGERS_S
    density = _STRAIGHT * straight + (1 - _STRAIGHT) * lingering
    says = np.clip(np.log(np.maximum(density, 1e-300) / crowd), *_TIME_SAYS)
    return np.where(known, says, 0.0)


def _leg(legs: _Legs, graph: CameraGraph, ordered: Sequence[Candidate], i: int, j: int) -> Leg:
    way = graph.distance(ordered[i].sighting.key.camera_id, ordered[j].sighting.key.camera_id)
    seconds = float(legs.seconds[i, j])
    if way is None:
        return Leg(Verdict.UNKNOWN, seconds, None, estimated=False)
    verdict = Verdict.FEASIBLE if legs.possible[i, j] else Verdict.INFEASIBLE
    return Leg(verdict, seconds, way.metres, way.estimated)


def _set_aside(ordered: Sequence[Candidate], legs: _Legs, chosen: Sequence[int]) -> list[SetAside]:
    """Return who looks like her by more than chance and cannot have been her, given the stops before and after."""
    on_way, left_out = set(chosen), []
    for k, candidate in enumerate(ordered):
        if k in on_way or candidate.evidence <= 0:
            continue
        before = max((i for i in chosen if i < k), default=None)
        after = min((i for i in chosen if i > k), default=None)
        clash = [
            i
            for i, possible in (
                (before, before is None or legs.possible[before, k]),
                (after, after is None or legs.possible[k, after]),
            )
            if i is not None and not possible
        ]
        if clash:
            other = ordered[clash[0]].sighting
            left_out.append(SetAside(candidate, other.id))
    return sorted(left_out, key=lambda each: -each.candidate.evidence)
