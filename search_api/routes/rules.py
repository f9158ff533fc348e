"""The rules of the cameras: how they fare, and changing them while the cameras run."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response

from pipeline.alerting.rules.book import RuleBook
from pipeline.alerting.rules.settings import AnyRule, RuleList
from search_api.routes.dependencies import Caller, problems
from search_api.wire.rules import RuleOut, rule_out

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/rules", tags=["rules"])
CameraId = Annotated[str, Path(max_length=64, examples=["north-gate"])]
RuleName = Annotated[str, Path(max_length=64, examples=["花坛禁入"])]
Match = Annotated[
    str | None, Header(description="the ETag of the camera's rules: refused when they have changed since")
]
EXAMPLE = {"name": "花坛禁入", "kind": "intrusion", "zone": [[430, 250], [610, 250], [610, 400]], "min_dwell_s": 2}


def _book(request: Request) -> RuleBook:
    book: RuleBook = request.app.state.rules
    return book


Book = Annotated[RuleBook, Depends(_book)]


@router.get("", responses=problems(401), summary="All rules with state and counters")
def rules(book: Book) -> list[RuleOut]:
    """Return every rule of every camera, in the order of the configuration."""
    return [rule_out(report) for report in book.reports()]


@router.get("/{camera}", responses=problems(401, 422), summary="The rules of one camera")
def camera_rules(camera: CameraId, book: Book, response: Response) -> list[RuleOut]:
    """Return the rules of a camera, with their ETag."""
    return _of(book, camera, response)


@router.put("/{camera}", responses=problems(401, 409, 422, 503), summary="Set all rules of a camera")
def set_rules(
    camera: CameraId,
    wanted: Annotated[RuleList, Body(examples=[{"rules": [EXAMPLE]}])],
    book: Book,
    caller: Caller,
    response: Response,
    if_match: Match = None,
) -> list[RuleOut]:
    """Put these rules in the place of all the camera has, from now on and after a restart.

    Points are pixels of the picture that is analysed: of the sub-stream, where the camera has one. Rules that
    stay as they are keep their counts.
    """
    book.set_rules(camera, wanted.rules, _mark(if_match))
    log.info("rules_set", camera=camera, by=caller, rules=[rule.name for rule in wanted.rules])
    return _of(book, camera, response)


@router.post(
    "/{camera}", status_code=201, responses=problems(401, 404, 409, 422, 503), summary="Add or replace one rule"
)
def add_rule(
    camera: CameraId,
    rule: Annotated[AnyRule, Body(examples=[EXAMPLE])],
    book: Book,
    caller: Caller,
    response: Response,
    replaces: Annotated[str | None, Query(max_length=64, description="the rule whose place it takes")] = None,
    if_match: Match = None,
) -> list[RuleOut]:
    """Add a rule; one of the same name is replaced, or with `replaces` that one. The camera's rules are answered."""
    book.add_rule(camera, rule, _mark(if_match), replaces=replaces)
    log.info("rule_added", camera=camera, by=caller, rule=rule.name)
    return _of(book, camera, response)


@router.delete(
    "/{camera}/{name:path}", status_code=204, responses=problems(401, 404, 409, 422, 503), summary="Remove one rule"
)
def remove_rule(camera: CameraId, name: RuleName, book: Book, caller: Caller, if_match: Match = None) -> Response:
    """Remove the rule of this name."""
    book.remove_rule(camera, name, _mark(if_match))
    log.info("rule_removed", camera=camera, by=caller, rule=name)
    return Response(status_code=204)


@router.delete("/{camera}", responses=problems(401, 409, 422, 503), summary="Back to the rules of the site file")
def restore(camera: CameraId, book: Book, caller: Caller, response: Response, if_match: Match = None) -> list[RuleOut]:
    """Forget what was changed over HTTP: the camera has the rules of the site file again."""
    book.restore(camera, _mark(if_match))
    log.info("rules_restored", camera=camera, by=caller)
    return _of(book, camera, response)


def _mark(if_match: str | None) -> str | None:
    return None if if_match is None or if_match.strip() == "*" else if_match.strip().strip('"')


def _of(book: RuleBook, camera: str, response: Response) -> list[RuleOut]:
    response.headers["ETag"] = f'"{book.mark(camera)}"'  # an unknown camera is told, not an empty list
    return [rule_out(report) for report in book.reports() if report.camera_id == camera]
