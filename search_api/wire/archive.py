"""How holds and pages of sightings look on the wire."""

from pydantic import ConfigDict, Field

from models.kinds import Kind
from pipeline.archive.contract import CaseCursor, CaseHold, Cursor
from pipeline.sighting import Sighting
from search_api.errors import BadInput
from search_api.inputs import iso
from search_api.wire.base import Wire
from search_api.wire.sightings import EXAMPLE_SIGHTING, SightingOut, picture_address, sighting_out

MOST_IDS = 10_000


class SightingsPage(Wire):
    """Sightings, newest first; `next` is the cursor of the following page, null on the last."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sightings": [EXAMPLE_SIGHTING], "next": "1777608019800-6f1c0a9d27b34e58a0c1"}]
        }
    )

    sightings: list[SightingOut]
    next: str | None


class HoldIn(Wire):
    """What a case is to keep: sightings by id, or all that pass the filter. At least one of them must be said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sightings": ["6f1c0a9d27b34e58a0c1"], "reason": "last seen here"},
                {
                    "from": "2026-05-01T12:00+08:00",
                    "to": "2026-05-01T18:00+08:00",
                    "camera": ["north-gate"],
                    "reason": "the afternoon she left",
                },
            ]
        }
    )

    reason: str = Field(max_length=500, pattern=r"\S", description="what for; kept in the log")
    sightings: list[str] = Field(default=[], max_length=MOST_IDS, description="ids")
    from_: str | None = Field(default=None, alias="from", description="ISO 8601")
    to: str | None = Field(default=None, description="ISO 8601")
    camera: list[str] = Field(default=[], description="only these cameras")
    community: list[str] = Field(default=[], description="only these communities")
    kind: Kind | None = None


class HoldOut(Wire):
    """What a case holds."""

    case: str
    since: str = Field(description="ISO 8601, UTC")
    since_ms: int
    who: str
    reason: str
    sightings: int = Field(description="how many")


class HoldChange(Wire):
    """What an order changed, and how many sightings the case holds now."""

    case: str
    changed: int
    sightings: int


class HeldPage(Wire):
    """Ids of sightings that a case holds, sorted; `next` is the `after` of the following page, null on the last."""

    case: str
    sightings: list[str]
    next: str | None


def hold_out(hold: CaseHold) -> HoldOut:
    """Return the wire form of a case's hold."""
    return HoldOut(
        case=hold.case,
        since=iso(hold.since_ms),
        since_ms=hold.since_ms,
        who=hold.who,
        reason=hold.reason,
        sightings=hold.sightings,
    )


def page_out(found: list[Sighting], limit: int) -> SightingsPage:
    """Return the wire form of a page; one that is full may have another behind it."""
    more = len(found) == limit
    return SightingsPage(
        sightings=[sighting_out(each, picture_address(each.id)) for each in found],
        next=cursor_text(Cursor.behind(found[-1])) if more else None,
    )


def cursor_text(cursor: Cursor) -> str:
    """Return a cursor as callers carry it."""
    return f"{cursor.last_seen_ms}-{cursor.sighting_id}"


def parse_cursor(text: str) -> Cursor:
    """Read what `cursor_text` wrote; raises BadInput."""
    place = _place(text)
    if place is None:
        raise BadInput(f"cursor {text!r} is none of ours: send the `next` of the page before, or leave it out")
    return Cursor(*place)


def case_cursor_text(cursor: CaseCursor) -> str:
    """Return a place in the list of cases as callers carry it."""
    return f"{cursor.since_ms}-{cursor.case}"


def parse_case_cursor(text: str) -> CaseCursor:
    """Read what `case_cursor_text` wrote; raises BadInput."""
    place = _place(text)
    if place is None:
        raise BadInput(f"after {text!r} is none of ours: follow the `Link` of the page before, or leave it out")
    return CaseCursor(*place)


def _place(text: str) -> tuple[int, str] | None:
    at, _, name = text.partition("-")
    return (int(at), name) if at.isascii() and at.isdigit() and len(at) < 16 and name else None
