"""A connection to Redis that comes back by itself, and says why it is gone."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
import structlog

from camera_adapters.backoff import JITTER, Random, Waits
from camera_adapters.masking import mask
from pipeline.errors import BusUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

WAITS = Waits(0.05, 3.0)
ANSWER_S = 5.0
CONNECT_S = 2.0
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (redis.AuthenticationError, "it refuses the password"),
    (redis.exceptions.BusyLoadingError, "it is still loading its data"),
    (redis.TimeoutError, "it does not answer"),
    (redis.ConnectionError, "it cannot be reached"),
    (redis.exceptions.ReadOnlyError, "it is a read-only replica"),
    (redis.exceptions.OutOfMemoryError, "it has no memory left"),
)
_PASSING = tuple(kind for kind, _ in _REASONS)


class Link:
    """Calls Redis, and again after a while when the connection fails; safe to use from many threads.

    Whoever calls decides how long that may take; `trouble` is why the last try failed, "" after one that did not.
    """

    def __init__(self, url: str, rng: Random, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = mask(url)
        self._rng = rng
        self._clock = clock
        self._client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=CONNECT_S, retry=None, protocol=2
        )
        self._closing = threading.Event()
        self._failures_in_a_row = 0
        self.failures = 0
        self.trouble = ""

    def call(self, ask: Callable[[redis.Redis], T], patience_s: float) -> T:
        """Return what `ask` returns; raises BusUnavailable when it still fails after `patience_s` seconds.

        `ask` must bear being called again after it has worked: a lost answer looks like a lost call.
        """
        until = self._clock() + patience_s
        while True:
            try:
                found = ask(self._client)
            except _PASSING as error:
                wait_s = self._failed(error)
                if self._closing.is_set() or self._clock() + wait_s > until:
                    raise BusUnavailable(f"the bus at {self._address} is not there: {self.trouble}") from error
                self._closing.wait(wait_s)
            except redis.ResponseError as error:
                if str(error).startswith("NOGROUP"):
                    raise
                raise BusUnavailable(f"the bus at {self._address} does not understand: {error}") from error
            else:
                self._settled()
                return found

    def pause(self, seconds: float) -> None:
        """Wait, or less when the link is closed."""
        self._closing.wait(seconds)

    @property
    def closed(self) -> bool:
        """True after `close`."""
        return self._closing.is_set()

    def close(self) -> None:
        """Give up all waiting and all connections."""
        self._closing.set()
        self._client.close()
        self._client.connection_pool.disconnect()

    def _failed(self, error: Exception) -> float:
        """Note a failure and return how long to wait, shortened at random so that not all come back at once."""
        reason = next(text for kind, text in _REASONS if isinstance(error, kind))
        if not self.trouble:
            log.warning("bus_lost", address=self._address, reason=reason, detail=str(error))
        self.trouble = reason
        self.failures += 1
        self._failures_in_a_row += 1
        return WAITS.nth(self._failures_in_a_row) * (1 - JITTER * self._rng.random())

    def _settled(self) -> None:
        if self.trouble:
            log.info("bus_back", address=self._address, failures=self._failures_in_a_row)
        self.trouble, self._failures_in_a_row = "", 0
