"""Messages into a stream of a Redis server.

Each entry has the fields `id`, `incident` and `body` (the JSON). The server decides how durable an acknowledged entry
is: with `appendonly yes` and `appendfsync always` it survives a crash.
"""

import asyncio
from urllib.parse import parse_qs, unquote, urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.encoding import encoded
from pipeline.alerting.delivery.guard import AddressGuard

LONGEST_STREAM = 100_000  # about as many of the newest entries stay


class RedisStream:
    """Adds to the stream in `redis[s]://[:PASSWORD@]HOST[:PORT][/DATABASE]?stream=NAME`; its entry is the receipt."""

    def __init__(self, address: str, guard: AddressGuard, *, timeout_s: float) -> None:
        self._parts = urlsplit(address)
        self._stream = parse_qs(self._parts.query)["stream"][0]
        self._guard = guard
        self._timeout_s = timeout_s
        self._client: redis.Redis | None = None
        self._connecting = asyncio.Lock()

    async def send(self, parcel: Parcel) -> str:
        """Add the entry and wait for its id."""
        fields = {"id": parcel.id, "incident": parcel.incident_id, "body": encoded(parcel)}
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connected()
                entry = await client.xadd(self._stream, fields, maxlen=LONGEST_STREAM, approximate=True)  # type: ignore[arg-type]
        except TimeoutError as error:
            await self.close()
            raise Undelivered(Reason.TIMEOUT, "the server did not answer in time") from error
        except ResponseError as error:
            raise Undelivered(Reason.FAILING, str(error)) from error
        except (RedisError, OSError) as error:
            await self.close()
            raise Undelivered(Reason.UNREACHABLE, str(error) or type(error).__name__) from error
        return f"entry {entry.decode() if isinstance(entry, bytes) else entry} of {self._stream}"

    async def close(self) -> None:
        """Disconnect."""
        was, self._client = self._client, None
        if was is not None:
            await was.aclose()

    async def _connected(self) -> redis.Redis:
        async with self._connecting:
            if self._client is None:
                host, secure = self._parts.hostname or "", self._parts.scheme == "rediss"
                port = self._parts.port or 6379
                checked = await self._guard.address_of(host, port)
                self._client = redis.Redis(
                    host=host if secure else checked,
                    port=port,
                    db=int(self._parts.path.lstrip("/") or 0),
                    username=unquote(self._parts.username) if self._parts.username else None,
                    password=unquote(self._parts.password) if self._parts.password else None,
                    ssl=secure,
                    retry=Retry(NoBackoff(), 0),  # the lane tries again, and says why
                    socket_timeout=self._timeout_s,
                    socket_connect_timeout=self._timeout_s,
                )
            return self._client
