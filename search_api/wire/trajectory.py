"""A way on the wire, the same over HTTP and in `zhian trajectory --json`."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from models.kinds import Kind
from pipeline.site_map import SiteMap
from pipeline.trajectory.geojson import geojson
from pipeline.trajectory.route import Candidate, Leg, SetAside, Verdict
from pipeline.trajectory.suggestions import Chance, Suggestion
from search_api.trajectories import TracedWay
from search_api.wire.base import Wire
from search_api.wire.coverage import CoverageOut, brief_coverage_out
from search_api.wire.sightings import SightingOut, sighting_out


class StopOut(SightingOut):
    """Where she was seen; `score` is the cosine to the confirmed sightings, null for those themselves."""

    number: int = Field(description="1 is the first")
    confirmed: bool
    score: float | None


class LegOut(Wire):
    """From stop `number` to the next. `infeasible`: faster than anybody, one of both is not her."""

    number: int
    verdict: Verdict
    seconds: float = Field(description="from last seen to first seen; below 0 when both overlap in time")
    metres: float | None = Field(description="null when nobody knows the way")
    estimated: bool = Field(description="from positions, not from the site's paths")
    kmh: float | None = Field(description="the speed it takes at least")


class SetAsideOut(SightingOut):
    """A look-alike that cannot be her, because she was at the stop with the id `clashes_with`."""

    score: float | None
    clashes_with: str


class SuggestionOut(Wire):
    """A camera she may come to next, or may have passed. Times are UTC epoch ms.

    `ahead`: she cannot be there yet. `not_watched`: she may have passed unseen. `not_seen`: it was watched.
    """

    rank: int
    camera: str
    name: str
    chance: Chance
    weight: float = Field(description="0 to 1, all together 1: for ranking, no probability")
    metres: float
    estimated: bool
    earliest_ms: int
    expected_from_ms: int
    expected_to_ms: int
    share_watched: float | None


class TrajectoryOut(Wire):
    """The way she took, where she can be at `at_ms`, and what was watched meanwhile."""

    kind: Kind
    stops: list[StopOut]
    legs: list[LegOut]
    flagged: int = Field(description="how many legs cannot be")
    set_aside: list[SetAsideOut]
    at_ms: int
    suggestions: list[SuggestionOut] = Field(description="empty when the site file has neither positions nor paths")
    coverage: CoverageOut
    geojson: dict[str, Any] = Field(description="the same as a FeatureCollection, RFC 7946")


MOST_SUGGESTIONS = 10
MOST_SET_ASIDE = 20


def trajectory_out(found: TracedWay, site: SiteMap, picture: Callable[[str], str | None]) -> TrajectoryOut:
    """Return the wire form of a way; `picture` gives the address of a sighting's picture."""
    way, suggestions = found.way, found.suggestions[:MOST_SUGGESTIONS]
    return TrajectoryOut(
        kind=way.kind,
        stops=[_stop_out(number, stop, picture) for number, stop in enumerate(way.stops, 1)],
        legs=[_leg_out(number, leg) for number, leg in enumerate(way.legs, 1)],
        flagged=way.flagged,
        set_aside=[_set_aside_out(each, picture) for each in way.set_aside[:MOST_SET_ASIDE]],
        at_ms=found.at_ms,
        suggestions=[_suggestion_out(rank, each, site.names) for rank, each in enumerate(suggestions, 1)],
        coverage=brief_coverage_out(found.coverage, site.names),
        geojson=geojson(way, site.graph.positions, suggestions),
    )


def _stop_out(number: int, stop: Candidate, picture: Callable[[str], str | None]) -> StopOut:
    sighting = sighting_out(stop.sighting, picture(stop.sighting.id))
    score = None if stop.score is None else round(stop.score, 4)
    return StopOut(number=number, confirmed=stop.confirmed, score=score, **sighting.model_dump())


def _leg_out(number: int, leg: Leg) -> LegOut:
    return LegOut(
        number=number,
        verdict=leg.verdict,
        seconds=round(leg.seconds, 1),
        metres=None if leg.metres is None else round(leg.metres, 1),
        estimated=leg.estimated,
        kmh=None if leg.speed is None else round(3.6 * leg.speed, 1),
    )


def _set_aside_out(each: SetAside, picture: Callable[[str], str | None]) -> SetAsideOut:
    candidate = each.candidate
    sighting = sighting_out(candidate.sighting, picture(candidate.sighting.id))
    score = None if candidate.score is None else round(candidate.score, 4)
    return SetAsideOut(score=score, clashes_with=each.clashes_with, **sighting.model_dump())


def _suggestion_out(rank: int, each: Suggestion, names: Mapping[str, str]) -> SuggestionOut:
    return SuggestionOut(
        rank=rank,
        camera=each.camera_id,
        name=names.get(each.camera_id, ""),
        chance=each.chance,
        weight=round(each.weight, 4),
        metres=round(each.metres, 1),
        estimated=each.estimated,
        earliest_ms=each.earliest_ms,
        expected_from_ms=each.expected_from_ms,
        expected_to_ms=each.expected_to_ms,
        share_watched=None if each.share_watched is None else round(each.share_watched, 4),
    )
