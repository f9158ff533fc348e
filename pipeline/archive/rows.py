"""Sightings as rows and filters as conditions, in SQL and in memory."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Table

from models.kinds import Kind
from pipeline.archive.contract import Cursor, SearchRecord, SightingFilter
from pipeline.archive.schema import searches, sightings
from pipeline.sighting import Shot, Sighting, TrackletKey

SIGHTING_COLUMNS = tuple(sightings.c)[: list(sightings.c.keys()).index("attributes") + 1]
NO_LOOKS = "{}"
_CONFIDENCE = "confidence"
_KINDS = {kind.value: kind for kind in Kind}


def sighting_row(sighting: Sighting, change: int) -> tuple[Any, ...]:
    """Return a row of `sightings` in the table's order, up to attributes; the rest is where its parts lie."""
    key, shot = sighting.key, sighting.shot
    left, top, right, bottom = shot.xyxy
    width, height = sighting.frame_size
    return (
        sighting.id,
        change,
        sighting.revision,
        key.camera_id,
        key.session,
        key.track_id,
        str(sighting.kind),  # the driver is slow with other sorts of str, and knows no floats but Python's
        sighting.community,
        sighting.first_seen_ms,
        sighting.last_seen_ms,
        shot.captured_at_ms,
        float(left),
        float(top),
        float(right),
        float(bottom),
        float(shot.score),
        float(shot.quality),
        width,
        height,
        sighting.frames,
        sighting.open,
        _attributes_text(sighting),
    )


def sighting_of(row: Sequence[Any]) -> Sighting:
    """Read a whole row of `sightings`, by place: names cost more than all the rest."""
    sighting_id, _, revision, camera_id, session, track_id, kind, community, first_seen_ms, last_seen_ms = row[:10]
    shot_at_ms, left, top, right, bottom, shot_score, shot_quality, width, height, frames, is_open = row[10:21]
    attributes, confidence = looks_of(row[21])
    return Sighting(
        sighting_id,
        TrackletKey(camera_id, session, track_id),
        _KINDS[kind],
        community,
        first_seen_ms,
        last_seen_ms,
        Shot(shot_at_ms, (left, top, right, bottom), shot_score, shot_quality),
        (width, height),
        frames,
        revision,
        bool(is_open),
        attributes,
        confidence,
    )


def looks_of(text: str) -> tuple[dict[str, str], dict[str, float]]:
    """Read attributes and their confidence from the column that has both."""
    if text == NO_LOOKS:
        return {}, {}
    attributes = json.loads(text)
    return attributes, attributes.pop(_CONFIDENCE, {})


def _attributes_text(sighting: Sighting) -> str:
    """One column for both: older rows have no confidence, and no attribute is called that."""
    if not (sighting.attributes or sighting.attribute_confidence):
        return NO_LOOKS
    confidence = {_CONFIDENCE: dict(sighting.attribute_confidence)} if sighting.attribute_confidence else {}
    return json.dumps({**sighting.attributes, **confidence}, ensure_ascii=False)


def conditions(where: SightingFilter, table: Table = sightings) -> Sequence[ColumnElement[bool]]:
    """Return the SQL conditions of a filter; on another table than `sightings` it must have the columns it needs."""
    chosen: list[ColumnElement[bool]] = []
    c = table.c
    if where.kind is not None:
        chosen.append(c.kind == where.kind.value)
    if where.from_ms is not None:
        chosen.append(c.last_seen_ms >= where.from_ms)
    if where.to_ms is not None:
        chosen.append(c.first_seen_ms < where.to_ms)
    if where.cameras:
        chosen.append(c.camera_id.in_(where.cameras))
    if where.communities:
        chosen.append(c.community.in_(where.communities))
    return chosen


def behind(place: Cursor) -> Sequence[ColumnElement[bool]]:
    """Return the SQL conditions of coming after a place in the list of sightings, newest first, ties by id."""
    c = sightings.c
    return [
        c.last_seen_ms <= place.last_seen_ms,  # alone, so that the index finds the place
        (c.last_seen_ms < place.last_seen_ms) | (c.id > place.sighting_id),
    ]


def matches(sighting: Sighting, where: SightingFilter) -> bool:
    """Tell whether a sighting passes a filter."""
    return (
        (where.kind is None or sighting.kind == where.kind)
        and (where.from_ms is None or sighting.last_seen_ms >= where.from_ms)
        and (where.to_ms is None or sighting.first_seen_ms < where.to_ms)
        and (not where.cameras or sighting.key.camera_id in where.cameras)
        and (not where.communities or sighting.community in where.communities)
    )


def search_row_of(entry: SearchRecord) -> dict[str, object]:
    """Return the columns of a line of the search log."""
    return {
        searches.c.at_ms.name: entry.at_ms,
        searches.c.who.name: entry.who,
        searches.c.reason.name: entry.reason,
        searches.c.what.name: json.dumps(dict(entry.what), ensure_ascii=False),
        searches.c.hits.name: entry.hits,
    }


def search_of(row: Row[Any]) -> SearchRecord:
    """Read a whole row of `searches`."""
    return SearchRecord(row.at_ms, row.who, row.reason, json.loads(row.what), row.hits, row.id)
