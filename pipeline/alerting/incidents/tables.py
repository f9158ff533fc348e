"""The tables of incidents, and rows from and to them."""

import json
from typing import Any

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, RowMapping, String, Table

from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import metadata
from pipeline.alerting.incidents.incident import Incident, Outcome, State, Step

incidents = Table(
    "incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("outcome", String),
    Column("severity", Integer, nullable=False),
    Column("source", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("community", String, nullable=False),
    Column("sighting_id", String, nullable=False),
    Column("first_ms", Integer, nullable=False),
    Column("last_ms", Integer, nullable=False),
    Column("opened_ms", Integer, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("incidents_by_time", "last_ms", "id"),
    Index("incidents_by_state", "state", "last_ms"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("source", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("community", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("sighting_id", String, nullable=False),
    Column("score", Float),
    Column("facts", String, nullable=False),
    Index("alerts_by_time", "at_ms", "id"),
    Index("alerts_by_name", "source", "name", "at_ms"),
)

# What ties alerts to an incident: a subject, a sighting, a zone.
ties = Table(
    "incident_ties",
    metadata,
    Column("tie", String, primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True, index=True),
)

steps = Table(
    "incident_steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at_ms", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("state", String, nullable=False),
    Column("note", String, nullable=False),
    Column("outcome", String),
)


def incident_of(row: RowMapping) -> Incident:
    """Return the incident in a row."""
    typed = {
        "state": State(row["state"]),
        "outcome": None if row["outcome"] is None else Outcome(row["outcome"]),
        "severity": Severity(row["severity"]),
        "source": Source(row["source"]),
    }
    return Incident(**{**{column.name: row[column.name] for column in incidents.columns}, **typed})


def row_of_incident(incident: Incident) -> dict[str, Any]:
    """Return the row of an incident."""
    row = {column.name: getattr(incident, column.name) for column in incidents.columns}
    return row | {"severity": int(incident.severity)}


def alert_of(row: RowMapping) -> Alert:
    """Return the alert in a row."""
    values = {column.name: row[column.name] for column in alerts.columns if column.name != "incident_id"}
    typed = {"source": Source(row["source"]), "severity": Severity(row["severity"]), "facts": json.loads(row["facts"])}
    return Alert(**{**values, **typed})


def row_of_alert(alert: Alert, incident_id: str) -> dict[str, Any]:
    """Return the row of an alert."""
    row = {c.name: getattr(alert, c.name) for c in alerts.columns if c.name not in {"incident_id", "facts"}}
    return row | {"incident_id": incident_id, "severity": int(alert.severity), "facts": json.dumps(dict(alert.facts))}


def step_of(row: RowMapping) -> Step:
    """Return the step in a row."""
    outcome = None if row["outcome"] is None else Outcome(row["outcome"])
    return Step(row["incident_id"], row["at_ms"], row["who"], State(row["state"]), row["note"], outcome)
