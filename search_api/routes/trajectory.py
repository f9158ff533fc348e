"""POST /v1/trajectory: the way somebody took, and where she can be by now."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from pipeline.trajectory.tracing import Tracing
from search_api.inputs import parse_time
from search_api.routes.dependencies import Caller, Service, problems
from search_api.service import Purpose
from search_api.trajectories import traced
from search_api.wire.sightings import picture_address
from search_api.wire.trajectory import TrajectoryOut, trajectory_out

router = APIRouter(tags=["search"])
SightingId = Annotated[str, Field(max_length=64)]


class TrajectoryAsked(BaseModel):
    """Sightings that are confirmed, and what else is known."""

    model_config = ConfigDict(extra="forbid")

    sightings: list[SightingId] = Field(min_length=1, max_length=200, description="ids of confirmed sightings")
    rejected: list[SightingId] = Field(default=[], max_length=1000, description="ids of sightings that are not hers")
    fill: bool = Field(default=True, description="let look-alikes from the archive fill the way")
    from_: str | None = Field(default=None, alias="from", description="ISO 8601; 12 hours before the first when absent")
    to: str | None = Field(default=None, description="ISO 8601; 12 hours after the last when absent")
    at: str | None = Field(default=None, description="ISO 8601: where can she be at this time; now when absent")
    reason: str = Field(max_length=500, pattern=r"\S", description="what for; kept in the log")


EXAMPLE = {"sightings": ["6f1c0a9d27b34e58a0c1"], "fill": True, "reason": "case 2026-117, lost mother"}


@router.post(
    "/v1/trajectory", responses=problems(401, 404, 409, 422, 503), summary="The way she took, where she can be"
)
def trajectory(
    service: Service,
    caller: Caller,
    asked: Annotated[TrajectoryAsked, Body(openapi_examples={"one": {"value": EXAMPLE}})],
) -> TrajectoryOut:
    """Link confirmed sightings, and look-alikes that fit them in appearance and travel time, to a way.

    Confirmed sightings are always on it; a leg that nobody can travel is flagged `infeasible`, never hidden.
    Look-alikes that would have had to be faster than anybody are listed in `set_aside`. Distances come from the paths
    and positions of the site file; `suggestions` tell where she can be by now, and whether anybody watched there. The
    question is kept in the log with the caller's name and the reason.
    """
    tracing = Tracing(
        confirmed=tuple(asked.sightings),
        rejected=frozenset(asked.rejected),
        fill=asked.fill,
        from_ms=parse_time(asked.from_) if asked.from_ else None,
        to_ms=parse_time(asked.to) if asked.to else None,
    )
    at_ms = parse_time(asked.at) if asked.at else None
    found = traced(service, tracing, Purpose(caller, asked.reason.strip()), at_ms)
    return trajectory_out(found, service.site, picture_address)
