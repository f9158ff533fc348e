"""Sightings on the wire."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from models.kinds import Kind
from pipeline.sighting import Box, Sighting
from search_api.inputs import iso
from search_api.wire.base import Wire, box_out

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
