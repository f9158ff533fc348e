"""Which alerts belong together."""

from collections.abc import Iterable

from pipeline.alerting.alert import Alert
from pipeline.alerting.incidents.incident import Incident
from pipeline.sighting import TrackletKey


def ties_of(alert: Alert) -> set[str]:
    """Return what ties an alert to others: its subject, its sighting and its zone, as far as it has them.

    A subject that names a tracklet as CAMERA/SESSION/TRACK is the same tie as that tracklet's sighting.
    """
    ties = set()
    if alert.subject:
        ties.add(f"subject {_tracklet(alert.subject) or alert.subject}")
    if alert.sighting_id:
        ties.add(f"subject {alert.sighting_id}")
    zone = alert.facts.get("zone")
    if zone:
        ties.add(f"zone {alert.camera_id}/{zone}")
    return ties


def belongs(alert: Alert, incident: Incident, *, window_ms: float, longest_ms: float) -> bool:
    """Tell whether a tied alert is near enough in time, and the incident not too long already."""
    near = incident.first_ms - window_ms <= alert.at_ms <= incident.last_ms + window_ms
    spans = max(alert.at_ms, incident.last_ms) - min(alert.at_ms, incident.first_ms)
    return near and spans <= longest_ms


def newest_of(found: Iterable[Incident]) -> Incident | None:
    """Return the incident with the newest alert: of several that fit, it is the one people look at."""
    return max(found, key=lambda incident: (incident.last_ms, incident.id), default=None)


def _tracklet(subject: str) -> str | None:
    camera, _, rest = subject.partition("/")
    session, _, track = rest.rpartition("/")
    if not (camera and session and track.isdecimal()):
        return None
    return TrackletKey(camera, session, int(track)).sighting_id()
