"""The cameras and how they fare."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from search_api.errors import BadInput
from search_api.routes.dependencies import Service, problems
from search_api.service import SearchService
from search_api.wire.cameras import CameraOut, camera_out

router = APIRouter(tags=["cameras"])


@router.get("/v1/cameras", responses=problems(401, 422), summary="Cameras with state and counters")
def cameras(
    service: Service,
    response: Response,
    community: Annotated[list[str] | None, Query(description="only those of these communities")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="how many a page")] = 10_000,
    after: Annotated[str, Query(max_length=64, description="id of the last one of the page before")] = "",
) -> list[CameraOut]:
    """Return the configured cameras, then those the archive remembers.

    Where more follow, the header `Link` has the address of the next page (RFC 8288, rel="next").
    """
    found = _cameras(service, community or [])
    ids = [each.id for each in found]
    if after and after not in ids:
        raise BadInput(f"after {after!r} is no camera of this list: send the id of the last one of the page before")
    start = ids.index(after) + 1 if after else 0
    page = found[start : start + limit]
    if start + limit < len(found):
        asked = {"community": community or [], "limit": limit, "after": page[-1].id}
        response.headers["Link"] = f'</v1/cameras?{urlencode(asked, doseq=True)}>; rel="next"'
    return page


def _cameras(service: SearchService, communities: list[str]) -> list[CameraOut]:
    names = service.site.community_names
    reports = [each for each in service.cameras() if not communities or each.camera.community in communities]
    live = {report.camera.id for report in service.cameras()}
    remembered = [CameraOut(id=name) for name in sorted(service.archive.cameras(communities)) if name not in live]
    return [camera_out(report, names) for report in reports] + remembered
