"""Legal holds: what a case keeps, whatever its age."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Response

from pipeline.archive.contract import CaseCursor, HoldOrder, SightingFilter
from pipeline.holding import ids_to_hold
from search_api.errors import BadInput
from search_api.inputs import parse_time
from search_api.routes.dependencies import Caller, Service, problems
from search_api.service import SearchService
from search_api.wire.archive import (
    HeldPage,
    HoldChange,
    HoldIn,
    HoldOut,
    case_cursor_text,
    hold_out,
    parse_case_cursor,
)

router = APIRouter(tags=["holds"])
Case = Annotated[str, Path(pattern=r"^[\w.\-]{1,64}$", description="letters, digits, _ . -", examples=["2026-114"])]
Reason = Annotated[str, Query(max_length=500, pattern=r"\S", description="what for; kept in the log")]


@router.get("/v1/holds", responses=problems(401, 422, 503), summary="Which cases hold sightings")
def holds(
    service: Service,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=10_000, description="how many a page")] = 1_000,
    after: Annotated[str | None, Query(max_length=90, description="place in the list, from `Link`")] = None,
) -> list[HoldOut]:
    """Return the cases, the newest first.

    Where more follow, the header `Link` has the address of the next page (RFC 8288, rel="next").
    """
    place = None if after is None else parse_case_cursor(after)
    found = service.archive.holds(limit=limit + 1, after=place)
    if len(found) > limit:
        asked = {"limit": limit, "after": case_cursor_text(CaseCursor.behind(found[limit - 1]))}
        response.headers["Link"] = f'</v1/holds?{urlencode(asked)}>; rel="next"'
    return [hold_out(each) for each in found[:limit]]


@router.get("/v1/cases/{case}/holds", responses=problems(401, 422, 503), summary="What a case holds")
def held(
    case: Case,
    service: Service,
    limit: Annotated[int, Query(ge=1, le=10_000, description="how many a page")] = 1_000,
    after: Annotated[str, Query(max_length=64, description="`next` of the page before")] = "",
) -> HeldPage:
    """Return the ids of the sightings; none when the case holds nothing."""
    ids = list(service.archive.held(case, limit=limit, after=after))
    return HeldPage(case=case, sightings=ids, next=ids[-1] if len(ids) == limit else None)


@router.post("/v1/cases/{case}/holds", responses=problems(401, 404, 422, 503), summary="Keep sightings for a case")
def hold(case: Case, wanted: HoldIn, service: Service, caller: Caller) -> HoldChange:
    """Keep sightings by id, or all of a time and place, until the case releases them; it stands in the search log.

    What is held neither expires nor can be forgotten. `changed` counts those the case did not hold before.
    """
    where = _filter(wanted)
    if bool(wanted.sightings) == (where != SightingFilter()):
        raise BadInput("say either which `sightings` to hold, or a filter: from, to, camera, community, kind")
    if wanted.sightings:
        ids = wanted.sightings
    else:
        service.check(where)
        ids = list(ids_to_hold(service.archive, where))
    order = HoldOrder(case, caller, wanted.reason.strip(), service.now_ms())
    return _changed(service, case, service.archive.hold(ids, order))


@router.delete("/v1/cases/{case}/holds", responses=problems(401, 422, 503), summary="Release what a case holds")
def release(case: Case, reason: Reason, service: Service, caller: Caller) -> HoldChange:
    """End everything the case holds; what is older than its days goes with the next sweep. It stands in the log."""
    order = HoldOrder(case, caller, reason.strip(), service.now_ms())
    return _changed(service, case, service.archive.release(order))


def _filter(wanted: HoldIn) -> SightingFilter:
    return SightingFilter(
        kind=wanted.kind,
        from_ms=parse_time(wanted.from_) if wanted.from_ else None,
        to_ms=parse_time(wanted.to) if wanted.to else None,
        cameras=tuple(wanted.camera),
        communities=tuple(wanted.community),
    )


def _changed(service: SearchService, case: str, changed: int) -> HoldChange:
    count = sum(each.sightings for each in service.archive.holds() if each.case == case)
    return HoldChange(case=case, changed=changed, sightings=count)
