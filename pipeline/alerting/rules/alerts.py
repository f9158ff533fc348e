"""From what a rule noticed to the alert that people get."""

from camera_adapters.site import Camera
from pipeline.alerting.alert import Alert, Fact, Source, alert_id
from pipeline.alerting.rules.scene import Event
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.alerting.rules.table import usual_severity
from pipeline.sighting import TrackletKey


def alert_of(event: Event, rule: RuleSettings, camera: Camera, session: str) -> Alert:
    """Return the alert about an event of one camera in one session.

    Events of one track have its sighting as subject, others the place: camera and rule.
    """
    sighting_id = TrackletKey(camera.id, session, event.track_id).sighting_id() if event.track_id else ""
    facts: dict[str, Fact] = dict(event.facts)
    if event.direction:
        facts["direction"] = event.direction
    if getattr(rule, "zone", None):
        facts["zone"] = rule.name  # alerts of one zone belong to one incident
    return Alert(
        id=alert_id(Source.RULE, rule.name, camera.id, session, event.track_id, event.frame),
        source=Source.RULE,
        name=rule.name,
        kind=event.kind,
        severity=rule.severity_or(usual_severity(event.kind)),
        at_ms=event.t_ms,
        camera_id=camera.id,
        community=camera.community,
        subject=sighting_id or f"{camera.id}/{rule.name}",
        sighting_id=sighting_id,
        facts=facts,
    )
