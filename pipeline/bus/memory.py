"""The bus inside one process: the same promises, gone when the process ends."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.bus.contract import BusCounters, Start
from pipeline.bus.message import Delivery, Message, Topic

CAPACITY = 10_000
REDELIVER_AFTER_S = 60.0
LOOK_AHEAD = 1_000  # messages that may be passed over because another consumer has their key


@dataclass(slots=True)
class _Held:
    """A message somebody took and has not acknowledged; `owner` "" is nobody."""

    message: Message
    owner: str
    since_s: float
    delivered: bool


@dataclass(slots=True)
class _Group:
    """`read` counts the messages of the topic that were handed out, or lost to the bound, so far."""

    read: int
    held: dict[int, _Held] = field(default_factory=dict)


@dataclass(slots=True)
class _Log:
    """The newest messages of a topic by their numbers, [first, end)."""

    messages: dict[int, Message] = field(default_factory=dict)
    first: int = 0
    end: int = 0
    groups: dict[str, _Group] = field(default_factory=dict)


class MemoryBus:
    """A Bus for threads of one process."""

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        redeliver_after_s: float = REDELIVER_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._redeliver_after_s = redeliver_after_s
        self._clock = clock
        self._changed = threading.Condition()
        self._logs = {topic: _Log() for topic in Topic}
        self._counters = BusCounters()
        self._closed = False

    def publish(self, messages: Sequence[Message]) -> None:
        """Put messages on their topics, in this order."""
        with self._changed:
            for message in messages:
                log = self._logs[message.topic]
                log.messages[log.end] = message
                log.end += 1
                if len(log.messages) > self._capacity:
                    del log.messages[log.first]
                    log.first += 1
                    self._count(trimmed=1)
            self._count(published=len(messages))
            self._changed.notify_all()

    def subscribe(self, topic: Topic, group: str, consumer: str, *, start: Start = Start.NEW) -> "MemorySubscription":
        """Join a group."""
        with self._changed:
            log = self._logs[topic]
            log.groups.setdefault(group, _Group(log.end if start is Start.NEW else log.first))
        return MemorySubscription(self, topic, group, consumer)

    @property
    def counters(self) -> BusCounters:
        """What happened so far."""
        with self._changed:
            return self._counters

    def close(self) -> None:
        """Wake everybody who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, topic: Topic, group: str, consumer: str, limit: int, wait_s: float) -> list[Delivery]:
        """Return the group's next messages for a consumer."""
        until = self._clock() + wait_s
        with self._changed:
            while True:
                found = self._next(self._logs[topic], self._logs[topic].groups[group], consumer, limit)
                left = until - self._clock()
                if found or left <= 0 or self._closed:
                    return found
                self._changed.wait(left)

    def ack(self, topic: Topic, group: str, deliveries: Sequence[Delivery]) -> None:
        """Forget what is done with."""
        with self._changed:
            for delivery in deliveries:
                self._logs[topic].groups[group].held.pop(int(delivery.token), None)
            self._changed.notify_all()

    def give_back(self, topic: Topic, group: str, consumer: str) -> None:
        """Let others of the group have what a consumer holds."""
        with self._changed:
            for held in self._logs[topic].groups[group].held.values():
                if held.owner == consumer:
                    held.owner = ""
            self._changed.notify_all()

    def _next(self, log: _Log, group: _Group, consumer: str, limit: int) -> list[Delivery]:
        now_s = self._clock()
        for held in group.held.values():
            if held.owner and now_s - held.since_s >= self._redeliver_after_s:
                held.owner = ""
        again = [number for number, held in sorted(group.held.items()) if not held.owner]
        busy = {held.message.key for held in group.held.values() if held.owner not in {"", consumer}}
        found: list[Delivery] = []
        for number in again:
            held = group.held[number]
            if len(found) < limit and held.message.key not in busy:
                found.append(Delivery(str(number), held.message, held.delivered))
                held.owner, held.since_s, held.delivered = consumer, now_s, True
        self._count(redelivered=sum(each.again for each in found))
        busy |= {held.message.key for held in group.held.values() if not held.owner}
        found += self._fresh(log, group, consumer, limit - len(found), busy)
        self._count(delivered=len(found))
        return found

    def _fresh(self, log: _Log, group: _Group, consumer: str, limit: int, busy: set[str]) -> list[Delivery]:
        """Hand out unread messages; one whose key is busy elsewhere is held for nobody until that is done."""
        group.read = max(group.read, log.first)
        found: list[Delivery] = []
        now_s, skipped = self._clock(), sum(not held.owner for held in group.held.values())
        while len(found) < limit and group.read < log.end and len(group.held) < self._capacity and skipped < LOOK_AHEAD:
            number, message = group.read, log.messages[group.read]
            group.read += 1
            free = message.key not in busy
            skipped += not free
            group.held[number] = _Held(message, consumer if free else "", now_s, free)
            if free:
                found.append(Delivery(str(number), message))
        return found

    def _count(self, **more: int) -> None:
        changed = {name: getattr(self._counters, name) + count for name, count in more.items()}
        self._counters = replace(self._counters, **changed)


class MemorySubscription:
    """One consumer of one group of a MemoryBus."""

    def __init__(self, bus: MemoryBus, topic: Topic, group: str, consumer: str) -> None:
        self._bus, self._topic, self._group, self._consumer = bus, topic, group, consumer

    def take(self, limit: int = 100, wait_s: float = 0.0) -> list[Delivery]:
        """Return the next messages, oldest first."""
        return self._bus.take(self._topic, self._group, self._consumer, limit, wait_s)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are done with."""
        self._bus.ack(self._topic, self._group, deliveries)

    def close(self) -> None:
        """Hand what is not acknowledged back to the group."""
        self._bus.give_back(self._topic, self._group, self._consumer)
