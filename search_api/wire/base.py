"""What all bodies on the wire share."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from pydantic import BaseModel, ConfigDict, Field

from pipeline.sighting import Box


class Wire(BaseModel):
    """Base of everything that is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HealthOut(Wire):
    """`status` is ok, or degraded when cameras are configured and none is live, or when the disk is full."""

    status: str
    version: str
    cameras: dict[str, int] = Field(description="how many cameras are in each state")
    unstored: int = Field(description="sightings that wait because the disk is full", default=0)


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


def local_zone() -> tzinfo:
    """Return the zone of this machine's clock."""
    return datetime.now().astimezone().tzinfo or UTC


def box_out(values: Sequence[float]) -> Box:
    """Return four numbers as a box, rounded to a tenth of a pixel."""
    x1, y1, x2, y2 = (round(float(v), 1) for v in values)
    return x1, y1, x2, y2
