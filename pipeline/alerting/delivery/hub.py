"""The log of events for those who read along: streams over HTTP and WebSocket.

The hub keeps the newest lines in memory for all; whoever is further behind reads the database. So nobody is dropped for
being slow, nothing grows with the number of readers, and a reader that comes back goes on where it was.
"""

import asyncio
import threading
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Engine, select

from pipeline.alerting.database import read
from pipeline.alerting.incidents.events import Event, events, events_after, newest
from pipeline.alerting.subscriptions.book import SubscriptionBook
from pipeline.alerting.subscriptions.terms import Subscription
from pipeline.errors import AlertingError

log = structlog.get_logger(__name__)
T = TypeVar("T")
KEPT = 8192
PAGE = 500
POLL_S = 1.0  # events that another process wrote are seen after this time
ENCODED = 64  # encoded pages kept for readers who ask for the same
# How long events are gathered before readers are woken, and how much longer for each reader: a thousand at 100 alerts a
# second are woken three times a second, each for thirty events, instead of a hundred times.
GATHER_S = 0.05
GATHER_EACH_S = 0.00025
LONGEST_GATHER_S = 0.5


@dataclass(frozen=True, slots=True)
class Page:
    """Events after a place, and the place to go on from; `missing` says that older ones were removed before."""

    events: list[Event]
    last_seq: int
    missing: bool = False


class EventHub:
    """`start` once, `close` once. `told` may be called from any thread; the rest from any thread or event loop."""

    def __init__(self, engine: Engine, book: SubscriptionBook) -> None:
        self._engine = engine
        self._book = book
        self._lines: list[Event] = []
        self._numbers: list[int] = []
        self._subscriptions: dict[str, Subscription] = {}
        self._waiters: dict[asyncio.AbstractEventLoop, asyncio.Future[None]] = {}
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-hub", daemon=True)
        self.newest = 0
        self.readers = 0
        self._encoded: dict[Hashable, Any] = {}

    def start(self) -> None:
        """Read the newest place of the log and begin to follow it."""
        self._catch_up(first=True)
        self._thread.start()

    def close(self) -> None:
        """End all streams, then the hub."""
        self._closing.set()
        self._woken.set()
        self._wake_readers()
        if self._thread.ident:
            self._thread.join(5)

    @property
    def closed(self) -> bool:
        """True when streams are to end."""
        return self._closing.is_set()

    def told(self) -> None:
        """There are new events."""
        self._woken.set()

    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return a subscription as it was a moment ago, None when it is gone."""
        return self._subscriptions.get(subscription_id)

    def news(self) -> asyncio.Future[None]:
        """Return a future of the running loop that is done as soon as there are new events; shared by all readers."""
        loop = asyncio.get_running_loop()
        with self._lock:
            waiter = self._waiters.get(loop)
            if waiter is None or waiter.done():
                waiter = self._waiters[loop] = loop.create_future()
        return waiter

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count a reader while the block runs."""
        with self._lock:
            self.readers += 1
        try:
            yield
        finally:
            with self._lock:
                self.readers -= 1

    def encoded(self, key: Hashable, encode: Callable[[], T]) -> T:
        """Return what `encode` makes of a page, once for all readers with the same key."""
        with self._lock:
            if key in self._encoded:
                found: T = self._encoded[key]
                return found
        made = encode()
        with self._lock:
            while len(self._encoded) >= ENCODED:
                del self._encoded[next(iter(self._encoded))]
            self._encoded[key] = made
        return made

    def recent(self, after: int) -> Page | None:
        """Return what came after a place when it is all in memory, else None: then `page` has it."""
        with self._lock:
            if after >= self.newest:
                return Page([], self.newest if after > self.newest else after)
            if not self._numbers or after + 1 < self._numbers[0]:
                return None
            lines = self._lines[bisect_right(self._numbers, after) :][:PAGE]
        return Page(lines, lines[-1].seq)

    def page(self, after: int) -> Page:
        """Return up to 500 events after a place, from the database; raises AlertingError."""
        with read(self._engine) as connection:
            lines = events_after(connection, after, PAGE)
            first = connection.execute(select(events.c.seq).order_by(events.c.seq).limit(1)).scalar()
        missing = bool(after) and first is not None and first > after + 1
        return Page(lines, lines[-1].seq if lines else after, missing)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.wait(POLL_S)
            self._woken.clear()
            try:
                if self._catch_up():
                    self._wake_readers()
            except AlertingError as error:
                log.warning("events_unreadable", detail=str(error))
            self._closing.wait(min(LONGEST_GATHER_S, GATHER_S + GATHER_EACH_S * self.readers))

    def _catch_up(self, *, first: bool = False) -> bool:
        with read(self._engine) as connection:
            self._subscriptions = {s.id: s for s in self._book.all(connection)}
            lines = [] if first else events_after(connection, self.newest, KEPT)
            number = newest(connection) if first else 0
            oldest = connection.execute(select(events.c.seq).order_by(events.c.seq).limit(1)).scalar()
        with self._lock:
            kept = [line for line in self._lines if oldest is not None and line.seq >= oldest]  # forgotten is forgotten
            self._lines = (kept + lines)[-KEPT:]
            self._numbers = [line.seq for line in self._lines]
            self.newest = lines[-1].seq if lines else max(self.newest, number)
        return bool(lines)

    def _wake_readers(self) -> None:
        with self._lock:
            waiters, self._waiters = self._waiters, {}
        for loop, waiter in waiters.items():
            try:
                loop.call_soon_threadsafe(_release, waiter)
            except RuntimeError:  # that loop is closed, and its readers with it
                continue


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
