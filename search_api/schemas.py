"""The only place where domain meets wire: what HTTP replies and `zhian search --json` look like."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from models.kinds import Kind
from pipeline.archive.contract import SearchRecord
from pipeline.sighting import Box, Sighting
from search_api.inputs import iso

if TYPE_CHECKING:
    from pipeline.camera_report import CameraReport

EXAMPLE_SIGHTING: JsonDict = {
    "sighting": "6f1c0a9d27b34e58a0c1",
    "kind": "person",
    "camera": "north-gate",
    "community": "willow-garden",
    "first_seen": "2026-05-01T04:00:12.400Z",
    "last_seen": "2026-05-01T04:00:19.800Z",
    "first_seen_ms": 1777608012400,
    "last_seen_ms": 1777608019800,
    "picture": "/v1/sightings/6f1c0a9d27b34e58a0c1/picture",
    "box": [412.0, 188.5, 498.0, 431.0],
    "frame_size": [768, 576],
    "attributes": {"upper_colour": "red", "lower_colour": "black"},
    "attribute_confidence": {"upper_colour": 0.92, "lower_colour": 0.81},
}


class Wire(BaseModel):
    """Base of everything that is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SightingOut(Wire):
    """Who or what passed which camera, when; `box` is left, top, right, bottom in pixels of the camera's frame."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_SIGHTING]})

    sighting: str = Field(description="id of the sighting, 20 hexadecimal digits")
    kind: Kind
    camera: str
    community: str
    first_seen: str = Field(description="ISO 8601, UTC")
    last_seen: str = Field(description="ISO 8601, UTC")
    first_seen_ms: int
    last_seen_ms: int
    picture: str | None = Field(description="where the picture is: an address over HTTP, a path on the command line")
    box: Box
    frame_size: tuple[int, int] = Field(description="width, height of the camera's frame")
    attributes: dict[str, str] = Field(description="what was measured; absent means unknown")
    attribute_confidence: dict[str, float] = Field(description="probability of each attribute, 0 to 1", default={})


class CameraOut(Wire):
    """A camera and how it fares; `state` is null when this process does not read it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "north-gate",
                    "name": "North gate",
                    "community": "willow-garden",
                    "gate": "north",
                    "state": "live",
                    "reason": None,
                    "analysed": 18234,
                    "dropped": 12,
                    "sightings": 421,
                    "watermark_ms": 1777608019800,
                }
            ]
        }
    )

    id: str
    name: str = ""
    community: str = ""
    gate: str = ""
    state: str | None = None
    reason: str | None = None
    analysed: int = 0
    dropped: int = 0
    sightings: int = 0
    idle: bool = False
    gated: int = 0
    thinned: int = 0
    latency_p95_ms: float | None = None
    watermark_ms: int | None = Field(default=None, description="sightings that began before are stored, UTC epoch ms")
    main_stream: str | None = Field(default=None, description="state of the main stream where it is read for pictures")
    main_stream_reason: str | None = None


class SearchLogOut(Wire):
    """One line of the search log: when, who, what for, what, and how much was found."""

    at: str
    at_ms: int
    who: str
    reason: str
    what: dict[str, object]
    hits: int
    line: int = Field(description="its number in the log, from 1; `before` of the next page", default=0)


class HealthOut(Wire):
    """`status` is ok, or degraded when cameras are configured and none is live."""

    status: str
    version: str
    cameras: dict[str, int] = Field(description="how many cameras are in each state")


class ProblemOut(BaseModel):
    """RFC 9457: what went wrong and how to mend it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:zhian:problem:unknown-camera",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "unknown camera nroth: known are north, south",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str


def picture_address(sighting_id: str) -> str:
    """Return where HTTP serves the picture of a sighting."""
    return f"/v1/sightings/{sighting_id}/picture"


def sighting_out(sighting: Sighting, picture: str | None) -> SightingOut:
    """Return the wire form of a sighting."""
    return SightingOut(
        sighting=sighting.id,
        kind=sighting.kind,
        camera=sighting.key.camera_id,
        community=sighting.community,
        first_seen=iso(sighting.first_seen_ms),
        last_seen=iso(sighting.last_seen_ms),
        first_seen_ms=sighting.first_seen_ms,
        last_seen_ms=sighting.last_seen_ms,
        picture=picture,
        box=box_out(sighting.shot.xyxy),
        frame_size=sighting.frame_size,
        attributes=dict(sighting.attributes),
        attribute_confidence=dict(sighting.attribute_confidence),
    )


def local_zone() -> tzinfo:
    """Return the zone of this machine's clock."""
    return datetime.now().astimezone().tzinfo or UTC


def camera_out(report: "CameraReport") -> CameraOut:
    """Return the wire form of a camera's report."""
    camera, state, main = report.camera, report.state, report.main
    return CameraOut(
        id=camera.id,
        name=camera.name,
        community=camera.community,
        gate=camera.gate,
        state=str(state.status),
        reason=None if state.reason is None else str(state.reason),
        analysed=report.analysed,
        dropped=report.dropped,
        sightings=report.sightings,
        idle=report.idle,
        gated=report.gated,
        thinned=report.thinned,
        latency_p95_ms=report.latency.p95_ms,
        watermark_ms=report.watermark_ms,
        main_stream=None if main is None else str(main.status),
        main_stream_reason=None if main is None or main.reason is None else str(main.reason),
    )


def search_log_out(entry: SearchRecord) -> SearchLogOut:
    """Return the wire form of one line of the search log."""
    return SearchLogOut(
        at=iso(entry.at_ms),
        at_ms=entry.at_ms,
        who=entry.who,
        reason=entry.reason,
        what=dict(entry.what),
        hits=entry.hits,
        line=entry.line,
    )


def box_out(values: Sequence[float]) -> Box:
    """Return four numbers as a box, rounded to a tenth of a pixel."""
    x1, y1, x2, y2 = (round(float(v), 1) for v in values)
    return x1, y1, x2, y2
