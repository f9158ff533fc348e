"""What delivery does once a second besides delivering: escalate, bound the outboxes, forget what is old."""

import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, delete, select

from camera_adapters.clock import now_ms
from pipeline.alerting.database import write
from pipeline.alerting.delivery.escalation import WallJumps, anything_due, move_plans, plan, take_due
from pipeline.alerting.delivery.outbox import Outbox, add_letters, letter_to
from pipeline.alerting.incidents.events import append_events, events
from pipeline.alerting.incidents.tables import alerts, incidents, steps, ties
from pipeline.alerting.message import Composer
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.book import SubscriptionBook
from pipeline.alerting.subscriptions.terms import Channel

log = structlog.get_logger(__name__)
DAY_MS = 86_400_000
FORGET_EVERY_S = 3600.0
BOUND_EVERY_S = 10.0
FORGOTTEN_AT_ONCE = 500


class Upkeep:
    """`look` is called about once a second, by one thread; it returns whether there is news to tell."""

    def __init__(
        self,
        engine: Engine,
        book: SubscriptionBook,
        outbox: Outbox,
        settings: AlertingSettings,
        composer: Composer,
        *,
        wall_ms: Callable[[], int] = now_ms,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._book = book
        self._outbox = outbox
        self._settings = settings
        self._composer = composer
        self._wall_ms = wall_ms
        self._clock_s = clock_s
        self._jumps = WallJumps(wall_ms, clock_s)
        self._bound_at_s = self._forget_at_s = clock_s()
        self.escalated = 0
        self.overflowed = 0

    def look(self) -> bool:
        """Do what has fallen due; raises AlertingError when the database refuses."""
        by_ms = self._jumps.jumped_ms()
        if by_ms:
            move_plans(self._engine, by_ms)
        now_s = self._clock_s()
        if now_s >= self._bound_at_s:
            self._bound_at_s = now_s + BOUND_EVERY_S
            self._bound()
        if now_s >= self._forget_at_s:
            self._forget_at_s = now_s + FORGET_EVERY_S
            self.forget(self._wall_ms() - self._settings.keep_days * DAY_MS)
        return anything_due(self._engine, self._wall_ms()) and self._escalate()

    def forget(self, before_ms: int) -> int:
        """Remove incidents whose newest alert is older, with everything about them; return how many."""
        old = select(incidents.c.id).where(incidents.c.last_ms < before_ms).limit(FORGOTTEN_AT_ONCE)
        total = 0
        while True:
            with write(self._engine) as connection:
                names = list(connection.execute(old).scalars())
                for table in (events, alerts, ties, steps):
                    connection.execute(delete(table).where(table.c.incident_id.in_(names)))
                connection.execute(delete(incidents).where(incidents.c.id.in_(names)))
            total += len(names)
            if len(names) < FORGOTTEN_AT_ONCE:
                return total

    def _bound(self) -> None:
        lost = self._outbox.overflow(self._settings.outbox_limit)
        if lost:
            self.overflowed += lost
            log.warning("outbox_full", dead=lost, limit=self._settings.outbox_limit)

    def _escalate(self) -> bool:
        """Tell those whom the subscriptions name for incidents that nobody has acknowledged."""
        now = self._wall_ms()
        with write(self._engine) as connection:
            listed = {subscription.id: subscription for subscription in self._book.all(connection)}
            lines, letters = [], []
            for incident, subscription_id in take_due(connection, now):
                terms = listed[subscription_id].terms if subscription_id in listed else None
                target = listed.get(terms.escalate.to) if terms and terms.escalate else None
                if target is None:
                    continue
                lines.append(self._composer.escalated(incident, target.id, target.terms.name, now))
                letters.append(target)
                if target.terms.escalate:
                    plan(connection, target.id, {incident.id}, now + round(target.terms.escalate.after_s * 1000))
            written = append_events(connection, lines)
            told = [(target, line) for target, line in zip(letters, written, strict=True) if not target.muted_at(now)]
            direct = [letter_to(t, line, now) for t, line in told if t.terms.channel is not Channel.STREAM]
            add_letters(connection, direct)
            self._outbox.enlist(connection, written)
        self.escalated += len(written)
        log.info("escalated", incidents=len(written))
        return bool(written)
