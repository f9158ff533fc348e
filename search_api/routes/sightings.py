"""Sightings by time and place, one sighting, and its picture."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from models.kinds import Kind
from pipeline.archive.contract import SearchRecord, SightingFilter
from search_api.inputs import parse_time
from search_api.routes.dependencies import Caller, Service, problems
from search_api.wire.archive import SightingsPage, page_out, parse_cursor
from search_api.wire.sightings import SightingOut, picture_address, sighting_out

router = APIRouter(prefix="/v1/sightings", tags=["sightings"])
SightingId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", examples=["6f1c0a9d27b34e58a0c1"])]


@router.get(
    "",
    responses={
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
) -> SightingsPage:
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
    service.check(where)
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
    return page_out(found, limit)


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
def picture(sighting_id: SightingId, service: Service) -> Response:
    """Return the JPEG; it changes while a sighting is open, so it is to be asked for again with its ETag."""
    return Response(service.archive.picture(sighting_id), media_type="image/jpeg")
