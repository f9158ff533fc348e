"""Replies that the caller has already are not sent again (RFC 9110, sections 8.8.3 and 13.1.2)."""

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TAGGED = ("application/json", "application/geo+json", "image/jpeg")


class Etags:
    """ASGI middleware: every whole reply to a GET under /v1 has an ETag; with the caller's own it is an empty 304.

    A route that knows a better tag than the digest of its reply sets it itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tag its reply."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Tagging(send, Headers(scope=scope).get("if-none-match", "")))


class _Tagging:
    """Holds back a reply until all of it is known, and sends it with its tag; a stream goes through as it comes."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_whole(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(self._start, b"".join(self._parts))

    async def _finish(self, start: Message, body: bytes) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = MutableHeaders(scope=start)
        headers["ETag"] = tag
        if headers.get("content-type") == "image/jpeg":
            # a browser may keep pictures if it asks each time; who was searched for stays on no disk
            headers["Cache-Control"] = "private, no-cache"
        if tag in self._known:
            start, body = {**start, "status": 304}, b""
            del headers["content-length"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_whole(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    media_type = headers.get("content-type", "").partition(";")[0]
    return bool(start["status"] == 200 and media_type in TAGGED and "etag" not in headers)
