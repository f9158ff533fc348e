"""One sighting and its picture."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from search_api.routes.dependencies import Service, problems
from search_api.schemas import SightingOut, picture_address, sighting_out

router = APIRouter(prefix="/v1/sightings", tags=["sightings"])
SightingId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", examples=["6f1c0a9d27b34e58a0c1"])]


@router.get("/{sighting_id}", responses=problems(401, 404, 422), summary="One sighting")
def sighting(sighting_id: SightingId, service: Service) -> SightingOut:
    """Return when and where, and where the picture is."""
    return sighting_out(service.archive.get(sighting_id), picture_address(sighting_id))


@router.get(
    "/{sighting_id}/picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "the best picture of the sighting"},
        304: {"description": "the caller has it already"},
        **problems(401, 404, 422),
    },
    summary="The picture of a sighting",
)
def picture(
    sighting_id: SightingId, service: Service, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Return the JPEG; it changes while a sighting is open, so it is to be asked for again with its ETag."""
    jpeg = service.archive.picture(sighting_id)
    tag = f'"{hashlib.sha256(jpeg).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match and tag in [t.strip().removeprefix("W/") for t in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(jpeg, media_type="image/jpeg", headers=headers)
