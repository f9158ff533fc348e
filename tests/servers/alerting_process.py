"""Alerting in a process of its own, to be killed: takes alerts, says which are durable, delivers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import structlog

from camera_adapters.clock import now_ms
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import DATABASE_NAME, open_database
from pipeline.alerting.service import Alerting
from pipeline.alerting.settings import AlertingSettings

SETTINGS = AlertingSettings(
    private_receivers=("127.0.0.0/8",), retry_first_s=0.02, retry_longest_s=0.3, timeout_s=0.5, window_s=86_400
)
INCIDENTS = 8


@dataclass(frozen=True)
class Task:
    """Alerts `first` to `last` (exclusive), a pause after each, and the seed of the delivery's jitter."""

    folder: Path
    first: int
    last: int
    pause_s: float
    seed: int


def alert(number: int, at_ms: int) -> Alert:
    """Return the alert with this number; every eighth belongs to the same incident."""
    facts = {"number": number}
    return Alert(
        f"{number:020x}",
        Source.RULE,
        "yard",
        "intrusion",
        Severity.MEDIUM,
        at_ms,
        "east",
        "willow",
        f"person {number % INCIDENTS}",
        facts=facts,
    )


def opened(folder: Path, clock_offset_ms: "Synchronized[int] | None" = None, seed: int = 0) -> Alerting:
    """Return alerting over the folder's database, with a wall clock that may be off."""
    quiet = structlog.ReturnLoggerFactory()
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=quiet)

    def wall_ms() -> int:
        return now_ms() + (clock_offset_ms.value if clock_offset_ms is not None else 0)

    return Alerting(open_database(folder / DATABASE_NAME), SETTINGS, wall_ms=wall_ms, rng=random.Random(seed))


def work(task: Task, clock_offset_ms: "Synchronized[int]", parent: Connection) -> None:
    """Take the alerts, send the number of each when it is durable, then deliver until told to stop."""
    alerting = opened(task.folder, clock_offset_ms, task.seed)
    alerting.start()
    started_ms = now_ms()
    for number in range(task.first, task.last):
        alerting.desk.take([alert(number, started_ms)])
        parent.send(number)
        if parent.poll(task.pause_s):
            break
    parent.recv()
    alerting.stop()


def durable(pipe: Connection) -> Sequence[int]:
    """Return the numbers a process has said to be durable so far, without waiting."""
    said = []
    try:
        while pipe.poll(0):
            said.append(pipe.recv())
    except EOFError:
        pass
    return said
