"""The outermost step of every request: the token first, then the size of the body, then safe headers."""

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.access import Callers
from search_api.problems import problem
from search_api.tickets import Tickets

UPLOAD_LIMIT = 20_000_000
JSON_LIMIT = 1_000_000
_FORM_FIELDS = 64_000  # room for the multipart frame and the text fields beside the photo
OPEN_PATHS = frozenset({"/", "/docs", "/healthz", "/openapi.json"})
OPEN_FOLDER = "/console/"
TICKET_PATHS = frozenset({"/v1/events", "/v1/events/ws"})  # whom a browser cannot send a header to
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Door:
    """ASGI middleware. A path is closed unless it is listed open, so that a new route cannot be forgotten.

    Closed paths want `Authorization: Bearer TOKEN`, event streams that or a ticket; the caller's name is put into
    `request.state.caller`. The body is refused with 413 as soon as it is known to be over the limit, before it is
    parsed.
    """

    def __init__(
        self, app: ASGIApp, callers: Callers, tickets: Tickets | None = None, *, open_metrics: bool = False
    ) -> None:
        self._app = app
        self._callers = callers
        self._tickets = tickets or Tickets()
        self._open = OPEN_PATHS | {"/metrics"} if open_metrics else OPEN_PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in or answer with a problem."""
        if scope["type"] == "websocket":
            await self._let_socket_in(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = scope["path"]
        send = _with_safe_headers(send)
        if path not in self._open and not path.startswith(OPEN_FOLDER):
            caller = self._caller(headers.get("authorization", "")) or self._ticket_holder(scope)
            if caller is None:
                detail = "send the header `Authorization: Bearer TOKEN` with a valid token"
                refusal = problem(401, "unauthorised", detail, headers={"WWW-Authenticate": "Bearer"})
                await refusal(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, _limited(receive, headers), send)

    async def _let_socket_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller(Headers(scope=scope).get("authorization", "")) or self._ticket_holder(scope)
        if caller is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "no valid token or ticket"})
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _ticket_holder(self, scope: Scope) -> str | None:
        if scope["path"] not in TICKET_PATHS:
            return None
        ticket = QueryParams(scope["query_string"]).get("ticket")
        return self._tickets.take(ticket) if ticket else None

    def _caller(self, authorization: str) -> str | None:
        scheme, _, token = authorization.partition(" ")
        return self._callers.name_of(token.strip()) if scheme.lower() == "bearer" else None


def _limited(receive: Receive, headers: Headers) -> Receive:
    is_json = headers.get("content-type", "").startswith("application/json")
    limit = JSON_LIMIT if is_json else UPLOAD_LIMIT + _FORM_FIELDS
    announced = headers.get("content-length", "")
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        if announced.isdecimal() and int(announced) > limit:
            raise _too_large(is_json=is_json)
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(is_json=is_json)
        return message

    return receive_limited


def _too_large(*, is_json: bool) -> HTTPException:
    if is_json:
        return HTTPException(413, f"the body is over {JSON_LIMIT // 1_000_000} MB: nothing here needs as much")
    # FastAPI turns any other exception met while it reads a form into a bare 400.
    return HTTPException(413, f"the upload is over {UPLOAD_LIMIT // 1_000_000} MB: send a smaller picture")


def _with_safe_headers(send: Send) -> Send:
    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_safely
