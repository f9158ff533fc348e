"""HTTP POST to one address over connections that are kept: no more of HTTP/1.1 than a message needs.

A general client costs ten times the CPU per message, and resolves names where the guard cannot see it. Here the
connection goes to the address the guard has checked, nothing is followed elsewhere, and of an answer only its status,
a few headers and the end of a short body are read.
"""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from pipeline.alerting.delivery.channel import Reason, Undelivered
from pipeline.alerting.delivery.guard import AddressGuard

LONGEST_ANSWER = 16_000  # bytes of head or body; a connection with a longer body is closed instead of read
MOST_HEADERS = 100
IN_TARGETS = "%/:=&?~+!$,;'@()*[]"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers (names in lower case) of an answer."""

    status: int
    headers: Mapping[str, str]


class Poster:
    """Posts to one http:// or https:// address; used by one event loop."""

    def __init__(self, address: str, guard: AddressGuard, *, timeout_s: float) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or ""
        self._secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._guard = guard
        self._timeout_s = timeout_s
        self._idle: list[Connection] = []
        target = quote(parts.path or "/", safe=IN_TARGETS) + (
            f"?{quote(parts.query, safe=IN_TARGETS)}" * bool(parts.query)
        )
        name = f"[{self._host}]" if ":" in self._host else self._host.encode("idna").decode()
        host = name if parts.port is None else f"{name}:{parts.port}"
        self._head = (
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: zhian\r\n{_basic(parts.username, parts.password)}"
        )

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer; raises Undelivered when there is none within the timeout."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{self._head}{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchanged(request)
        except TimeoutError as error:
            raise Undelivered(Reason.TIMEOUT, "no answer in time") from error
        except (OSError, EOFError) as error:
            raise Undelivered(Reason.UNREACHABLE, str(error) or "the connection was closed") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise Undelivered(Reason.FAILING, "what answers there does not speak HTTP/1.1") from error

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchanged(self, request: bytes) -> Answer:
        while self._idle:
            try:
                return await self._exchange(self._idle.pop(), request)
            except (OSError, EOFError):  # closed by the other side while it was idle
                continue
        return await self._exchange(await self._dial(), request)

    async def _dial(self) -> Connection:
        address = await self._guard.address_of(self._host, self._port)
        # Trusted certificates are read from the disk: once for each connection, and those are kept.
        secure = await asyncio.to_thread(ssl.create_default_context) if self._secure else None
        name = self._host if self._secure else None
        return await asyncio.open_connection(
            address, self._port, ssl=secure, server_hostname=name, limit=LONGEST_ANSWER
        )

    async def _exchange(self, connection: Connection, request: bytes) -> Answer:
        reader, writer = connection
        reusable = False
        try:
            writer.write(request)
            await writer.drain()
            answer, version = await _head(reader)
            reusable = await _body_passed(reader, answer) and version == "HTTP/1.1"
            return answer
        finally:
            if reusable:
                self._idle.append(connection)
            else:
                writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[Answer, str]:
    """Read status and headers, passing over interim answers."""
    while True:
        version, _, rest = (await reader.readuntil(b"\r\n")).decode("latin-1").partition(" ")
        status = int(rest[:3])
        if not version.startswith("HTTP/1.") or not 100 <= status <= 999:
            raise ValueError("not an HTTP answer")
        headers: dict[str, str] = {}
        for _ in range(MOST_HEADERS):
            line = (await reader.readuntil(b"\r\n")).decode("latin-1").strip()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        else:
            raise ValueError("too many headers")
        if status >= 200:
            return Answer(status, headers), version


async def _body_passed(reader: asyncio.StreamReader, answer: Answer) -> bool:
    """Read the rest of a short answer; return whether the connection can be used again."""
    if answer.headers.get("connection", "").lower() == "close" or "transfer-encoding" in answer.headers:
        return False
    length = "0" if answer.status in {204, 304} else answer.headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal()) or len(length) > 5 or int(length) > LONGEST_ANSWER:
        return False
    await reader.readexactly(int(length))
    return True


def _basic(user: str | None, password: str | None) -> str:
    if not user:
        return ""
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return f"Authorization: Basic {base64.b64encode(pair).decode()}\r\n"
