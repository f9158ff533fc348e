"""What subscribers receive: the body of a message, the same on every channel.

    {"id": "…", "event": "alert", "incident": "…", "alert": "…", "state": "open", "severity": "high", "kind": "…",
     "source": "rule", "name": "…", "at": "2026-05-01T04:00:00.000Z", "at_ms": 1777608000000,
     "camera": {"id": "…", "name": "…"}, "community": {"id": "…", "name": "…"}, "gate": "…",
     "sighting": "…" or null, "picture": "…/v1/sightings/…/picture" or null, "score": 0.8 or null, "facts": {…},
     "alerts": 3, "text": {"zh": "…", "en": "…"}}

`id` is the same whenever a message is sent again: receivers drop what they know. `event` is alert, acknowledged,
dispatched, closed, escalated, digest or test; a step has `who`, `note` and `outcome` instead of score and facts.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.alerting.alert import Alert
from pipeline.alerting.delivery.channel import Parcel
from pipeline.alerting.incidents.events import Event
from pipeline.alerting.incidents.incident import Incident, State, Step
from pipeline.alerting.places import Places
from pipeline.alerting.wording import text_of_alert, text_of_escalation, text_of_step


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes messages; `public_address` is put before the links to pictures."""

    places: Places = field(default_factory=Places)
    public_address: str = ""

    def alert(self, alert: Alert, incident: Incident, *, opening: bool, noted_ms: int) -> Event:
        """Return the line of the log that tells an alert of an incident."""
        text = text_of_alert(alert, self.places)
        body = self._body(incident, alert.id, "alert", alert.at_ms, alert.camera_id, alert.sighting_id) | {
            "alert": alert.id,
            "severity": alert.severity.name.lower(),
            "kind": alert.kind,
            "source": str(alert.source),
            "name": alert.name,
            "score": alert.score,
            "facts": dict(alert.facts),
            "text": text,
        }
        return Event(
            alert.id,
            "alert",
            incident.id,
            noted_ms,
            opening,
            alert.severity,
            str(alert.source),
            alert.kind,
            alert.community,
            alert.sighting_id,
            _json(body),
        )

    def step(self, step: Step, incident: Incident) -> Event:
        """Return the line of the log that tells what somebody did about an incident."""
        said: dict[str, object] = {
            "who": step.who,
            "note": step.note,
            "outcome": None if step.outcome is None else str(step.outcome),
            "text": text_of_step(incident.kind, step.state, step.who, step.note, step.outcome),
        }
        return self._about(incident, str(step.state), step.at_ms, said)

    def escalated(self, incident: Incident, to: str, name: str, at_ms: int) -> Event:
        """Return the line that tells the subscription `to`, called `name`, that nobody has acknowledged an incident."""
        said: dict[str, object] = {"to": name, "text": text_of_escalation(incident, self.places)}
        return self._about(incident, "escalated", at_ms, said, f".{to}")

    def test(self, who: str, at_ms: int) -> Parcel:
        """Return a message that says it is a test."""
        name = f"test-{secrets.token_hex(10)}"
        text = {"zh": f"测试消息，由 {who} 发送", "en": f"a test message, sent by {who}"}
        body = {"id": name, "event": "test", "incident": None, "kind": "test", "severity": "low"}
        return Parcel(name, "", body | {"at": iso(at_ms), "at_ms": at_ms, "text": text})

    def link(self, sighting_id: str) -> str | None:
        """Return where the picture of a sighting is served; None without a sighting."""
        return f"{self.public_address}/v1/sightings/{sighting_id}/picture" if sighting_id else None

    def _about(self, incident: Incident, what: str, at_ms: int, said: dict[str, object], which: str = "") -> Event:
        name = f"{incident.id}.{incident.revision}.{what}{which}"
        body = self._body(incident, name, what, at_ms, incident.camera_id, incident.sighting_id) | said
        return Event(
            name,
            what,
            incident.id,
            at_ms,
            False,
            incident.severity,
            str(incident.source),
            incident.kind,
            incident.community,
            incident.sighting_id,
            _json(body),
        )

    def _body(
        self, incident: Incident, name: str, what: str, at_ms: int, camera_id: str, sighting_id: str
    ) -> dict[str, object]:
        return {
            "id": name,
            "event": what,
            "incident": incident.id,
            "alert": None,
            "state": str(State(incident.state)),
            "severity": incident.severity.name.lower(),
            "kind": incident.kind,
            "source": str(incident.source),
            "name": incident.name,
            "at": iso(at_ms),
            "at_ms": at_ms,
            "camera": {"id": camera_id, "name": self.places.camera(camera_id)},
            "community": {"id": incident.community, "name": self.places.community(incident.community)},
            "gate": self.places.gate(camera_id),
            "sighting": sighting_id or None,
            "picture": self.link(sighting_id),
            "alerts": incident.alerts,
        }


def iso(at_ms: int) -> str:
    """Return the UTC time as ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(body: dict[str, object]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
