"""Alerts that belong together become one incident, with a timeline and people who take care of it."""

from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.incident import Incident, Outcome, State, Step

__all__ = ["Incident", "IncidentDesk", "Outcome", "State", "Step"]
