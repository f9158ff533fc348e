"""Requests with token, one way to fail, and pictures and lists that are not sent twice."""

from collections import OrderedDict
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel

from search_api.client.errors import ProblemReply, Unreachable

Model = TypeVar("Model", bound=BaseModel)
_REMEMBERED = 256  # replies with an ETag
_LARGEST = 1_000_000  # bytes of a reply that is remembered


class Connection:
    """One connection to the API; safe between threads as far as httpx is."""

    def __init__(
        self, address: str, token: str, *, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Take the address of the server, such as http://127.0.0.1:8420, and a token of it."""
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout_s, transport=transport)
        self._remembered: OrderedDict[str, tuple[str, httpx.Response]] = OrderedDict()

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **asked: Any) -> httpx.Response:  # noqa: ANN401 - values of a query string
        """Return a reply; what has not changed since it was last asked for is not sent again."""
        params = {name: value for name, value in asked.items() if value not in (None, "", (), [])}
        request = self._http.build_request("GET", path, params=params)
        name = str(request.url)
        known = self._remembered.get(name)
        if known is not None:
            request.headers["If-None-Match"] = known[0]
        reply = self._sent(request)
        if reply.status_code == httpx.codes.NOT_MODIFIED and known is not None:
            self._remembered.move_to_end(name)
            return known[1]
        self._remember(name, reply)
        return reply

    def pages(self, kind: type[Model], path: str) -> list[Model]:
        """Return the models of a list and of the pages that it says follow."""
        page = self.get(path)
        found = read_all(kind, page.json())
        while "next" in page.links:
            page = self.get(page.links["next"]["url"])
            found += read_all(kind, page.json())
        return found

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own arguments
        """Send a form (`data`, `files`) or `json`."""
        return self._sent(self._http.build_request(method, path, **content))

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            reply = self._http.send(request)
        except httpx.HTTPError as error:
            raise Unreachable(f"{request.url.host} did not answer: {error or type(error).__name__}") from error
        self._check(reply)
        return reply

    def _check(self, reply: httpx.Response) -> None:
        if reply.status_code >= httpx.codes.BAD_REQUEST:
            reply.read()
            raise _problem(reply)

    def _remember(self, name: str, reply: httpx.Response) -> None:
        tag = reply.headers.get("etag")
        if tag is None or len(reply.content) > _LARGEST:
            return
        self._remembered[name] = (tag, reply)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def read(kind: type[Model], reply: httpx.Response) -> Model:
    """Return a reply as a model; fields that a newer server added are passed over."""
    return kind.model_validate_json(reply.content, extra="ignore")


def read_all(kind: type[Model], items: Iterable[Any]) -> list[Model]:
    """Return each of a list as a model."""
    return [kind.model_validate(item, extra="ignore") for item in items]


def _problem(reply: httpx.Response) -> ProblemReply:
    try:
        body = reply.json()
        return ProblemReply(reply.status_code, str(body["type"]).rpartition(":")[2], str(body["detail"]))
    except (ValueError, KeyError, TypeError):
        return ProblemReply(reply.status_code, "http", f"HTTP {reply.status_code} {reply.reason_phrase}")
