"""GET /v1/coverage: was somebody watching?"""

from typing import Annotated

from fastapi import APIRouter, Query

from search_api.inputs import parse_time
from search_api.routes.dependencies import Service, problems
from search_api.wire.coverage import CoverageOut, coverage_out

router = APIRouter(tags=["cameras"])


@router.get("/v1/coverage", responses=problems(401, 422), summary="What was watched, and what was not")
def coverage(
    service: Service,
    camera: Annotated[list[str] | None, Query(description="only these cameras; all when absent")] = None,
    from_: Annotated[str | None, Query(alias="from", description="ISO 8601; from the first record when absent")] = None,
    to: Annotated[str | None, Query(description="ISO 8601; up to the last record when absent")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="how many cameras a page")] = 1_000,
    after: Annotated[str, Query(max_length=64, description="`next` of the page before")] = "",
) -> CoverageOut:
    """Return, for each camera, the intervals in which it was live, shedding frames, behind, down or unknown.

    "Not seen" is an answer only where a camera was live. A camera that nobody has heard of is answered as unknown.
    The lines to read and the share are about all cameras, on every page.
    """
    from_ms = parse_time(from_) if from_ else None
    to_ms = parse_time(to) if to else None
    answers = service.coverage(tuple(camera or ()), from_ms, to_ms)
    return coverage_out(answers, service.camera_names(), limit=limit, after=after)
