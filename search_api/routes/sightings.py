"""Sightings by time and place, one sighting, and its picture."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from models.kinds import Kind
from pipeline.archive.contract import SearchRecord, SightingFilter
from pipeline.search import check_filter
from search_api.inputs import parse_time
from search_api.routes.dependencies import Caller, Service, problems
from search_api.wire.archive import SightingsPage, page_out, parse_cursor
from search_api.wire.sightings import SightingOut, picture_address, sighting_out

router = APIRouter(prefix="/v1/sightings", tags=["sightings"])
SightingId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", examples=["6f1c0a9d27b34e58a0c1"])]


Etag = Annotated[str | None, Header(description="the ETag of what the caller has")]


@router.get(
    "",
    responses={
        200: {"model": SightingsPage, "description": "newest first"},
        304: {"description": "the caller has this page already"},
        **problems(401, 422, 503),
    },
    summary="Sightings by time and place",
)
def sightings(
    service: Service,
    caller: Caller,
    reason: Annotated[str, Query(max_length=500, pattern=r"\S", description="what for; kept in the log")],
    from_: Annotated[str | None, Query(alias="from", description="ISO 8601")] = None,
    to: Annotated[str | None, Query(description="ISO 8601")] = None,
    camera: Annotated[list[str] | None, Query(description="only these cameras")] = None,
    community: Annotated[list[str] | None, Query(description="only these communities")] = None,
    kind: Annotated[Kind | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many a page")] = 100,
    cursor: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    if_none_match: Etag = None,
) -> Response:
    """Return a page of those who passed, newest first; ask again with `cursor` for the next one.

    Pages neither repeat nor skip a sighting, whatever arrives meanwhile. To look through passers-by is a search:
    it needs a reason and stands in the search log.
    """
    where = SightingFilter(
        kind=kind,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
        cameras=tuple(camera or ()),
        communities=tuple(community or ()),
    )
    check_filter(where, service.known_cameras())
    found = service.archive.find(where, limit=limit, after=parse_cursor(cursor) if cursor else None)
    what = {
        "action": "list",
        "kind": None if kind is None else str(kind),
        "from_ms": where.from_ms,
        "to_ms": where.to_ms,
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "cursor": cursor,
    }
    service.archive.record_search(SearchRecord(service.now_ms(), caller, reason.strip(), what, len(found)))
    page = page_out(found, limit).model_dump_json().encode()
    return _unless_known(page, "application/json", if_none_match)


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
def picture(sighting_id: SightingId, service: Service, if_none_match: Etag = None) -> Response:
    """Return the JPEG; it changes while a sighting is open, so it is to be asked for again with its ETag."""
    return _unless_known(service.archive.picture(sighting_id), "image/jpeg", if_none_match)


def _unless_known(content: bytes, media_type: str, if_none_match: str | None) -> Response:
    """Return the content with its ETag, or 304 when the caller has it."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match and tag in [t.strip().removeprefix("W/") for t in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
