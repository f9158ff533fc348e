"""Incidents, alerts and subscriptions on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from pipeline.alerting.alert import Alert, Source
from pipeline.alerting.delivery.outbox import Letter
from pipeline.alerting.incidents.incident import Incident, Outcome, Outcomes, State, Step
from pipeline.alerting.incidents.reading import Story
from pipeline.alerting.subscriptions.terms import Subscription, Terms, Urgency
from search_api.inputs import iso
from search_api.wire.base import Wire
from search_api.wire.sightings import picture_address

EXAMPLE_INCIDENT: JsonDict = {
    "incident": "i-6f1c0a9d27b34e58a0c1",
    "state": "open",
    "outcome": None,
    "severity": "high",
    "source": "rule",
    "name": "fire lane north",
    "kind": "fire_lane_blocked",
    "camera": "north-gate",
    "community": "willow-garden",
    "picture": "/v1/sightings/6f1c0a9d27b34e58a0c1/picture",
    "first_at": "2026-05-01T04:00:12.400Z",
    "last_at": "2026-05-01T04:03:01.000Z",
    "first_ms": 1777608012400,
    "last_ms": 1777608181000,
    "opened_ms": 1777608012500,
    "alerts": 3,
    "revision": 3,
}


class IncidentOut(Wire):
    """Alerts that belong together; `revision` is the ETag and grows with every alert and step."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_INCIDENT]})

    incident: str
    state: State
    outcome: Outcome | None
    severity: Urgency
    source: Source
    name: str
    kind: str
    camera: str
    community: str
    picture: str | None
    first_at: str = Field(description="ISO 8601, UTC")
    last_at: str
    first_ms: int
    last_ms: int
    opened_ms: int
    alerts: int
    revision: int


class IncidentsOut(Wire):
    """A page of incidents, the one with the newest alert first; ask for `after=NEXT` to go on."""

    incidents: list[IncidentOut]
    next: str | None


class AlertOut(Wire):
    """One alert as it was raised, and the incident it belongs to."""

    alert: str
    incident: str
    source: Source
    name: str
    kind: str
    severity: Urgency
    at: str
    at_ms: int
    camera: str
    community: str
    subject: str
    sighting: str | None
    picture: str | None
    score: float | None
    facts: dict[str, str | int | float | bool]


class AlertsOut(Wire):
    """A page of alerts, newest first; ask for `after=NEXT` to go on."""

    alerts: list[AlertOut]
    next: str | None


class StepOut(Wire):
    """Who took the incident to which state, when and why."""

    at: str
    at_ms: int
    who: str
    state: State
    note: str
    outcome: Outcome | None


class LetterOut(Wire):
    """One message to one subscriber: `reason` says why the last attempt failed, `receipt` what proves delivery."""

    letter: int
    subscription: str
    message: str = Field(description="the id the receiver sees")
    event: str
    incident: str
    state: Literal["pending", "delivered", "dead"]
    attempts: int
    noted_ms: int
    tried_ms: int | None
    reason: str
    receipt: str
    digest: str | None = Field(description="the id of the digest that told it, if it was told in one")


class StoryOut(Wire):
    """An incident with its timeline: alerts, steps, and who was told."""

    incident: IncidentOut
    alerts: list[AlertOut]
    steps: list[StepOut]
    told: list[LetterOut]


class OutcomesOut(Wire):
    """How the incidents of one rule, watch, resident or camera turned out."""

    source: Source
    name: str
    true: int
    false: int
    test: int
    pending: int


