"""What several routes ask of the request: the service, the caller, the problem replies."""

from typing import Annotated, Any

from fastapi import Depends, Form, Request, UploadFile
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from pipeline.alerting.service import Alerting
from search_api.door import UPLOAD_LIMIT
from search_api.errors import BadInput, TooLarge
from search_api.service import Purpose, SearchService
from search_api.wire.base import ProblemOut


def _service(request: Request) -> SearchService:
    service: SearchService = request.app.state.service
    return service


def _caller(request: Request) -> str:
    name: str = request.state.caller
    return name


def _alerting(request: HTTPConnection) -> Alerting:
    alerting: Alerting = request.app.state.alerting
    return alerting


Alerts = Annotated[Alerting, Depends(_alerting)]
Service = Annotated[SearchService, Depends(_service)]
Caller = Annotated[str, Depends(_caller)]


def _purpose(
    caller: Caller,
    reason: Annotated[
        str,
        Form(
            max_length=500,
            pattern=r"\S",
            description="what for; kept in the log",
            examples=["case 2026-117, lost child"],
        ),
    ],
) -> Purpose:
    return Purpose(caller, reason.strip())


Purposed = Annotated[Purpose, Depends(_purpose)]
JPEG_REPLY: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


def content_of(photo: UploadFile) -> bytes:
    """Return an upload; raises TooLarge."""
    content = photo.file.read(UPLOAD_LIMIT + 1)
    if len(content) > UPLOAD_LIMIT:
        raise TooLarge(UPLOAD_LIMIT)
    return content


async def only_known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a misspelt filter that is passed over widens a list."""
    if not request.query_params:
        return
    route: APIRoute = request.scope["route"]
    told = request.app.openapi()["paths"][route.path_format][request.method.lower()].get("parameters", [])
    known = {each["name"] for each in told if each["in"] == "query"}
    unknown = sorted(set(request.query_params) - known - {"ticket"})  # that is the door's
    if unknown:
        raise BadInput(f"unknown parameter {', '.join(unknown)}: known are {', '.join(sorted(known)) or 'none'}")


_TEXT = {
    401: "no valid token",
    404: "no such thing",
    409: "the archive holds vectors of another model, or the state of things does not allow it",
    413: "the upload is over 20 MB",
    422: "the request cannot be answered as asked",
    503: "a model or the archive is not available, or too many searches wait",
}


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of problem replies."""
    schema = ProblemOut.model_json_schema()
    return {
        code: {"description": _TEXT[code], "content": {"application/problem+json": {"schema": schema}}}
        for code in codes
    }
