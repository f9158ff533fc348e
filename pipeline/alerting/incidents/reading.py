"""Questions about incidents and alerts: lists, one with its timeline, and how a rule's alerts turned out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Engine, Select, func, select, tuple_

from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import read
from pipeline.alerting.incidents.events import newest
from pipeline.alerting.incidents.incident import Incident, Outcome, Outcomes, State, Step
from pipeline.alerting.incidents.tables import alert_of, alerts, incident_of, incidents, step_of, steps
from pipeline.errors import UnknownIncident

Place = tuple[int, str]  # time and id of the last entry of a page: the next page begins after it


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents or alerts: empty or None means any. Times are UTC epoch ms, `from_ms` included, `to_ms` not."""

    states: Sequence[State] = ()
    sources: Sequence[Source] = ()
    kinds: Sequence[str] = ()
    communities: Sequence[str] = ()
    cameras: Sequence[str] = ()
    severity: Severity = Severity.LOW
    from_ms: int | None = None
    to_ms: int | None = None
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """An incident with everything that happened, oldest first."""

    incident: Incident
    alerts: Sequence[Alert]
    steps: Sequence[Step] = field(default=())


class IncidentReader:
    """Reads what the desk wrote; safe to use from many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def incidents(self, wanted: Wanted, *, limit: int, after: Place | None = None) -> list[Incident]:
        """Return incidents, the one with the newest alert first; `after` is the last of the page before."""
        query = _narrowed(select(incidents), wanted, incidents.c.last_ms)
        if wanted.states:
            query = query.where(incidents.c.state.in_(wanted.states))
        with read(self._engine) as connection:
            rows = connection.execute(_page(query, incidents.c.last_ms, incidents.c.id, limit, after)).mappings()
            return [incident_of(row) for row in rows]

    def alerts(self, wanted: Wanted, *, limit: int, after: Place | None = None) -> list[tuple[Alert, str]]:
        """Return alerts with the ids of their incidents, newest first."""
        query = _narrowed(select(alerts), wanted, alerts.c.at_ms)
        if wanted.states:
            inside = select(incidents.c.id).where(incidents.c.state.in_(wanted.states))
            query = query.where(alerts.c.incident_id.in_(inside))
        with read(self._engine) as connection:
            rows = connection.execute(_page(query, alerts.c.at_ms, alerts.c.id, limit, after)).mappings()
            return [(alert_of(row), row["incident_id"]) for row in rows]

    def story(self, incident_id: str, *, limit: int = 1000) -> Story:
        """Return an incident with its first `limit` alerts and all its steps; raises UnknownIncident."""
        with read(self._engine) as connection:
            row = connection.execute(select(incidents).where(incidents.c.id == incident_id)).mappings().one_or_none()
            if row is None:
                raise UnknownIncident(incident_id)
            told = select(alerts).where(alerts.c.incident_id == incident_id)
            told = told.order_by(alerts.c.at_ms, alerts.c.id).limit(limit)
            found = [alert_of(r) for r in connection.execute(told).mappings()]
            taken = select(steps).where(steps.c.incident_id == incident_id).order_by(steps.c.id)
            return Story(incident_of(row), found, [step_of(r) for r in connection.execute(taken).mappings()])

    def outcomes(self, source: Source, name: str, *, since_ms: int = 0) -> Outcomes:
        """Return how the incidents with alerts of one rule, watch, resident or camera turned out, each counted once."""
        mine = select(alerts.c.incident_id).where(
            alerts.c.source == source, alerts.c.name == name, alerts.c.at_ms >= since_ms
        )
        query = (
            select(incidents.c.outcome, func.count())
            .where(incidents.c.id.in_(mine.distinct()))
            .group_by(incidents.c.outcome)
        )
        with read(self._engine) as connection:
            counted: dict[str | None, int] = {row[0]: row[1] for row in connection.execute(query)}
        true, false, test = (counted.get(str(outcome), 0) for outcome in Outcome)
        return Outcomes(true, false, test, counted.get(None, 0))

    def counts(self) -> dict[State, int]:
        """Return how many incidents are in each state."""
        query = select(incidents.c.state, func.count()).group_by(incidents.c.state)
        with read(self._engine) as connection:
            counted: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
        return {state: counted.get(str(state), 0) for state in State}

    def mark(self) -> tuple[int, int]:
        """Return two numbers of which one changes whenever any incident does."""
        with read(self._engine) as connection:
            count = connection.execute(select(func.count()).select_from(incidents)).scalar_one()
            return count, newest(connection)


def _narrowed(query: Select[tuple[object, ...]], wanted: Wanted, at: ColumnElement[int]) -> Select[tuple[object, ...]]:
    columns = query.selected_columns
    for name, values in (
        ("source", wanted.sources),
        ("kind", wanted.kinds),
        ("community", wanted.communities),
        ("camera_id", wanted.cameras),
        ("name", wanted.names),
    ):
        if values:
            query = query.where(columns[name].in_(values))
    if wanted.severity > Severity.LOW:
        query = query.where(columns["severity"] >= int(wanted.severity))
    if wanted.from_ms is not None:
        query = query.where(at >= wanted.from_ms)
    return query if wanted.to_ms is None else query.where(at < wanted.to_ms)


def _page(
    query: Select[tuple[object, ...]],
    at: ColumnElement[int],
    name: ColumnElement[str],
    limit: int,
    after: Place | None,
) -> Select[tuple[object, ...]]:
    if after is not None:
        query = query.where(tuple_(at, name) < after)
    return query.order_by(at.desc(), name.desc()).limit(limit)
