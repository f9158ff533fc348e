"""The durable outbox: one line for each message and subscription, from the alert's own transaction to the receipt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as insert_or

from camera_adapters.clock import now_ms
from pipeline.alerting.database import make_missing_tables, metadata, read, write, write_soon
from pipeline.alerting.delivery.channel import Reason
from pipeline.alerting.delivery.escalation import escalations, plan_escalations
from pipeline.alerting.incidents.events import Event, events
from pipeline.alerting.subscriptions.book import SubscriptionBook, subscriptions
from pipeline.alerting.subscriptions.terms import Channel, Subscription

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscription_id", ForeignKey(subscriptions.c.id, ondelete="CASCADE"), nullable=False),
    Column("seq", ForeignKey(events.c.seq, ondelete="CASCADE"), nullable=False, index=True),
    Column("incident_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("noted_ms", Integer, nullable=False),
    Column("tried_ms", Integer),
    Column("reason", String, nullable=False),
    Column("receipt", String, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("subscription_id", "seq"),
    Index("outbox_by_state", "state", "subscription_id", "id"),
    sqlite_autoincrement=True,
)


class LetterState(StrEnum):
    """Where a message to one subscriber stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one subscriber: `reason` says why the newest of `attempts` failed, `receipt` what proves delivery.

    Letters with the same `digest` are told in one message. Times are UTC epoch ms.
    """

    id: int
    subscription_id: str
    event_id: str
    what: str
    incident_id: str
    sighting_id: str
    body: str
    state: LetterState
    attempts: int
    noted_ms: int
    tried_ms: int | None
    reason: str
    receipt: str
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an attempt to deliver a letter."""

    letter_id: int
    state: LetterState
    attempts: int
    reason: str = ""
    receipt: str = ""


