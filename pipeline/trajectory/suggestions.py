"""Where she can be by now: the cameras she may come to next, and whether anybody watched them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models.kinds import Kind
from pipeline.coverage import CameraCoverage, State
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.travel import Speed, Travel

FloatArray = NDArray[np.float64]

NEAREST = 100  # of very many cameras those that are weighed against each other
_SPREAD = 0.45  # of the logarithm of travel times
_TENTH = 1.2816  # the normal quantile of 90 %: the expected window leaves out a tenth on each side
_SEES = 0.8  # of those who pass a watched camera so many become a sighting
_BETWEEN = 1.15  # a camera lies on the way when it makes it no longer than this
_REACH_S = 600.0  # how long people usually go before the next camera: the farther one, the less likely
_NEAR_M = 20.0
_BACK = 0.4  # turning back counts so much of going on
_WATCHED = 0.9


class Chance(StrEnum):
    """AHEAD: she cannot be there yet. NOT_WATCHED: she may have passed unseen. NOT_SEEN: watched, she was not there."""

    AHEAD = "ahead"
    NOT_WATCHED = "not_watched"
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A camera she may come to, or have come to. Times are UTC epoch ms.

    `earliest_ms` is for somebody as fast as can be, the expected window for 80 % of people. `share_watched` is that of
    the time from the earliest arrival to now, None while that is ahead. `weight` 0..1 ranks; all weights together
    are 1. It is no probability: nobody knows whether she goes on at all.
    """

    camera_id: str
    metres: float
    estimated: bool
    earliest_ms: int
    expected_from_ms: int
    expected_to_ms: int
    chance: Chance
    share_watched: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Where and when (UTC epoch ms) she was last seen, and the camera before that, which tells where she was going."""

    camera_id: str
    at_ms: int
    before: str | None = None


def suggest(
    last: LastSeen,
    now_ms: int,
    graph: CameraGraph,
    kind: Kind,
    watched: Mapping[str, CameraCoverage],
    travel: Travel | None = None,
) -> list[Suggestion]:
    """Return the cameras whose distance is known, the NEAREST of very many, the likeliest next one first.

    `watched` is the coverage from `last.at_ms` to `now_ms`; a camera that is not in it is taken for not watched.
    """
    here = graph.number(last.camera_id)
    if here is None:
        return []
    speed = (travel or Travel()).speeds[kind]
    metres, _ = graph.ways_from(here)
    others = np.flatnonzero(np.isfinite(metres) & (np.arange(len(metres)) != here))
    if len(others) == 0:
        return []
    others = np.sort(others[np.argsort(metres[others], kind="stable")[:NEAREST]])
    elapsed_s = (now_ms - last.at_ms) / 1000
    shares = np.array([_share(watched.get(graph.cameras[i]), last.at_ms, metres[i], speed) for i in others])
    weights = _weights(graph, here, others, shares, elapsed_s, speed)
    before = None if last.before is None else graph.number(last.before)
    if before is not None and before != here:
        weights *= _going_on(graph, before, here, others)
    weights /= weights.sum()
    found = [
        _told(graph, here, int(i), last, now_ms, speed, float(share), float(weight))
        for i, share, weight in zip(others, shares, weights, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.weight, each.camera_id))


def _weights(
    graph: CameraGraph, here: int, others: NDArray[np.intp], shares: FloatArray, elapsed_s: float, speed: Speed
) -> FloatArray:
    """Nearer is likelier; less so behind a watched camera, or where she would have been seen by now."""
    metres = graph.ways_from(here)[0][others]
    way = np.maximum(metres, _NEAR_M)
    arrived = ndtr(np.log(max(elapsed_s, 1e-3) * speed.usual / way) / _SPREAD)
    seen_there = 1 - _SEES * shares * arrived
    nearer = np.exp(-way / (speed.usual * _REACH_S))
    via = metres[:, None] + graph.among(others, _BETWEEN * float(way.max()))
    between = (via <= _BETWEEN * way[None, :]) & (way[:, None] < way[None, :]) & ~np.eye(len(others), dtype=bool)
    unseen_before = np.where(between, 1 - _SEES * shares[:, None], 1.0).prod(axis=0)
    return np.asarray(np.maximum(nearer * seen_there * unseen_before, 1e-12), np.float64)


def _going_on(graph: CameraGraph, before: int, here: int, others: NDArray[np.intp]) -> FloatArray:
    """Return float64 (n,): 1 straight on, `_BACK` straight back, by how much farther from the stop before it leads."""
    onward = np.maximum(graph.ways_from(here)[0][others], _NEAR_M)
    since, _ = graph.ways_from(before)
    behind = since[here]
    known = np.isfinite(since[others]) & np.isfinite(behind)
    farther = (np.where(known, since[others], 0.0) - (behind if np.isfinite(behind) else 0.0)) / onward
    straight = np.where(known, np.clip(farther, -1.0, 1.0), 0.0)
    return np.asarray(_BACK + (1 - _BACK) * (straight + 1) / 2, np.float64)


def _share(coverage: CameraCoverage | None, since_ms: int, metres: float, speed: Speed) -> float:
    """Return 0..1: how much of the time since her earliest arrival was watched; while that is ahead, whether it is."""
    if coverage is None:
        return 0.0
    earliest_ms = since_ms + round(1000 * metres / speed.fastest)
    if earliest_ms >= coverage.to_ms:
        return float(coverage.intervals[-1].state in {State.LIVE, State.BEHIND})
    live = (each for each in coverage.intervals if each.state is State.LIVE and each.to_ms > earliest_ms)
    return sum(each.to_ms - max(each.from_ms, earliest_ms) for each in live) / (coverage.to_ms - earliest_ms)


def _told(
    graph: CameraGraph, here: int, there: int, last: LastSeen, now_ms: int, speed: Speed, share: float, weight: float
) -> Suggestion:
    every, guessed = graph.ways_from(here)
    metres = float(every[there])
    usual_s = metres / speed.usual
    earliest_ms = last.at_ms + round(1000 * metres / speed.fastest)
    sooner, later = (last.at_ms + round(1000 * usual_s * np.exp(sign * _TENTH * _SPREAD)) for sign in (-1, 1))
    chance = Chance.AHEAD if earliest_ms >= now_ms else Chance.NOT_SEEN if share >= _WATCHED else Chance.NOT_WATCHED
    return Suggestion(
        camera_id=graph.cameras[there],
        metres=metres,
        estimated=bool(guessed[there]),
        earliest_ms=earliest_ms,
        expected_from_ms=max(sooner, earliest_ms),
        expected_to_ms=max(later, earliest_ms),
        chance=chance,
        share_watched=None if chance is Chance.AHEAD else share,
        weight=weight,
    )
