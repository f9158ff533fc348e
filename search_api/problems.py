"""Errors as RFC 9457 problems: one table from the floors' errors to status and type, and the app's error doors."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from models import errors as model_errors
from pipeline import errors as pipeline_errors
from search_api import errors as door_errors

log = structlog.get_logger()

# The first class that fits counts, so an error stands before its parent.
STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (door_errors.TooLarge, 413, "upload-too-large"),
    (door_errors.TooBusy, 503, "too-busy"),
    (door_errors.BadInput, 422, "bad-input"),
    (model_errors.BadPicture, 422, "bad-picture"),
    (model_errors.SpaceMismatch, 409, "space-mismatch"),
    (model_errors.ModelMissing, 503, "model-missing"),
    (model_errors.ModelError, 503, "model-unavailable"),
    (pipeline_errors.UnknownSighting, 404, "unknown-sighting"),
    (pipeline_errors.SightingHeld, 409, "sighting-held"),
    (pipeline_errors.HoldTooLarge, 422, "hold-too-large"),
    (pipeline_errors.UnknownCamera, 422, "unknown-camera"),
    (pipeline_errors.UnknownCommunity, 422, "unknown-community"),
    (pipeline_errors.BadTimeRange, 422, "bad-time-range"),
    (pipeline_errors.NothingAsked, 422, "nothing-asked"),
    (pipeline_errors.BadCoat, 422, "bad-coat"),
    (pipeline_errors.NothingConfirmed, 422, "nothing-confirmed"),
    (pipeline_errors.MixedKinds, 422, "mixed-kinds"),
    (pipeline_errors.BadZone, 422, "bad-zone"),
    (pipeline_errors.BadFeedback, 422, "bad-feedback"),
    (pipeline_errors.NobodyFound, 422, "nobody-found"),
    (pipeline_errors.SeveralFound, 422, "several-found"),
    (pipeline_errors.QueryError, 422, "bad-query"),
    (pipeline_errors.ArchiveFull, 507, "archive-full"),
    (pipeline_errors.ArchiveError, 503, "archive-unavailable"),
    (pipeline_errors.UnknownIncident, 404, "unknown-incident"),
    (pipeline_errors.StepRefused, 409, "step-refused"),
    (pipeline_errors.UnknownWatch, 404, "unknown-watch"),
    (pipeline_errors.BadWatch, 422, "bad-watch"),
    (pipeline_errors.UnknownResident, 404, "unknown-resident"),
    (pipeline_errors.BadEnrolment, 422, "bad-enrolment"),
    (pipeline_errors.UnknownSubscription, 404, "unknown-subscription"),
    (pipeline_errors.AddressRefused, 422, "address-refused"),
    (pipeline_errors.BadSubscription, 422, "bad-subscription"),
    (pipeline_errors.AlertingFull, 507, "alerting-full"),
    (pipeline_errors.AlertingError, 503, "alerting-unavailable"),
    (pipeline_errors.BadRules, 422, "bad-rules"),
    (pipeline_errors.UnknownRule, 404, "unknown-rule"),
    (pipeline_errors.RulesChanged, 409, "rules-changed"),
    (pipeline_errors.NoStill, 404, "no-still"),
    (pipeline_errors.PipelineError, 500, "pipeline-error"),
)


class ProblemResponse(JSONResponse):
    """A reply of type application/problem+json."""

    media_type = "application/problem+json"


def problem(
    status: int, slug: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> ProblemResponse:
    """Return the problem `urn:zhian:problem:SLUG`; `more` are extension members."""
    body = {"type": f"urn:zhian:problem:{slug}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return ProblemResponse({**body, **more}, status_code=status, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Make every error of `app` leave as a problem, none as a traceback."""
    for kind, _, _ in STATUS:
        app.add_exception_handler(kind, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _domain(request: Request, error: Exception) -> ProblemResponse:
    status, slug = next((status, slug) for kind, status, slug in STATUS if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request refused", path=request.url.path, problem=slug, detail=str(error))
    headers = {"Retry-After": "5"} if isinstance(error, door_errors.TooBusy) else None
    return problem(status, slug, str(error), headers=headers)


async def _invalid(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(each) for each in error.errors()]
    detail = "; ".join(f"{f['field']}: {f['message']}" for f in faults)
    return problem(422, "bad-input", detail, faults=faults)


def _fault(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what was wrong with one field, in words of whoever wrote it."""
    if told["type"] == "json_invalid":
        at = f" at character {told['loc'][-1]}" if isinstance(told["loc"][-1], int) else ""
        return {"field": "body", "message": f"is not JSON{at}: {told['ctx']['error']}"}
    if told["type"] == "string_pattern_mismatch" and told["ctx"]["pattern"] == r"\S":
        return {"field": _field(told["loc"]), "message": "is empty: write something"}
    return {"field": _field(told["loc"]), "message": told["msg"].removeprefix("Value error, ")}


def _field(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place if part not in {"body", "query", "path"}) or "request"


async def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    slug = "upload-too-large" if error.status_code == 413 else phrase
    detail = {404: f"nothing lives at {request.url.path}", 405: f"{request.method} is not offered here"}.get(
        error.status_code, str(error.detail)
    )
    return problem(error.status_code, slug, detail, headers=error.headers)


async def _unforeseen(request: Request, error: Exception) -> ProblemResponse:
    log.error("request failed", path=request.url.path, error=repr(error))
    return problem(500, "internal-error", "this is our fault: the log of the server has the details")
