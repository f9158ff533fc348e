"""The alert: what every rule, watch and camera check says when somebody should know."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

Fact = str | int | float | bool


class Source(StrEnum):
    """What raised an alert."""

    RULE = "rule"
    WATCH = "watch"
    CARE = "care"
    CAMERA = "camera"


class Severity(IntEnum):
    """How urgent; subscriptions ask for "this and above"."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class Alert:
    """One event that somebody should know about.

    `id` is the same whenever the same event is told again: who stores alerts drops what is known. `name` is that of the
    rule, watch, resident in care or camera; `kind` says what happened (`line_crossing`, `watch`, `camera_offline`, …).
    Alerts with the same `subject` belong together: a tracklet, an identity, a zone. `at_ms` (UTC epoch ms) is when it
    happened, not when it was noticed. `score` 0..1 where one exists. `sighting_id` names the sighting with the picture,
    "" when there is none (yet). `facts` are details to show, such as the direction of a crossing.
    """

    id: str
    source: Source
    name: str
    kind: str
    severity: Severity
    at_ms: int
    camera_id: str
    community: str
    subject: str
    sighting_id: str = ""
    score: float | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


def alert_id(source: Source, name: str, *event: str | int) -> str:
    """Return 20 hex digits from what makes the event this one, such as the tracklet and the frame of a crossing."""
    text = "\x1f".join((source.value, name, *map(str, event)))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
