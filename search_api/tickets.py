"""Tickets: a way into the event streams for browsers, whose EventSource and WebSocket cannot send a header.

A caller who has shown the token draws a ticket and puts it into the address. It opens one stream once, within half a
minute, so that an address that leaks (a log, a history, a screenshot) opens nothing.
"""

import secrets
import threading
import time
from collections.abc import Callable

LASTS_S = 30.0
MOST = 10_000


class Tickets:
    """Draws and takes tickets; safe to use from many threads. The oldest give way when too many are out."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._out: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def draw(self, caller: str) -> str:
        """Return a new ticket of a caller."""
        ticket, now = secrets.token_urlsafe(24), self._clock_s()
        with self._lock:
            self._out = {name: entry for name, entry in self._out.items() if entry[1] > now}
            while len(self._out) >= MOST:
                del self._out[next(iter(self._out))]
            self._out[ticket] = (caller, now + LASTS_S)
        return ticket

    def take(self, ticket: str) -> str | None:
        """Return whose ticket it is, once; None when it is unknown, used or too old."""
        with self._lock:
            caller, until_s = self._out.pop(ticket, ("", 0.0))
        return caller if caller and self._clock_s() < until_s else None
