"""Figures for Prometheus; a scraper sends the token as `authorization: credentials`."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from search_api.metrics import Metrics
from search_api.routes.dependencies import problems

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses=problems(401), summary="Prometheus metrics")
def metrics(request: Request) -> Response:
    """Return the Prometheus text format."""
    registry: Metrics = request.app.state.metrics
    return Response(registry.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
