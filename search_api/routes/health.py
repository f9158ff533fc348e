"""Is it alive: no token, no names, only counts."""

from collections import Counter

from fastapi import APIRouter

from camera_adapters.stream_state import Status
from search_api import __version__
from search_api.routes.dependencies import Service
from search_api.wire.base import HealthOut

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the service works")
def health(service: Service) -> HealthOut:
    """Return ok, or degraded when there are cameras and none is live, or when there is no room for what is seen."""
    states, unstored = Counter(report.state.status for report in service.cameras()), service.unstored()
    status = "degraded" if unstored or (states and not states[Status.LIVE]) else "ok"
    counted = {str(each): n for each, n in states.items()}
    return HealthOut(status=status, version=__version__, cameras=counted, unstored=unstored)
