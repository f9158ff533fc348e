"""Following the log of events: filtered, encoded once for all who ask for the same, resumed from any place."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from pipeline.alerting.delivery.hub import EventHub, Page
from pipeline.alerting.incidents.events import Event
from pipeline.alerting.subscriptions.terms import Subscription, Terms

RETRY = b"retry: 3000\n\n"


class Form(StrEnum):
    """How events are written: as server-sent events, or each as one line of JSON."""

    EVENTS = "events"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class StreamTerms:
    """What a reader asks for: a subscription by id, or terms of its own."""

    terms: Terms | None = None
    subscription_id: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events, encoded: one part each, or one part that is only a sign of life."""

    parts: tuple[bytes, ...]
    joined: bytes


PINGS = {Form.EVENTS: Chunk((b": \n\n",), b": \n\n"), Form.LINES: Chunk((b'{"event":"ping"}',), b'{"event":"ping"}')}


class Follower:
    """One reader of the hub's log."""

    def __init__(self, hub: EventHub, wanted: StreamTerms, form: Form, *, ping_s: float) -> None:
        self._hub = hub
        self._wanted = wanted
        self._form = form
        self._ping_s = ping_s

    async def chunks(self, after: int) -> AsyncIterator[Chunk]:
        """Yield what came after a place and what comes, until the hub closes or the subscription is gone.

        A chunk without events comes at once, and again after `ping_s` of silence: a connection that broke shows.
        """
        yield Chunk((), RETRY) if self._form is Form.EVENTS else PINGS[self._form]
        with self._hub.reading():
            while not self._hub.closed:
                news = self._hub.news()
                page = self._hub.recent(after)
                if page is None:
                    page = await asyncio.to_thread(self._hub.page, after)
                if page.missing:
                    yield _gap(after, self._form)
                if page.last_seq == after:
                    if not await _came(news, self._ping_s):
                        yield PINGS[self._form]
                    continue
                asked = self._asked()
                if asked is None:
                    return
                key = (self._form, asked, after, page.last_seq)
                chunk = self._hub.encoded(key, partial(self._encode, page, asked))
                after = page.last_seq
                if chunk.parts:
                    yield chunk

    def _asked(self) -> Terms | Subscription | None:
        if self._wanted.terms is not None:
            return self._wanted.terms
        return self._hub.subscription(self._wanted.subscription_id)

    def _encode(self, page: Page, asked: Terms | Subscription) -> Chunk:
        wants = asked.told_of if isinstance(asked, Subscription) else asked.wants
        write = _as_event if self._form is Form.EVENTS else _as_line
        parts = tuple(write(event) for event in page.events if wants(event))
        return Chunk(parts, b"".join(parts))


async def _came(news: asyncio.Future[None], within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await asyncio.shield(news)
    except TimeoutError:
        return False
    return True


def _as_event(event: Event) -> bytes:
    return f"id: {event.seq}\nevent: {event.what}\ndata: {event.body}\n\n".encode()


def _as_line(event: Event) -> bytes:
    return f'{{"seq":{event.seq},"event":"{event.what}","message":{event.body}}}'.encode()


def _gap(after: int, form: Form) -> Chunk:
    said = json.dumps({"after": after})
    line = f"event: gap\ndata: {said}\n\n" if form is Form.EVENTS else f'{{"event":"gap","message":{said}}}'
    return Chunk((line.encode(),), line.encode())
