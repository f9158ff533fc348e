"""Incidents and alerts: what happened, who takes care, how it turned out."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from pipeline.alerting.alert import Severity, Source
from pipeline.alerting.incidents.incident import Incident, Outcome, State
from pipeline.alerting.incidents.reading import Place, Wanted
from pipeline.alerting.subscriptions.terms import Urgency
from search_api.errors import BadInput
from search_api.inputs import parse_time
from search_api.routes.dependencies import Alerts, Caller, problems
from search_api.wire.alerting import (
    AlertsOut,
    CloseIn,
    IncidentOut,
    IncidentsOut,
    OutcomesOut,
    StepIn,
    StoryOut,
    alert_out,
    incident_out,
    outcomes_out,
    story_out,
)

router = APIRouter(tags=["incidents"])
IncidentId = Annotated[str, Path(max_length=80, examples=["i-6f1c0a9d27b34e58a0c1"])]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
After = Annotated[str | None, Query(max_length=120, description="`next` of the page before")]
NoneMatch = Annotated[str | None, Header()]
Match = Annotated[str | None, Header(description="the ETag of the incident: refused when it has changed since")]
PRIVATE = {"Cache-Control": "private, no-cache"}


def _wanted(
    state: Annotated[list[State] | None, Query(description="only these states")] = None,
    source: Annotated[list[Source] | None, Query(description="only from these")] = None,
    kind: Annotated[list[str] | None, Query(description="only these kinds", max_length=50)] = None,
    community: Annotated[list[str] | None, Query(description="only these communities", max_length=500)] = None,
    camera: Annotated[list[str] | None, Query(description="only these cameras", max_length=500)] = None,
    name: Annotated[
        list[str] | None, Query(description="only of these rules, watches, residents or cameras", max_length=500)
    ] = None,
    severity: Annotated[Urgency, Query(description="this and above")] = "low",
    from_: Annotated[str | None, Query(alias="from", description="ISO 8601")] = None,
    to: Annotated[str | None, Query(description="ISO 8601")] = None,
) -> Wanted:
    return Wanted(
        tuple(state or ()),
        tuple(source or ()),
        tuple(kind or ()),
        tuple(community or ()),
        tuple(camera or ()),
        Severity[severity.upper()],
        parse_time(from_) if from_ else None,
        parse_time(to) if to else None,
        tuple(name or ()),
    )


Filter = Annotated[Wanted, Depends(_wanted)]


@router.get(
    "/v1/incidents", response_model=IncidentsOut, responses=problems(401, 422), summary="Incidents, newest first"
)
def incidents(
    alerting: Alerts,
    response: Response,
    where: Filter,
    limit: Limit = 50,
    after: After = None,
    if_none_match: NoneMatch = None,
) -> Any:  # noqa: ANN401 - the page, or 304
    """Return a page; with the ETag of the last answer 304 when no incident has changed since."""
    tag = _tag(alerting.reader.mark(), where, limit, after)
    response.headers.update({"ETag": tag, **PRIVATE})
    if _same(if_none_match, tag):
        return _not_modified(tag)
    found = alerting.reader.incidents(where, limit=limit, after=_place(after))
    last = (found[-1].last_ms, found[-1].id) if len(found) == limit else None
    return IncidentsOut(incidents=[incident_out(each) for each in found], next=_cursor(last))


@router.get("/v1/alerts", responses=problems(401, 422), summary="Alerts, newest first")
def alerts(alerting: Alerts, where: Filter, limit: Limit = 50, after: After = None) -> AlertsOut:
    """Return a page of alerts; `state` is that of their incidents."""
    found = alerting.reader.alerts(where, limit=limit, after=_place(after))
    last = (found[-1][0].at_ms, found[-1][0].id) if len(found) == limit else None
    return AlertsOut(alerts=[alert_out(*each) for each in found], next=_cursor(last))


@router.get("/v1/outcomes", responses=problems(401, 422), summary="How the alerts of a rule or watch turned out")
def outcomes(
    alerting: Alerts,
    source: Source,
    name: Annotated[str, Query(max_length=200, description="of the rule, watch, resident or camera")],
    since: Annotated[str | None, Query(description="ISO 8601; only alerts from then on")] = None,
) -> OutcomesOut:
    """Return how many incidents with its alerts were true, false and tests, and how many are not closed."""
    counted = alerting.reader.outcomes(source, name, since_ms=parse_time(since) if since else 0)
    return outcomes_out(source, name, counted)


@router.get(
    "/v1/incidents/{incident_id}",
    response_model=StoryOut,
    responses=problems(401, 404),
    summary="One incident with its timeline",
)
def incident(incident_id: IncidentId, alerting: Alerts, response: Response, if_none_match: NoneMatch = None) -> Any:  # noqa: ANN401 - the page, or 304
    """Return alerts, steps, and who was told when, with receipts."""
    story, told = alerting.reader.story(incident_id), alerting.outbox.letters_of_incident(incident_id)
    tag = _tag(story.incident.revision, [(letter.id, letter.state, letter.attempts) for letter in told])
    response.headers.update({"ETag": tag, "Zhian-Revision": str(story.incident.revision), **PRIVATE})
    return _not_modified(tag) if _same(if_none_match, tag) else story_out(story, told)


@router.post(
    "/v1/incidents/{incident_id}/acknowledge", responses=problems(401, 404, 409, 422), summary="Somebody has seen it"
)
def acknowledge(
    incident_id: IncidentId, alerting: Alerts, caller: Caller, step: StepIn | None = None, if_match: Match = None
) -> IncidentOut:
    """Take an open incident over: nobody is escalated to any more."""
    return _step(alerting, incident_id, State.ACKNOWLEDGED, caller, step or StepIn(), if_match)


@router.post(
    "/v1/incidents/{incident_id}/dispatch", responses=problems(401, 404, 409, 422), summary="Somebody is on the way"
)
def dispatch(
    incident_id: IncidentId, alerting: Alerts, caller: Caller, step: StepIn | None = None, if_match: Match = None
) -> IncidentOut:
    """Say that somebody was sent."""
    return _step(alerting, incident_id, State.DISPATCHED, caller, step or StepIn(), if_match)


@router.post("/v1/incidents/{incident_id}/close", responses=problems(401, 404, 409, 422), summary="It is over")
def close(
    incident_id: IncidentId, alerting: Alerts, caller: Caller, step: CloseIn, if_match: Match = None
) -> IncidentOut:
    """Close an incident and say what it was: the outcome counts for the rule or watch that raised it."""
    return _step(alerting, incident_id, State.CLOSED, caller, step, if_match)


def _step(
    alerting: Alerts, incident_id: str, state: State, who: str, step: StepIn | CloseIn, if_match: str | None
) -> IncidentOut:
    outcome: Outcome | None = step.outcome if isinstance(step, CloseIn) else None
    taken: Incident = alerting.desk.step(incident_id, state, who, step.note, outcome, _revision(if_match))
    return incident_out(taken)


def _revision(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise BadInput("If-Match is the incident's `revision`, a number in quotes")
    return int(text)


def _place(after: str | None) -> Place | None:
    if after is None:
        return None
    at, _, name = after.partition("_")
    if not (at.isascii() and at.isdecimal() and len(at) < 16 and name):
        raise BadInput("`after` is what the page before said in `next`")
    return int(at), name


def _cursor(last: Place | None) -> str | None:
    return None if last is None else f"{last[0]}_{last[1]}"


def _tag(*parts: object) -> str:
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _same(if_none_match: str | None, tag: str) -> bool:
    return bool(if_none_match) and tag in [t.strip().removeprefix("W/") for t in (if_none_match or "").split(",")]


def _not_modified(tag: str) -> Response:
    return Response(status_code=304, headers={"ETag": tag, **PRIVATE})
