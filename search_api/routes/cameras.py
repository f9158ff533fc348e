"""The cameras and how they fare."""

from fastapi import APIRouter

from search_api.routes.dependencies import Service, problems
from search_api.wire.cameras import CameraOut, camera_out

router = APIRouter(tags=["cameras"])


@router.get("/v1/cameras", responses=problems(401), summary="Cameras with state and counters")
def cameras(service: Service) -> list[CameraOut]:
    """Return the configured cameras, then those the archive remembers."""
    reports = [camera_out(report, service.site.community_names) for report in service.cameras()]
    live = {report.id for report in reports}
    return reports + [CameraOut(id=name) for name in sorted(service.archive.cameras()) if name not in live]
