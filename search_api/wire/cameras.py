"""Cameras on the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field

from search_api.wire.base import Wire

if TYPE_CHECKING:
    from pipeline.camera_report import CameraReport


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
                    "detail": None,
                    "last_frame_ms": 1777608020000,
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
    community_name: str = ""
    gate: str = ""
    state: str | None = None
    reason: str | None = None
    detail: str | None = Field(default=None, description="why, in one sentence without credentials")
    last_frame_ms: int | None = Field(default=None, description="when the last picture came, UTC epoch ms")
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


def camera_out(report: "CameraReport", communities: Mapping[str, str]) -> CameraOut:
    """Return the wire form of a camera's report; `communities` are names by id."""
    camera, state, main = report.camera, report.state, report.main
    return CameraOut(
        id=camera.id,
        name=camera.name,
        community=camera.community,
        community_name=communities.get(camera.community, ""),
        gate=camera.gate,
        state=str(state.status),
        reason=None if state.reason is None else str(state.reason),
        detail=state.detail or None,
        last_frame_ms=state.last_frame_ms,
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