_URGENCY: TypeAdapter[Urgency] = TypeAdapter(Urgency)
Note = Annotated[str, Field(max_length=2000, description="what was seen or done")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepIn(_In):
    """A note to a step."""

    note: Note = ""


class CloseIn(_In):
    """What it turned out to be."""

    outcome: Outcome
    note: Note = ""


class MuteIn(_In):
    """Until when nothing is to be told, ISO 8601, and why; a mute without an end is not offered."""

    until: str = Field(max_length=64, examples=["2026-05-01T18:00+08:00"])
    reason: str = Field(max_length=500, pattern=r"\S")


class ResendIn(_In):
    """Which dead letters to send again; all of the subscription when `letters` is null."""

    letters: list[int] | None = Field(default=None, max_length=10_000)


class SubscriptionOut(Wire):
    """A subscription; the address shows neither passwords nor keys. `secret` is shown only when it was made now."""

    subscription: str
    owner: str
    created_at: str
    terms: Terms
    secret: str | None = Field(default=None, description="signs the webhook: keep it, it is not shown again")
    muted_until: str | None = None
    muted_by: str = ""
    mute_reason: str = ""
    pending: int = 0
    delivered: int = 0
    dead: int = 0
    failing: str = Field(default="", description="why the receiver does not take messages now")


class ReceiptOut(Wire):
    """What the receiver said to a test message."""

    delivered: bool
    receipt: str = ""
    reason: str = ""


class ResentOut(Wire):
    """How many letters are pending again."""

    resent: int


class TicketOut(Wire):
    """Opens one event stream once: `/v1/events?ticket=TICKET`."""

    ticket: str
    lasts_s: float


def incident_out(incident: Incident) -> IncidentOut:
    """Return the wire form of an incident."""
    return IncidentOut(
        incident=incident.id,
        state=incident.state,
        outcome=incident.outcome,
        severity=_urgency(incident.severity.name),
        source=incident.source,
        name=incident.name,
        kind=incident.kind,
        camera=incident.camera_id,
        community=incident.community,
        picture=picture_address(incident.sighting_id) if incident.sighting_id else None,
        first_at=iso(incident.first_ms),
        last_at=iso(incident.last_ms),
        first_ms=incident.first_ms,
        last_ms=incident.last_ms,
        opened_ms=incident.opened_ms,
        alerts=incident.alerts,
        revision=incident.revision,
    )


def alert_out(alert: Alert, incident_id: str) -> AlertOut:
    """Return the wire form of an alert."""
    return AlertOut(
        alert=alert.id,
        incident=incident_id,
        source=alert.source,
        name=alert.name,
        kind=alert.kind,
        severity=_urgency(alert.severity.name),
        at=iso(alert.at_ms),
        at_ms=alert.at_ms,
        camera=alert.camera_id,
        community=alert.community,
        subject=alert.subject,
        sighting=alert.sighting_id or None,
        picture=picture_address(alert.sighting_id) if alert.sighting_id else None,
        score=alert.score,
        facts=dict(alert.facts),
    )


def step_out(step: Step) -> StepOut:
    """Return the wire form of a step."""
    return StepOut(
        at=iso(step.at_ms), at_ms=step.at_ms, who=step.who, state=step.state, note=step.note, outcome=step.outcome
    )


def letter_out(letter: Letter) -> LetterOut:
    """Return the wire form of a letter."""
    return LetterOut(
        letter=letter.id,
        subscription=letter.subscription_id,
        message=letter.event_id,
        event=letter.what,
        incident=letter.incident_id,
        state=letter.state.value,
        attempts=letter.attempts,
        noted_ms=letter.noted_ms,
        tried_ms=letter.tried_ms,
        reason=letter.reason,
        receipt=letter.receipt,
        digest=letter.digest or None,
    )


def story_out(story: Story, told: list[Letter]) -> StoryOut:
    """Return the wire form of an incident's story."""
    return StoryOut(
        incident=incident_out(story.incident),
        alerts=[alert_out(alert, story.incident.id) for alert in story.alerts],
        steps=[step_out(step) for step in story.steps],
        told=[letter_out(letter) for letter in told],
    )


def outcomes_out(source: Source, name: str, counted: Outcomes) -> OutcomesOut:
    """Return the wire form of outcomes."""
    return OutcomesOut(
        source=source, name=name, true=counted.true, false=counted.false, test=counted.test, pending=counted.pending
    )


def subscription_out(
    subscription: Subscription, counts: dict[str, int] | None = None, failing: str = "", *, with_secret: bool = False
) -> SubscriptionOut:
    """Return the wire form of a subscription; nothing secret is in it unless `with_secret`."""
    counted = counts or {}
    until = subscription.muted_until_ms
    return SubscriptionOut(
        subscription=subscription.id,
        owner=subscription.owner,
        created_at=iso(subscription.created_ms),
        terms=subscription.terms.model_copy(update={"address": subscription.terms.shown_address}),
        secret=(subscription.secret or None) if with_secret else None,
        muted_until=None if until is None else iso(until),
        muted_by=subscription.muted_by,
        mute_reason=subscription.mute_reason,
        pending=counted.get("pending", 0),
        delivered=counted.get("delivered", 0),
        dead=counted.get("dead", 0),
        failing=failing,
    )


def _urgency(name: str) -> Urgency:
    return _URGENCY.validate_python(name.lower())
