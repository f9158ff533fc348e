"""The log of what subscribers are told: every alert and every step of an incident, in the order it was written down.

The log is what the event stream is resumed from, and what outboxes point to. A line says everything but the picture,
and is written once: told again, it carries the same words and the same id.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, String, Table, insert, select

from pipeline.alerting.alert import Severity
from pipeline.alerting.database import metadata

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("what", String, nullable=False),
    Column("incident_id", String, nullable=False, index=True),
    Column("noted_ms", Integer, nullable=False),
    Column("opening", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("community", String, nullable=False),
    Column("sighting_id", String, nullable=False),
    Column("body", String, nullable=False),
    Index("events_by_age", "noted_ms"),
    sqlite_autoincrement=True,  # a number is never used twice, even after old lines are removed
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. `seq` grows by the order of writing; 0 before it is written.

    `what` is alert, acknowledged, dispatched, closed or escalated. `opening` is true for the first alert of an incident
    and for one that is graver than all before. `body` is the message as JSON.
    """

    id: str
    what: str
    incident_id: str
    noted_ms: int
    opening: bool
    severity: Severity
    source: str
    kind: str
    community: str
    sighting_id: str
    body: str
    seq: int = 0


def append_events(connection: Connection, lines: list[Event]) -> list[Event]:
    """Write lines down in order and return them with their numbers."""
    used: int | None = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'events'").scalar()
    rows = [{**_row(line), "seq": number} for number, line in enumerate(lines, (used or 0) + 1)]
    if rows:
        connection.execute(insert(events), rows)
    return [event_of(row) for row in rows]


def event_of(row: Any) -> Event:  # noqa: ANN401 - a mapping of rows or of values
    """Return the event in a row."""
    values = {name: row[name] for name in Event.__slots__}
    return Event(**{**values, "opening": bool(row["opening"]), "severity": Severity(row["severity"])})


def events_after(connection: Connection, seq: int, limit: int) -> list[Event]:
    """Return up to `limit` lines with a number over `seq`, in order."""
    query = select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return [event_of(row) for row in connection.execute(query).mappings()]


def newest(connection: Connection) -> int:
    """Return the number of the newest line, 0 when there is none."""
    return connection.execute(select(events.c.seq).order_by(events.c.seq.desc()).limit(1)).scalar() or 0


def _row(event: Event) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in Event.__slots__}
    return row | {"severity": int(event.severity)}
