"""One consumer of one group over the partitions of a topic."""

import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import redis
import structlog

from pipeline.bus.contract import Start
from pipeline.bus.leases import Leases
from pipeline.bus.link import Link
from pipeline.bus.message import Delivery, Topic, UnreadableMessage, decode
from pipeline.errors import BusUnavailable

log = structlog.get_logger(__name__)
Entry = tuple[bytes, dict[bytes, bytes]]
_CLAIM_AT_ONCE = 100
_RENEWALS_A_LEASE = 3
_ACK_PATIENCE_S = 5.0


class Count(Protocol):
    """Adds to the counters of the bus."""

    def __call__(self, **more: int) -> None:
        """Add."""
        ...


class RedisSubscription:
    """A Subscription on Redis Streams; made by `RedisBus.subscribe`."""

    def __init__(
        self,
        link: Link,
        streams: Sequence[str],
        topic: Topic,
        group: str,
        consumer: str,
        *,
        redeliver_after_s: float,
        lease_s: float,
        count: Count,
    ) -> None:
        self._link = link
        self._streams = streams
        self._topic, self._group, self._consumer = topic, group, consumer
        self._redeliver_after_ms = round(redeliver_after_s * 1000)
        self._every_s = lease_s / _RENEWALS_A_LEASE
        self._leases = Leases(link, f"zhian:{topic}:{group}", consumer, len(streams), lease_s)
        self._count = count
        self._owned: list[int] = []
        self._to_claim: dict[int, int] = {}  # partition → idle ms from which entries of others, or old ones, are ours
        self._renew_at = 0.0
        self._failures = link.failures
        self._ready: deque[Delivery] = deque()
        self._unacknowledged: set[str] = set()

    def join(self, start: Start, patience_s: float) -> None:
        """Make the group where it is missing."""
        self._link.call(lambda client: self._make_groups(client, "$" if start is Start.NEW else "0"), patience_s)

    def take(self, limit: int = 100, wait_s: float = 0.0) -> list[Delivery]:
        """Return the next messages, oldest first; none when the bus cannot be reached."""
        until = time.monotonic() + wait_s
        while not self._ready:
            left_s = max(0.0, until - time.monotonic())
            try:
                self._link.call(lambda client: self._fill(client, limit, left_s), left_s)  # noqa: B023 - called at once
            except BusUnavailable:
                self._link.pause(max(0.0, until - time.monotonic()))
                break
            if time.monotonic() >= until or self._link.closed:
                break
        return [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are done with; raises BusUnavailable, and they will come again."""
        by_partition: dict[int, list[str]] = {}
        for delivery in deliveries:
            entry = delivery.token.partition("/")[2]
            by_partition.setdefault(_partition_of(delivery.token), []).append(entry)

        def ask(client: redis.Redis) -> None:
            for partition, entries in by_partition.items():
                client.xack(self._streams[partition], self._group, *entries)

        self._link.call(ask, _ACK_PATIENCE_S)
        self._unacknowledged.difference_update(delivery.token for delivery in deliveries)

    def close(self) -> None:
        """Leave the partitions to others; when the server is not there, the lease runs out by itself."""
        self._owned, self._renew_at = [], 0.0
        self._ready.clear()
        self._unacknowledged.clear()
        try:
            self._leases.release(0.0)
        except BusUnavailable as error:
            log.warning("bus_not_left", group=self._group, reason=str(error))

    def _make_groups(self, client: redis.Redis, first: str) -> None:
        for name in self._streams:
            try:
                client.xgroup_create(name, self._group, id=first, mkstream=True)
            except redis.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def _fill(self, client: redis.Redis, limit: int, wait_s: float) -> None:
        """Read once; a server that came back empty knows no group, and then all that is there is new."""
        try:
            self._renew(wait_s)
            if self._link.failures != self._failures:
                # an answer with messages may be lost: the server takes them for delivered, and they come before newer
                self._failures = self._link.failures
                self._to_claim |= dict.fromkeys(self._owned, 0)
            self._claim(client)
            if not self._ready:
                self._read(client, limit, min(wait_s, self._every_s))
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._make_groups(client, "0")

    def _renew(self, patience_s: float) -> None:
        now = time.monotonic()
        if now < self._renew_at:
            return
        busy = {_partition_of(token) for token in self._unacknowledged}
        owned = self._leases.renew(busy, patience_s)
        for partition in owned:
            self._to_claim[partition] = self._redeliver_after_ms if partition in self._owned else 0
        self._unacknowledged = {token for token in self._unacknowledged if _partition_of(token) in owned}
        self._owned, self._renew_at = owned, now + self._every_s

    def _claim(self, client: redis.Redis) -> None:
        """Take over what the last owner of a partition left, before anything newer of it is read."""
        for partition in [each for each in self._owned if each in self._to_claim]:
            idle_ms, cursor = self._to_claim[partition], "0-0"
            while True:
                reply: Any = client.xautoclaim(
                    self._streams[partition], self._group, self._consumer, idle_ms, cursor, count=_CLAIM_AT_ONCE
                )
                cursor = reply[0].decode()
                held = self._unacknowledged if idle_ms == 0 else set()
                entries = [each for each in reply[1] if f"{partition}/{each[0].decode()}" not in held]
                self._keep(partition, entries, again=True)
                if cursor == "0-0":
                    break
            del self._to_claim[partition]

    def _read(self, client: redis.Redis, limit: int, wait_s: float) -> None:
        if not self._owned:
            self._link.pause(min(wait_s, 0.05))
            return
        reply: Any = client.xreadgroup(
            self._group,
            self._consumer,
            {self._streams[partition]: ">" for partition in self._owned},
            count=max(1, limit // len(self._owned)),
            block=round(wait_s * 1000) or None,
        )
        for name, entries in reply or ():
            self._keep(self._streams.index(name.decode()), entries, again=False)

    def _pass_over(self, partition: int, number: bytes, client: redis.Redis) -> None:
        client.xack(self._streams[partition], self._group, number)

    def _keep(self, partition: int, entries: Sequence[Entry], *, again: bool) -> None:
        known = {each.token for each in self._ready}
        for number, fields in entries:
            token = f"{partition}/{number.decode()}"
            if not fields or token in known:  # trimmed since it was delivered; or waiting here already
                continue
            try:
                message = decode(self._topic, fields.get(b"m", b""))
            except UnreadableMessage as error:
                log.warning("bus_message_unreadable", topic=str(self._topic), entry=token, detail=str(error))
                self._count(unreadable=1)
                self._link.call(partial(self._pass_over, partition, number), 0.0)
                continue
            self._ready.append(Delivery(token, message, again))
            self._unacknowledged.add(token)
            self._count(delivered=1, redelivered=int(again))


def _partition_of(token: str) -> int:
    return int(token.partition("/")[0])
