"""GET /v1/events: the events as they happen, over server-sent events or a WebSocket, resumable.

A reader names the last event it has seen and gets what came after: nothing is lost while it was away, as long as the
events are kept. Browsers' own EventSource sends Last-Event-ID by itself but no token: draw a ticket first, or read the
stream with fetch, which sends headers.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

from pipeline.alerting.alert import Source
from pipeline.alerting.delivery.following import Chunk, Follower, Form, StreamTerms
from pipeline.alerting.service import Alerting
from pipeline.alerting.subscriptions.terms import Channel, Terms, Urgency
from pipeline.errors import UnknownSubscription
from search_api.errors import BadInput, TooBusy
from search_api.routes.dependencies import Alerts, Caller, problems
from search_api.tickets import LASTS_S, Tickets
from search_api.wire.alerting import TicketOut

router = APIRouter(tags=["events"])
socket = APIRouter(tags=["events"])
_URGENCY: TypeAdapter[Urgency] = TypeAdapter(Urgency)
MOST_STREAMS = 4000
PING_S = 15.0
SEND_TIMEOUT_S = 30.0


def _terms(
    alerting: Alerts,
    subscription: Annotated[str | None, Query(max_length=64, description="what this subscription asks for")] = None,
    community: Annotated[list[str] | None, Query(description="only these communities")] = None,
    kind: Annotated[list[str] | None, Query(description="only these kinds")] = None,
    source: Annotated[list[Source] | None, Query(description="only from these")] = None,
    severity: Annotated[Urgency, Query(description="this and above")] = "low",
) -> StreamTerms:
    if subscription is not None:
        if community or kind or source or severity != "low":
            raise BadInput("name either a subscription or filters of your own")
        if alerting.hub.subscription(subscription) is None:
            alerting.book.get(subscription)  # raises when there is none; else it is a moment old
        return StreamTerms(subscription_id=subscription)
    wanted = Terms(
        name="stream",
        channel=Channel.STREAM,
        communities=tuple(community or ()),
        kinds=tuple(kind or ()),
        sources=tuple(source or ()),
        severity=severity,
        updates="every",
    )
    return StreamTerms(terms=wanted)


def _after(
    alerting: Alerts,
    last_event_id: Annotated[str | None, Header(description="the last event seen: go on after it")] = None,
    after: Annotated[str | None, Query(description="the same in the address; 0 begins with the oldest kept")] = None,
) -> int:
    text = last_event_id if last_event_id is not None else after
    if text is None:
        return alerting.hub.newest
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise BadInput("the id of an event is a number: send back what `id:` said")
    return int(text)


Wanted = Annotated[StreamTerms, Depends(_terms)]
After = Annotated[int, Depends(_after)]


@router.post("/v1/events/tickets", status_code=201, responses=problems(401), summary="A ticket for a browser's stream")
def ticket(request: Request, caller: Caller) -> TicketOut:
    """Return a ticket that opens one stream once, within 30 s."""
    tickets: Tickets = request.app.state.tickets
    return TicketOut(ticket=tickets.draw(caller), lasts_s=LASTS_S)


@router.get(
    "/v1/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, **problems(401, 404, 422, 503)},
    summary="Events as they happen",
)
async def events(alerting: Alerts, wanted: Wanted, after: After) -> Response:
    """Stream events: `id:` is the place to resume from, `event:` what happened, `data:` the message.

    An `event: gap` says that events between the named place and the next one are not kept any more. The stream ends
    when the server stops: connect again with the last id.
    """
    return _EventStream(_followed(alerting, wanted, after, Form.EVENTS))


@socket.websocket("/v1/events/ws")
async def events_ws(websocket: WebSocket, alerting: Alerts) -> None:
    """Send {"seq", "event", "message"} for each event; the address takes what that of /v1/events takes."""
    query = websocket.query_params
    await websocket.accept()
    try:
        wanted = _terms(
            alerting,
            query.get("subscription"),
            query.getlist("community"),
            query.getlist("kind"),
            [Source(name) for name in query.getlist("source")],
            _URGENCY.validate_python(query.get("severity", "low")),
        )
        after = _after(alerting, None, query.get("after"))
    except (BadInput, UnknownSubscription, ValueError) as error:
        await websocket.close(1008, str(error).splitlines()[0][:120])
        return
    gone = asyncio.create_task(_until_gone(websocket))
    try:
        async for chunk in _followed(alerting, wanted, after, Form.LINES):
            if gone.done():
                return
            async with asyncio.timeout(SEND_TIMEOUT_S):
                for line in chunk.parts:
                    await websocket.send_text(line.decode())
        await websocket.close(1001, "the server stops: connect again")
    except TooBusy as error:
        await websocket.close(1013, str(error))
    except (TimeoutError, WebSocketDisconnect):
        return
    finally:
        gone.cancel()


async def _until_gone(websocket: WebSocket) -> None:
    try:
        while True:
            await websocket.receive_text()
    except (WebSocketDisconnect, KeyError, RuntimeError):
        return


async def _followed(alerting: Alerting, wanted: StreamTerms, after: int, form: Form) -> AsyncIterator[Chunk]:
    if alerting.hub.readers >= MOST_STREAMS:
        raise TooBusy
    async for chunk in Follower(alerting.hub, wanted, form, ping_s=PING_S).chunks(after):
        yield chunk


class _EventStream(Response):
    """Sends chunks as they come; a reader that does not read for 30 s is let go of."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncIterator[Chunk]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Stream until the reader or the server goes."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": chunk.joined, "more_body": True})
        except (TimeoutError, OSError):
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