class Outbox:
    """Lines of the outbox; safe to use from many threads.

    `enlist` is what the incident desk calls inside its transaction.
    """

    def __init__(self, engine: Engine, book: SubscriptionBook, *, wall_ms: Callable[[], int] = now_ms) -> None:
        make_missing_tables(engine, outbox, escalations)
        self._engine = engine
        self._book = book
        self._wall_ms = wall_ms
        self.muted = 0  # messages not told because of a mute or the hours

    def enlist(self, connection: Connection, lines: Sequence[Event]) -> None:
        """Add a line for everybody who wants one of the events, and plan who is told when nobody acknowledges."""
        now, rows = self._wall_ms(), []
        listed = [s for s in self._book.all(connection) if s.terms.channel is not Channel.STREAM or s.terms.escalate]
        for subscription in listed:
            wanted = [line for line in lines if subscription.terms.wants(line)]
            if not wanted:
                continue
            plan_escalations(connection, subscription, wanted, now)
            if subscription.muted_at(now) or not subscription.terms.open_at(now):
                self.muted += len(wanted)
            elif subscription.terms.channel is not Channel.STREAM:
                rows += [_row(subscription.id, line, now) for line in wanted]
        add_letters(connection, rows)

    def waiting(self) -> dict[str, int]:
        """Return, for each subscription that has any, how many letters are pending."""
        query = (
            select(outbox.c.subscription_id, func.count())
            .where(outbox.c.state == LetterState.PENDING)
            .group_by(outbox.c.subscription_id)
        )
        with read(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many letters of each subscription are in each state."""
        query = select(outbox.c.subscription_id, outbox.c.state, func.count())
        with read(self._engine) as connection:
            rows = connection.execute(query.group_by(outbox.c.subscription_id, outbox.c.state))
            return {(row[0], row[1]): row[2] for row in rows}

    def pending(self, subscription: Subscription, after: int, limit: int) -> list[Letter]:
        """Return up to `limit` pending letters with an id over `after`, in order; none when it has changed since."""
        same = select(subscriptions.c.id).where(
            subscriptions.c.id == subscription.id, subscriptions.c.stamp == subscription.stamp
        )
        query = _letters(subscription.id).where(
            outbox.c.state == LetterState.PENDING, outbox.c.id > after, same.exists()
        )
        with read(self._engine) as connection:
            rows = connection.execute(query.order_by(outbox.c.id).limit(limit)).mappings()
            return [_letter_of(row) for row in rows]

    def letters(self, subscription_id: str, state: LetterState | None, limit: int, before: int | None) -> list[Letter]:
        """Return letters of a subscription, newest first, with ids under `before`."""
        query = _letters(subscription_id).order_by(outbox.c.id.desc()).limit(limit)
        query = query if state is None else query.where(outbox.c.state == state)
        query = query if before is None else query.where(outbox.c.id < before)
        with read(self._engine) as connection:
            return [_letter_of(row) for row in connection.execute(query).mappings()]

    def letters_of_incident(self, incident_id: str, limit: int = 1000) -> list[Letter]:
        """Return who was told what about an incident, in order."""
        query = _letters(None).where(outbox.c.incident_id == incident_id).order_by(outbox.c.id).limit(limit)
        with read(self._engine) as connection:
            return [_letter_of(row) for row in connection.execute(query).mappings()]

    def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write down what became of attempts. A letter that was settled already stays so.

        A killed process loses nothing; after a power failure some messages may be sent again.
        """
        if not verdicts:
            return
        now = self._wall_ms()
        statement = (
            update(outbox)
            .where(outbox.c.id == bindparam("letter_id"), outbox.c.state == LetterState.PENDING)
            .values(
                state=bindparam("new_state"),
                attempts=bindparam("tries"),
                tried_ms=now,
                reason=bindparam("why"),
                receipt=bindparam("proof"),
            )
        )
        rows = [
            {"letter_id": v.letter_id, "new_state": v.state, "tries": v.attempts, "why": v.reason, "proof": v.receipt}
            for v in verdicts
        ]
        with write_soon(self._engine) as connection:
            connection.execute(statement, rows)

    def bundle(self, letter_ids: Sequence[int], digest: str) -> None:
        """Let letters be told in one message: durable, so that it is the same message when it is sent again."""
        with write(self._engine) as connection:
            connection.execute(update(outbox).where(outbox.c.id.in_(letter_ids)).values(digest=digest))

    def revive(self, subscription_id: str, letter_ids: Sequence[int] | None) -> int:
        """Make dead letters pending again, all of the subscription's when None; return how many there were."""
        dead = update(outbox).where(outbox.c.subscription_id == subscription_id, outbox.c.state == LetterState.DEAD)
        if letter_ids is not None:
            dead = dead.where(outbox.c.id.in_(letter_ids))
        with write(self._engine) as connection:
            return connection.execute(dead.values(state=LetterState.PENDING, attempts=0, digest="")).rowcount

    def overflow(self, limit: int) -> int:
        """Declare the oldest pending letters over `limit` of each subscription dead; return how many."""
        lost = 0
        for subscription_id, count in self.waiting().items():
            if count > limit:
                oldest = select(outbox.c.id).where(
                    outbox.c.subscription_id == subscription_id, outbox.c.state == LetterState.PENDING
                )
                oldest = oldest.order_by(outbox.c.id).limit(count - limit)
                with write(self._engine) as connection:
                    change = update(outbox).where(outbox.c.id.in_(oldest))
                    values = {"state": LetterState.DEAD, "reason": str(Reason.OUTBOX_FULL)}
                    lost += connection.execute(change.values(**values)).rowcount
        return lost


def add_letters(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Add lines; one that is there already changes nothing."""
    if rows:
        connection.execute(insert_or(outbox).on_conflict_do_nothing(), rows)


def letter_to(subscription: Subscription, event: Event, now: int) -> dict[str, object]:
    """Return the row of a new letter."""
    return _row(subscription.id, event, now)


def _row(subscription_id: str, event: Event, now: int) -> dict[str, object]:
    return {
        "subscription_id": subscription_id,
        "seq": event.seq,
        "incident_id": event.incident_id,
        "state": LetterState.PENDING,
        "attempts": 0,
        "noted_ms": now,
        "reason": "",
        "receipt": "",
        "digest": "",
    }


def _letters(subscription_id: str | None) -> Select[tuple[object, ...]]:
    told = events.c
    query = select(outbox, told.id.label("event_id"), told.what, told.sighting_id, told.body).join(
        events, told.seq == outbox.c.seq
    )
    return query if subscription_id is None else query.where(outbox.c.subscription_id == subscription_id)


def _letter_of(row: RowMapping) -> Letter:
    values = {name: row[name] for name in Letter.__slots__}
    return Letter(**{**values, "state": LetterState(row["state"])})
