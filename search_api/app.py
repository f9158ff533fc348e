"""The HTTP application: middleware, errors and one router a resource."""

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from pipeline.alerting.rules.book import RuleBook
from pipeline.alerting.service import Alerting
from pipeline.stills import Stills
from search_api import __version__
from search_api.access import Callers
from search_api.alerting_metrics import AlertingFigures
from search_api.care_service import CareService
from search_api.door import Door
from search_api.etags import Etags
from search_api.metrics import Metrics, Timed
from search_api.problems import install_problems
from search_api.routes import (
    cameras,
    console,
    coverage,
    events,
    health,
    holds,
    incidents,
    metrics,
    residents,
    rules,
    search,
    searches,
    sightings,
    stills,
    subscriptions,
    trajectory,
    watches,
)
from search_api.routes.dependencies import only_known_parameters
from search_api.service import SearchService
from search_api.tickets import Tickets
from search_api.watch_service import WatchService

DESCRIPTION = """Find where a person or a vehicle was last seen. Send `Authorization: Bearer TOKEN`; the token was shown
when the server first started. Times without a zone are local time of the server. Errors are RFC 9457 problems; a
parameter that is not known is one. Every GET has an ETag: sent as `If-None-Match`, what has not changed is a 304."""


def create_app(
    service: SearchService,
    callers: Callers,
    alerting: Alerting | None = None,
    *,
    rule_book: RuleBook | None = None,
    open_metrics: bool = False,
    watch_service: WatchService | None = None,
    care_service: CareService | None = None,
    camera_stills: Stills | None = None,
) -> FastAPI:
    """Return the application over `service`; with `open_metrics` Prometheus needs no token.

    Incidents, subscriptions and events have routes only with `alerting`, rules with a `rule_book`, watches with
    `watch_service`, residents in care with `care_service` and pictures of cameras with `camera_stills`.
    """
    app = FastAPI(title="zhian", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.service = service
    app.state.metrics = Metrics(service)
    install_problems(app)
    app.add_middleware(Timed, metrics=app.state.metrics)
    app.add_middleware(Etags)
    app.state.tickets = Tickets()
    app.add_middleware(Door, callers=callers, tickets=app.state.tickets, open_metrics=open_metrics)
    # The door has checked the token already; this only tells OpenAPI about it.
    bearer = Depends(HTTPBearer(auto_error=False, description="the token shown at the first start"))
    closed = [bearer, Depends(only_known_parameters)]
    for resource in (search, trajectory, sightings, cameras, coverage, searches, holds, metrics):
        app.include_router(resource.router, dependencies=closed)
    if alerting is not None:
        app.state.alerting = alerting
        app.state.metrics.add(AlertingFigures(alerting))
        for router in (incidents.router, subscriptions.router, events.router):
            app.include_router(router, dependencies=closed)
        app.include_router(events.socket)
    if rule_book is not None:
        app.state.rules = rule_book
        app.include_router(rules.router, dependencies=closed)
    if watch_service is not None:
        app.state.watches = watch_service
        app.include_router(watches.router, dependencies=closed)
    if care_service is not None:
        app.state.care = care_service
        app.include_router(residents.router, dependencies=closed)
    if camera_stills is not None:
        app.state.stills = camera_stills
        app.include_router(stills.router, dependencies=closed)
    app.include_router(health.router)
    console.mount(app)
    return app
