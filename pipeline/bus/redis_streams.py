"""The bus over Redis Streams: any number of processes, on one machine or several. Wants Redis 6.2 or later.

Each topic is a few streams, its partitions; a key always falls into the same one. A consumer group reads a partition
with one consumer at a time, which keeps the order of each key; `pipeline.bus.leases` shares them out.
"""

import random
import threading
import zlib
from collections.abc import Sequence
from dataclasses import replace

import redis

from camera_adapters.backoff import Random
from pipeline.bus.contract import BusCounters, Start
from pipeline.bus.link import Link
from pipeline.bus.memory import CAPACITY, REDELIVER_AFTER_S
from pipeline.bus.message import Message, Topic, encode
from pipeline.bus.redis_subscription import RedisSubscription

PREFIX = "zhian"
PARTITIONS = 4
PATIENCE_S = 5.0
LEASE_S = 10.0

# KEYS: one stream a message. ARGV: most entries of a stream, then the messages. All or nothing, in one go.
_PUBLISH = """
local trimmed = 0
for i, key in ipairs(KEYS) do
  redis.call('XADD', key, '*', 'm', ARGV[i + 1])
  trimmed = trimmed + redis.call('XTRIM', key, 'MAXLEN', '=', ARGV[1])
end
return trimmed
"""


class RedisBus:
    """A Bus on a Redis server; the connection comes back by itself.

    How many partitions there are is settled by the first bus on a server; `capacity` is that of a whole topic.
    `publish` tries for `patience_s`; a consumer that is silent for `lease_s` is taken for dead.
    """

    def __init__(
        self,
        url: str,
        *,
        capacity: int = CAPACITY,
        partitions: int = PARTITIONS,
        redeliver_after_s: float = REDELIVER_AFTER_S,
        lease_s: float = LEASE_S,
        patience_s: float = PATIENCE_S,
        rng: Random | None = None,
    ) -> None:
        self._link = Link(url, rng or random.Random())  # noqa: S311 - jitter
        self._capacity = capacity
        self._wanted_partitions = partitions
        self._partitions = 0
        self._redeliver_after_s = redeliver_after_s
        self._lease_s = lease_s
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._counters = BusCounters()

    def publish(self, messages: Sequence[Message]) -> None:
        """Put messages on their topics, in this order; raises BusUnavailable."""
        if not messages:
            return
        count = self.partitions()
        keys = [stream(each.topic, zlib.crc32(each.key.encode()) % count) for each in messages]
        limit = max(1, self._capacity // count)
        contents = [encode(each) for each in messages]

        def ask(client: redis.Redis) -> int:
            return int(client.eval(_PUBLISH, len(keys), *keys, limit, *contents))

        trimmed = self._link.call(ask, self._patience_s)
        self.count(published=len(messages), trimmed=trimmed)

    def subscribe(self, topic: Topic, group: str, consumer: str, *, start: Start = Start.NEW) -> RedisSubscription:
        """Join a group; raises BusUnavailable when the server is not there."""
        found = RedisSubscription(
            self._link,
            [stream(topic, number) for number in range(self.partitions())],
            topic,
            group,
            consumer,
            redeliver_after_s=self._redeliver_after_s,
            lease_s=self._lease_s,
            count=self.count,
        )
        found.join(start, self._patience_s)
        return found

    @property
    def counters(self) -> BusCounters:
        """What happened so far."""
        with self._lock:
            return replace(self._counters, failures=self._link.failures, trouble=self._link.trouble)

    def close(self) -> None:
        """Release the connections."""
        self._link.close()

    def count(self, **more: int) -> None:
        """Add to the counters."""
        with self._lock:
            changed = {name: getattr(self._counters, name) + count for name, count in more.items()}
            self._counters = replace(self._counters, **changed)

    def partitions(self) -> int:
        """Return how many partitions the topics of this server have; raises BusUnavailable."""
        if not self._partitions:
            name = f"{PREFIX}:partitions"

            def ask(client: redis.Redis) -> int:
                client.set(name, self._wanted_partitions, nx=True)
                return int(client.get(name) or self._wanted_partitions)

            self._partitions = self._link.call(ask, self._patience_s)
        return self._partitions


def stream(topic: Topic, partition: int) -> str:
    """Return the name of a stream."""
    return f"{PREFIX}:{topic}:{partition}"
