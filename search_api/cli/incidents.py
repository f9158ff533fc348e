"""`zhian incidents`: what happened, and taking care of it, beside a running `zhian run` or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from getpass import getuser
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.alerting.incidents.incident import Outcome, State
from search_api.cli.consoles import results
from search_api.cli.options import ArchiveFolder
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.alerting.incidents.incident import Incident
    from pipeline.alerting.service import Alerting

app = typer.Typer(
    name="incidents", help="List and take care of incidents.", no_args_is_help=True, rich_markup_mode=None
)
IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, as `zhian incidents list` shows it.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="What was seen or done.")]


@app.command("list")
def list_(
    archive: ArchiveFolder,
    state: Annotated[list[State] | None, typer.Option("--state", help="Only these; may be repeated.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=500, help="How many at most.")] = 20,
) -> None:
    """Show incidents, the one with the newest alert first.

    \b
    Example: zhian incidents list --archive store --state open
    """
    from pipeline.alerting.incidents.reading import Wanted

    with _opened(archive) as alerting:
        found = alerting.reader.incidents(Wanted(states=tuple(state or ())), limit=top)
    for incident in found:
        results().print(_line(incident), markup=False)
    if not found:
        results().print("no incidents · 没有事件", markup=False)


@app.command()
def ack(archive: ArchiveFolder, incident: IncidentId, note: Note = "") -> None:
    """Acknowledge an incident: nobody is escalated to any more.

    \b
    Example: zhian incidents ack --archive store i-6f1c0a9d27b34e58a0c1 --note "on my way"
    """
    _step(archive, incident, State.ACKNOWLEDGED, note)


@app.command()
def dispatch(archive: ArchiveFolder, incident: IncidentId, note: Note = "") -> None:
    """Say that somebody was sent."""
    _step(archive, incident, State.DISPATCHED, note)


@app.command()
def close(
    archive: ArchiveFolder,
    incident: IncidentId,
    outcome: Annotated[Outcome, typer.Option("--outcome", help="What it turned out to be.")],
    note: Note = "",
) -> None:
    """Close an incident; the outcome counts for the rule or watch that raised it.

    \b
    Example: zhian incidents close --archive store i-6f1c0a9d27b34e58a0c1 --outcome false --note "a cat"
    """
    _step(archive, incident, State.CLOSED, note, outcome)


def _step(archive: "Path", incident_id: str, state: State, note: str, outcome: Outcome | None = None) -> None:
    with _opened(archive) as alerting:
        taken = alerting.desk.step(incident_id, state, getuser(), note, outcome)
    results().print(_line(taken), markup=False)


@contextmanager
def _opened(archive: "Path") -> "Iterator[Alerting]":
    from pipeline.alerting.database import DATABASE_NAME
    from pipeline.alerting.service import open_alerting

    if not (archive / DATABASE_NAME).is_file():
        raise BadInput(f"no alerts at {archive}: `zhian run` keeps them in the folder of its archive")
    alerting = open_alerting(archive)
    try:
        yield alerting
    finally:
        alerting.stop()


def _line(incident: "Incident") -> str:
    from pipeline.alerting.wording import KINDS, OUTCOMES, SEVERITIES, STATES

    at = datetime.fromtimestamp(incident.last_ms / 1000)
    zh_state, en_state = STATES[incident.state]
    zh_kind, en_kind = KINDS.get(incident.kind, (incident.kind, incident.kind))
    zh_severity, en_severity = SEVERITIES[incident.severity]
    outcome = "" if incident.outcome is None else f" ({' '.join(OUTCOMES[incident.outcome])})"
    return (
        f"{incident.id}  {at:%Y-%m-%d %H:%M:%S}  {en_state} {zh_state}{outcome}  {en_severity} {zh_severity}  "
        f"{en_kind} {zh_kind} ({incident.name})  {incident.community} {incident.camera_id}  x{incident.alerts}"
    )
