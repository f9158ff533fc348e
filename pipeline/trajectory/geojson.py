"""A way as GeoJSON (RFC 7946): WGS 84, longitude first."""

from collections.abc import Mapping, Sequence
from typing import Any

from camera_adapters.site import Position
from pipeline.trajectory.route import Candidate, Leg, Trajectory
from pipeline.trajectory.suggestions import Suggestion

Feature = dict[str, Any]


def geojson(
    way: Trajectory, positions: Mapping[str, Position], suggestions: Sequence[Suggestion] = ()
) -> dict[str, Any]:
    """Return a FeatureCollection: a Point per stop, a LineString per leg, a Point per suggestion.

    `properties.role` tells them apart. A stop at a camera without a position has the geometry null (section 3.2), and
    legs from or to it are left out. Times are UTC epoch ms.
    """
    features = [_stop(number, stop, positions) for number, stop in enumerate(way.stops, 1)]
    legs = zip(way.stops, way.stops[1:], way.legs, strict=False)
    features += [_leg(number, *leg, positions) for number, leg in enumerate(legs, 1) if _placed(*leg[:2], positions)]
    features += [_suggestion(rank, each, positions) for rank, each in enumerate(suggestions, 1)]
    return {"type": "FeatureCollection", "features": features}


def _stop(number: int, stop: Candidate, positions: Mapping[str, Position]) -> Feature:
    sighting = stop.sighting
    properties = {
        "role": "stop",
        "number": number,
        "sighting": sighting.id,
        "camera": sighting.key.camera_id,
        "community": sighting.community,
        "first_seen_ms": sighting.first_seen_ms,
        "last_seen_ms": sighting.last_seen_ms,
        "confirmed": stop.confirmed,
        "score": None if stop.score is None else round(stop.score, 4),
    }
    return _feature(_point(positions.get(sighting.key.camera_id)), properties)


def _leg(number: int, one: Candidate, other: Candidate, leg: Leg, positions: Mapping[str, Position]) -> Feature:
    ends = [one.sighting.key.camera_id, other.sighting.key.camera_id]
    line = {"type": "LineString", "coordinates": [_coordinates(positions[end]) for end in ends]}
    properties = {
        "role": "leg",
        "number": number,
        "from": ends[0],
        "to": ends[1],
        "verdict": leg.verdict.value,
        "seconds": round(leg.seconds, 1),
        "metres": None if leg.metres is None else round(leg.metres, 1),
        "estimated": leg.estimated,
    }
    return _feature(line, properties)


def _suggestion(rank: int, each: Suggestion, positions: Mapping[str, Position]) -> Feature:
    properties = {
        "role": "suggestion",
        "rank": rank,
        "camera": each.camera_id,
        "chance": each.chance.value,
        "weight": round(each.weight, 4),
        "metres": round(each.metres, 1),
        "earliest_ms": each.earliest_ms,
        "expected_from_ms": each.expected_from_ms,
        "expected_to_ms": each.expected_to_ms,
        "share_watched": None if each.share_watched is None else round(each.share_watched, 4),
    }
    return _feature(_point(positions.get(each.camera_id)), properties)


def _placed(one: Candidate, other: Candidate, positions: Mapping[str, Position]) -> bool:
    return all(stop.sighting.key.camera_id in positions for stop in (one, other))


def _point(position: Position | None) -> dict[str, Any] | None:
    return None if position is None else {"type": "Point", "coordinates": _coordinates(position)}


def _coordinates(position: Position) -> list[float]:
    return [position.lon, position.lat]


def _feature(geometry: dict[str, Any] | None, properties: dict[str, Any]) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
