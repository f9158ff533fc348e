"""The book of subscriptions: kept in the database, read by everybody who delivers."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    RowMapping,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from camera_adapters.clock import now_ms
from pipeline.alerting.database import make_missing_tables, metadata, read, write
from pipeline.alerting.subscriptions.terms import Channel, Subscription, Terms
from pipeline.errors import BadSubscription, UnknownSubscription

MOST = 5_000
DAY_MS = 86_400_000

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String, primary_key=True),
    Column("terms", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("stamp", Integer, nullable=False),
    Column("secret", String, nullable=False),
    Column("muted_since_ms", Integer),
    Column("muted_until_ms", Integer),
    Column("muted_by", String, nullable=False),
    Column("mute_reason", String, nullable=False),
)


class SubscriptionBook:
    """Adds, changes, mutes and removes subscriptions; safe to use from many threads and processes.

    `check` is asked whether an address may be used before terms are accepted; it raises BadSubscription.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        check: Callable[[Terms], None] = lambda _: None,
        longest_mute_days: float = 30,
        wall_ms: Callable[[], int] = now_ms,
        draw_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        make_missing_tables(engine, subscriptions)
        self._engine = engine
        self._check = check
        self._longest_mute_days = longest_mute_days
        self._wall_ms = wall_ms
        self._draw_secret = draw_secret
        self._known: tuple[tuple[int, int], list[Subscription]] = ((-1, -1), [])

    def add(self, terms: Terms, owner: str) -> Subscription:
        """Accept terms; the returned subscription has the secret of a webhook, which is shown only now.

        Raises BadSubscription when the address cannot be used or the escalation leads nowhere.
        """
        self._check(terms)
        secret = self._draw_secret() if terms.channel is Channel.WEBHOOK else ""
        with write(self._engine) as connection:
            self._check_escalation(connection, terms, "")
            if connection.execute(select(func.count()).select_from(subscriptions)).scalar_one() >= MOST:
                raise BadSubscription(f"there are {MOST} subscriptions already: remove some")
            made = Subscription(secrets.token_hex(10), terms, owner, self._wall_ms(), _stamp(), secret)
            connection.execute(insert(subscriptions).values(**_row(made)))
        return made

    def change(self, subscription_id: str, terms: Terms) -> Subscription:
        """Put other terms in place of the old ones; an empty address keeps the old one on the same channel.

        Raises UnknownSubscription, BadSubscription.
        """
        before = self.get(subscription_id)
        if not terms.address and terms.channel is before.terms.channel:
            terms = terms.model_copy(update={"address": before.terms.address})
        self._check(terms)
        secret = before.secret
        if terms.channel is Channel.WEBHOOK and not secret:
            secret = self._draw_secret()
        with write(self._engine) as connection:
            self._check_escalation(connection, terms, subscription_id)
            return _store(connection, subscription_id, terms=terms, secret=secret)

    def mute(self, subscription_id: str, until_ms: int, who: str, reason: str) -> Subscription:
        """Tell nothing until `until_ms` (UTC epoch ms). Raises UnknownSubscription, BadSubscription."""
        now = self._wall_ms()
        if until_ms <= now:
            raise BadSubscription("the mute would end in the past: name a later time")
        if until_ms > now + self._longest_mute_days * DAY_MS:
            raise BadSubscription(f"a mute may last {self._longest_mute_days:g} days at most: name an earlier time")
        with write(self._engine) as connection:
            values = {"muted_since_ms": now, "muted_until_ms": until_ms, "muted_by": who, "mute_reason": reason}
            return _store(connection, subscription_id, **values)

    def unmute(self, subscription_id: str) -> Subscription:
        """Tell again from now on; raises UnknownSubscription."""
        with write(self._engine) as connection:
            return _store(
                connection, subscription_id, muted_since_ms=None, muted_until_ms=None, muted_by="", mute_reason=""
            )

    def remove(self, subscription_id: str) -> None:
        """Forget a subscription; raises UnknownSubscription, BadSubscription when others escalate to it."""
        others = [s.terms.name for s in self.all() if s.terms.escalate and s.terms.escalate.to == subscription_id]
        if others:
            raise BadSubscription(f"{', '.join(others)} escalates to it: change that first")
        with write(self._engine) as connection:
            if not connection.execute(delete(subscriptions).where(subscriptions.c.id == subscription_id)).rowcount:
                raise UnknownSubscription(subscription_id)

    def get(self, subscription_id: str) -> Subscription:
        """Return one; raises UnknownSubscription."""
        with read(self._engine) as connection:
            return _found(connection, subscription_id)

    def all(self, connection: Connection | None = None) -> list[Subscription]:
        """Return all, oldest first; inside a transaction when a connection is given."""
        if connection is not None:
            return self._all(connection)
        with read(self._engine) as opened:
            return self._all(opened)

    def _all(self, connection: Connection) -> list[Subscription]:
        mark = select(func.count(), func.coalesce(func.sum(subscriptions.c.stamp), 0))
        count, stamps = connection.execute(mark).one()
        known, listed = self._known
        if known != (count, stamps):
            query = select(subscriptions).order_by(subscriptions.c.created_ms, subscriptions.c.id)
            listed = [_subscription_of(row) for row in connection.execute(query).mappings()]
            self._known = ((count, stamps), listed)
        return list(listed)

    def _check_escalation(self, connection: Connection, terms: Terms, own_id: str) -> None:
        target = terms.escalate.to if terms.escalate else None
        if target is None:
            return
        if target == own_id:
            raise BadSubscription("a subscription cannot escalate to itself: name another one")
        if all(s.id != target for s in self._all(connection)):
            raise BadSubscription(f"it escalates to {target}, which is no subscription")


def _stamp() -> int:
    """Return a number nobody has drawn before: the sum of all shows whether any subscription has changed."""
    return secrets.randbits(48)


def _found(connection: Connection, subscription_id: str) -> Subscription:
    query = select(subscriptions).where(subscriptions.c.id == subscription_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownSubscription(subscription_id)
    return _subscription_of(row)


def _store(connection: Connection, subscription_id: str, **values: Any) -> Subscription:  # noqa: ANN401 - of a dataclass
    changed = replace(_found(connection, subscription_id), stamp=_stamp(), **values)
    connection.execute(update(subscriptions).where(subscriptions.c.id == subscription_id).values(**_row(changed)))
    return changed


def _row(subscription: Subscription) -> dict[str, Any]:
    row = {column.name: getattr(subscription, column.name) for column in subscriptions.columns}
    return row | {"terms": subscription.terms.model_dump_json(by_alias=True)}


def _subscription_of(row: RowMapping) -> Subscription:
    return Subscription(**{**dict(row), "terms": Terms.model_validate_json(row["terms"])})
