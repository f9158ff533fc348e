"""The incident: alerts that belong together, where it stands, and who did what about it."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.alerting.alert import Severity, Source


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What it turned out to be, said when it is closed."""

    TRUE = "true"
    FALSE = "false"
    TEST = "test"


# What may come after what; an incident that is closed stays closed: the next alert opens another one.
NEXT: dict[State, tuple[State, ...]] = {
    State.OPEN: (State.ACKNOWLEDGED, State.DISPATCHED, State.CLOSED),
    State.ACKNOWLEDGED: (State.DISPATCHED, State.CLOSED),
    State.DISPATCHED: (State.CLOSED,),
    State.CLOSED: (),
}


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. What it is called after (source, name, kind, camera, sighting) is taken from its first alert.

    `severity` is that of the gravest alert. `first_ms` and `last_ms` span the alerts' own times, `opened_ms` is when it
    was opened (all UTC epoch ms). `sighting_id` names a sighting with a picture, "" while there is none. `revision`
    grows with every alert and every step.
    """

    id: str
    state: State
    outcome: Outcome | None
    severity: Severity
    source: Source
    name: str
    kind: str
    camera_id: str
    community: str
    sighting_id: str
    first_ms: int
    last_ms: int
    opened_ms: int
    alerts: int
    revision: int


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody (`who`) took an incident to `state` and left a note; `outcome` belongs to closing it."""

    incident_id: str
    at_ms: int
    who: str
    state: State
    note: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the closed incidents with alerts of one rule, watch or camera turned out, and how many are not closed."""

    true: int = 0
    false: int = 0
    test: int = 0
    pending: int = 0
