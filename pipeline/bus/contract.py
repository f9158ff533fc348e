"""What every bus promises, whatever it is built on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pipeline.bus.message import Delivery, Message, Topic


class Start(StrEnum):
    """Where a new group begins: with what comes from now on, or with the oldest message still there."""

    NEW = "new"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class BusCounters:
    """Messages since the bus was opened: `trimmed` left at the old end of a full topic, read or not.

    `redelivered` were handed out again because nobody had acknowledged them; `unreadable` were passed over.
    `failures` counts calls that a lost connection ended; `trouble` says in one sentence why the bus is not reached
    now, "" when it is.
    """

    published: int = 0
    trimmed: int = 0
    delivered: int = 0
    redelivered: int = 0
    unreadable: int = 0
    failures: int = 0
    trouble: str = ""


class Subscription(Protocol):
    """One consumer of one group.

    - `take` returns at most `limit` messages, waits at most `wait_s` for a first one, and returns none when nothing
      came or the bus cannot be reached (the counters say why).
    - a message is delivered to one consumer of the group until it is acknowledged; when that consumer closes, dies or
      holds it for longer than the bus's `redeliver_after_s`, it is delivered again, to whoever takes next.
    - messages of one key come in the order they were published, and go to one consumer at a time.
    """

    def take(self, limit: int = 100, wait_s: float = 0.0) -> list[Delivery]:
        """Return the next messages, oldest first."""
        ...

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are done with: the group gets them no more. Acknowledging twice changes nothing."""
        ...

    def close(self) -> None:
        """Hand what is not acknowledged back to the group."""
        ...


class Bus(Protocol):
    """Topics of bounded length, each read by groups: every group gets every message at least once.

    - `publish` returns when the bus has the messages; raises BusUnavailable when that could not be had in time. Then
      some of them may be on the bus all the same: publish all again, receivers know them by their id.
    - a topic keeps at most about `capacity` messages; the oldest make room, and are counted as trimmed.
    - a group is known for ever: what is published while nobody subscribes waits for it, within the capacity.
    - every method may be called from any thread; a subscription belongs to one thread at a time.
    """

    def publish(self, messages: Sequence[Message]) -> None:
        """Put messages on their topics, in this order."""
        ...

    def subscribe(self, topic: Topic, group: str, consumer: str, *, start: Start = Start.NEW) -> Subscription:
        """Join a group; `consumer` must be unique in it. `start` counts only for a group nobody knows yet."""
        ...

    @property
    def counters(self) -> BusCounters:
        """What happened so far."""
        ...

    def close(self) -> None:
        """Release connections; subscriptions end."""
        ...
