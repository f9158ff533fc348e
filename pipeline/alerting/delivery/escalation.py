"""Nobody acknowledged: who is told next.

A plan is written in the transaction of the alert that opens an incident. It falls due by the wall clock; when that
jumps, the plans are moved by as much, so that a person keeps the time the subscription gives.
"""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Column, Connection, Engine, ForeignKey, Integer, String, Table, UniqueConstraint, select
from sqlalchemy import update as change
from sqlalchemy.dialects.sqlite import insert as insert_or

from pipeline.alerting.database import metadata, read, write
from pipeline.alerting.incidents.events import Event
from pipeline.alerting.incidents.incident import Incident, State
from pipeline.alerting.incidents.tables import incident_of, incidents
from pipeline.alerting.subscriptions.book import subscriptions
from pipeline.alerting.subscriptions.terms import Subscription

log = structlog.get_logger(__name__)
JUMP_MS = 2_000

escalations = Table(
    "escalations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), nullable=False),
    Column("subscription_id", ForeignKey(subscriptions.c.id, ondelete="CASCADE"), nullable=False),
    Column("due_ms", Integer, nullable=False, index=True),
    Column("state", String, nullable=False),  # waiting or done: the row stays, so that nobody is told twice
    UniqueConstraint("incident_id", "subscription_id"),
)
WAITING, DONE = "waiting", "done"


def plan_escalations(connection: Connection, subscription: Subscription, lines: Sequence[Event], now_ms: int) -> None:
    """Plan what follows when nobody acknowledges the incidents that `lines` open; once for each incident."""
    if subscription.terms.escalate is None:
        return
    due_ms = now_ms + round(subscription.terms.escalate.after_s * 1000)
    opened = {line.incident_id for line in lines if line.what == "alert" and line.opening}
    plan(connection, subscription.id, opened, due_ms)


def plan(connection: Connection, subscription_id: str, incident_ids: set[str], due_ms: int) -> None:
    """Write plans down; one that is there already, or was carried out, stays."""
    rows = [
        {"incident_id": name, "subscription_id": subscription_id, "due_ms": due_ms, "state": WAITING}
        for name in sorted(incident_ids)
    ]
    if rows:
        connection.execute(insert_or(escalations).on_conflict_do_nothing(), rows)


class WallJumps:
    """Notices when the wall clock moves against the monotonic one."""

    def __init__(self, wall_ms: Callable[[], int], clock_s: Callable[[], float]) -> None:
        self._wall_ms = wall_ms
        self._clock_s = clock_s
        self._offset_ms = self._offset()

    def jumped_ms(self) -> int:
        """Return by how much the wall clock has jumped since the last call, 0 when it has not."""
        offset = self._offset()
        by_ms, self._offset_ms = offset - self._offset_ms, offset
        return by_ms if abs(by_ms) > JUMP_MS else 0

    def _offset(self) -> int:
        return self._wall_ms() - round(self._clock_s() * 1000)


def move_plans(engine: Engine, by_ms: int) -> None:
    """Move every waiting plan by as much as the wall clock has jumped."""
    with write(engine) as connection:
        moved = change(escalations).where(escalations.c.state == WAITING)
        connection.execute(moved.values(due_ms=escalations.c.due_ms + by_ms))
    log.warning("clock_jumped", by_ms=by_ms)


def anything_due(engine: Engine, now_ms: int) -> bool:
    """Tell whether a plan has fallen due, without taking the write lock."""
    query = select(escalations.c.id).where(escalations.c.state == WAITING, escalations.c.due_ms <= now_ms).limit(1)
    with read(engine) as connection:
        return connection.execute(query).first() is not None


def take_due(connection: Connection, now_ms: int) -> list[tuple[Incident, str]]:
    """Mark the plans that have fallen due as done; return those whose incident is still open, with the subscription."""
    query = (
        select(escalations.c.id.label("plan"), escalations.c.subscription_id, incidents)
        .join(incidents, incidents.c.id == escalations.c.incident_id)
        .where(escalations.c.state == WAITING, escalations.c.due_ms <= now_ms)
        .order_by(escalations.c.id)
        .limit(500)
    )
    rows = connection.execute(query).mappings().all()
    done = [row["plan"] for row in rows]
    connection.execute(change(escalations).where(escalations.c.id.in_(done)).values(state=DONE))
    return [(incident_of(row), row["subscription_id"]) for row in rows if row["state"] == State.OPEN]
