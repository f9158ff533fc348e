"""The search log."""

from typing import Annotated

from fastapi import APIRouter, Query

from search_api.routes.dependencies import Service, problems
from search_api.wire.searches import SearchLogOut, search_log_out

router = APIRouter(tags=["search"])


@router.get("/v1/searches", responses=problems(401, 422), summary="Who searched for what, when and why")
def searches(
    service: Service,
    limit: Annotated[int, Query(ge=1, le=10_000, description="how many lines a page")] = 100,
    before: Annotated[int | None, Query(ge=1, description="`line` of the last one of the page before")] = None,
) -> list[SearchLogOut]:
    """Return the search log, newest first; holds by cases stand in it too."""
    return [search_log_out(entry) for entry in service.archive.searches(limit=limit, before=before)]
