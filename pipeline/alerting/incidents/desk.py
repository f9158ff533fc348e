"""The desk where alerts arrive: it writes them down, puts them together into incidents and lets people take care."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from camera_adapters.clock import now_ms
from pipeline.alerting.alert import Alert, Fact
from pipeline.alerting.database import make_missing_tables, write
from pipeline.alerting.incidents.events import Event, append_events, events
from pipeline.alerting.incidents.grouping import belongs, newest_of, ties_of
from pipeline.alerting.incidents.incident import NEXT, Incident, Outcome, State, Step
from pipeline.alerting.incidents.tables import (
    alerts,
    incident_of,
    incidents,
    row_of_alert,
    row_of_incident,
    steps,
    ties,
)
from pipeline.alerting.message import Composer
from pipeline.alerting.settings import AlertingSettings
from pipeline.errors import StepRefused, UnknownIncident

log = structlog.get_logger(__name__)
Enlist = Callable[[Connection, Sequence[Event]], None]
AT_ONCE = 400  # alerts in one transaction
_CHANGE = update(incidents).where(incidents.c.id == bindparam("known_id"))
LARGEST_FACTS = 8_000  # characters of JSON: what does not fit is left out, so that no alert is too large to be told


def _nobody(_connection: Connection, _events: Sequence[Event]) -> None:
    """Nobody has subscribed."""


class IncidentDesk:
    """Takes alerts and steps; safe to use from many threads, and from several processes on one database.

    `enlist` is called inside each transaction with the events it adds, so that an alert, its incident and what is to
    be delivered about it are durable together or not at all. `told` is called after each commit that added events.
    """

    def __init__(
        self,
        engine: Engine,
        settings: AlertingSettings | None = None,
        *,
        composer: Composer | None = None,
        enlist: Enlist = _nobody,
        told: Callable[[], None] = lambda: None,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        make_missing_tables(engine, incidents, alerts, ties, steps, events)
        self._engine = engine
        self._settings = settings or AlertingSettings()
        self._composer = composer or Composer()
        self._enlist = enlist
        self._told = told
        self._wall_ms = wall_ms

    def take(self, taken: Sequence[Alert]) -> None:
        """Write alerts down; durable on return. An alert whose id is known changes nothing. Raises AlertingError."""
        for start in range(0, len(taken), AT_ONCE):
            with write(self._engine) as connection:
                lines = self._take(connection, taken[start : start + AT_ONCE])
            if lines:
                self._told()

    def step(
        self,
        incident_id: str,
        state: State,
        who: str,
        note: str = "",
        outcome: Outcome | None = None,
        revision: int | None = None,
    ) -> Incident:
        """Take an incident to `state` and return it; durable on return.

        With `revision` only when nothing has happened to it since. Raises UnknownIncident, StepRefused.
        """
        if (state is State.CLOSED) != (outcome is not None):
            raise StepRefused("an outcome (true, false or test) belongs to closing an incident, and to nothing else")
        with write(self._engine) as connection:
            incident = _locked(connection, incident_id)
            _check_step(incident, state, revision)
            stepped = replace(incident, state=state, outcome=outcome, revision=incident.revision + 1)
            step = Step(incident_id, self._wall_ms(), who, state, note, outcome)
            _save(connection, [stepped])
            connection.execute(insert(steps).values(**{n: getattr(step, n) for n in Step.__slots__}))
            self._enlist(connection, append_events(connection, [self._composer.step(step, stepped)]))
        self._told()
        return stepped

    def _take(self, connection: Connection, taken: Sequence[Alert]) -> list[Event]:
        fresh = _unknown(connection, taken)
        if not fresh:
            return []
        tied = {alert.id: ties_of(alert) for alert in fresh}
        since_ms = min(alert.at_ms for alert in fresh) - round(self._settings.window_s * 1000)
        by_tie = _tied_incidents(connection, set().union(*tied.values()), since_ms)
        lines, opened, touched, noted_ms = [], set[str](), dict[str, Incident](), self._wall_ms()
        for alert in fresh:
            incident, opening = self._place(alert, (by_tie.get(tie, {}) for tie in tied[alert.id]), touched, noted_ms)
            touched[incident.id] = incident
            if incident.alerts == 1:
                opened.add(incident.id)
            for tie in tied[alert.id]:
                by_tie.setdefault(tie, {})[incident.id] = incident
            lines.append(self._composer.alert(alert, incident, opening=opening, noted_ms=noted_ms))
        changed = [incident for incident in touched.values() if incident.id not in opened]
        _save(connection, changed, [touched[name] for name in sorted(opened)])
        pairs = list(zip(fresh, lines, strict=True))
        connection.execute(insert(alerts), [row_of_alert(alert, line.incident_id) for alert, line in pairs])
        rows = [{"tie": tie, "incident_id": line.incident_id} for alert, line in pairs for tie in tied[alert.id]]
        if rows:
            connection.execute(insert_or(ties).on_conflict_do_nothing(), rows)
        written = append_events(connection, lines)
        self._enlist(connection, written)
        return written

    def _place(
        self, alert: Alert, tied: Iterable[dict[str, Incident]], touched: dict[str, Incident], noted_ms: int
    ) -> tuple[Incident, bool]:
        """Return the incident of an alert as it is afterwards, and whether it is new or graver than before."""
        window_ms, longest_ms = self._settings.window_s * 1000, self._settings.longest_s * 1000
        candidates = {name: touched.get(name, incident) for found in tied for name, incident in found.items()}
        incident = newest_of(
            i for i in candidates.values() if belongs(alert, i, window_ms=window_ms, longest_ms=longest_ms)
        )
        if incident is None:
            return _opened(alert, noted_ms), True
        grown = replace(
            incident,
            severity=max(incident.severity, alert.severity),
            sighting_id=incident.sighting_id or alert.sighting_id,
            first_ms=min(incident.first_ms, alert.at_ms),
            last_ms=max(incident.last_ms, alert.at_ms),
            alerts=incident.alerts + 1,
            revision=incident.revision + 1,
        )
        return grown, alert.severity > incident.severity


def _opened(alert: Alert, noted_ms: int) -> Incident:
    return Incident(
        id=f"i-{alert.id}",
        state=State.OPEN,
        outcome=None,
        severity=alert.severity,
        source=alert.source,
        name=alert.name,
        kind=alert.kind,
        camera_id=alert.camera_id,
        community=alert.community,
        sighting_id=alert.sighting_id,
        first_ms=alert.at_ms,
        last_ms=alert.at_ms,
        opened_ms=noted_ms,
        alerts=1,
        revision=1,
    )


def _unknown(connection: Connection, taken: Sequence[Alert]) -> list[Alert]:
    """Return the alerts that are not written down yet, each once, in the order they came."""
    by_id: dict[str, Alert] = {}
    for alert in taken:
        by_id.setdefault(alert.id, alert)
    known = set(connection.execute(select(alerts.c.id).where(alerts.c.id.in_(by_id))).scalars())
    return [_shortened(alert) for alert in by_id.values() if alert.id not in known]


def _shortened(alert: Alert) -> Alert:
    """Return the alert with its facts as far as they fit; what is left out is counted in `facts_left_out`."""
    kept: dict[str, Fact] = {}
    room = LARGEST_FACTS
    for name, value in alert.facts.items():
        room -= len(json.dumps([name, value]))
        if room < 0:
            return replace(alert, facts=kept | {"facts_left_out": len(alert.facts) - len(kept)})
        kept[name] = value
    return alert


def _tied_incidents(connection: Connection, wanted: set[str], since_ms: int) -> dict[str, dict[str, Incident]]:
    """Return, for each tie, the incidents with it that are not closed and had an alert since."""
    query = (
        select(ties.c.tie, incidents)
        .join(incidents, incidents.c.id == ties.c.incident_id)
        .where(ties.c.tie.in_(wanted), incidents.c.state != State.CLOSED, incidents.c.last_ms >= since_ms)
    )
    found: dict[str, dict[str, Incident]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["tie"], {})[row["id"]] = incident_of(row)
    return found


def _locked(connection: Connection, incident_id: str) -> Incident:
    row = connection.execute(select(incidents).where(incidents.c.id == incident_id)).mappings().one_or_none()
    if row is None:
        raise UnknownIncident(incident_id)
    return incident_of(row)


def _check_step(incident: Incident, state: State, revision: int | None) -> None:
    if revision is not None and revision != incident.revision:
        raise StepRefused(f"incident {incident.id} has changed meanwhile: look at it again")
    if state not in NEXT[incident.state]:
        may = ", ".join(NEXT[incident.state]) or "nothing: the next alert opens another one"
        raise StepRefused(f"incident {incident.id} is {incident.state}: what may follow is {may}")


def _save(connection: Connection, changed: Sequence[Incident], opened: Sequence[Incident] = ()) -> None:
    if opened:
        connection.execute(insert(incidents), [row_of_incident(incident) for incident in opened])
    if changed:
        rows = [row_of_incident(incident) for incident in changed]
        connection.execute(_CHANGE, [{**row, "known_id": row["id"]} for row in rows])
