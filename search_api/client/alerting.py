"""Incidents, and the events as they happen."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import httpx

from search_api.client.connection import Connection, read
from search_api.client.errors import Unreachable
from search_api.wire.alerting import IncidentOut, IncidentsOut, StoryOut

Outcome = Literal["true", "false", "test"]
_QUIET_S = 60.0  # the server sends a sign of life every 15 s


class Alerting(Connection):
    """What a subscriber and a dispatcher ask."""

    def incidents(self, **where: Any) -> Iterator[IncidentOut]:  # noqa: ANN401 - values of a query string
        """Yield incidents, newest first; `where` is what GET /v1/incidents takes: state, kind, camera, severity, …"""
        after: str | None = None
        while True:
            page = read(IncidentsOut, self.get("/v1/incidents", after=after, **where))
            yield from page.incidents
            after = page.next
            if after is None:
                return

    def incident(self, incident: str) -> StoryOut:
        """Return one incident with its timeline."""
        return read(StoryOut, self.get(f"/v1/incidents/{incident}"))

    def acknowledge(self, incident: str, note: str = "") -> IncidentOut:
        """Take an open incident over."""
        return self._step(incident, "acknowledge", {"note": note})

    def dispatch(self, incident: str, note: str = "") -> IncidentOut:
        """Say that somebody was sent."""
        return self._step(incident, "dispatch", {"note": note})

    def close_incident(self, incident: str, outcome: Outcome, note: str = "") -> IncidentOut:
        """Say how it turned out: this tunes what raised it."""
        return self._step(incident, "close", {"outcome": outcome, "note": note})

    def events(self, after: int | None = None) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yield (number, what happened, message) as it happens; go on `after` the last number that was seen.

        Ends when the server stops; raises Unreachable when nothing was heard for a minute.
        """
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        try:
            with self._http.stream("GET", "/v1/events", headers=headers, timeout=_QUIET_S) as reply:
                self._check(reply)
                yield from _events(reply.iter_lines())
        except httpx.HTTPError as error:
            raise Unreachable(f"the stream of events broke off: {error or type(error).__name__}") from error

    def _step(self, incident: str, step: str, body: dict[str, str]) -> IncidentOut:
        return read(IncidentOut, self.send("POST", f"/v1/incidents/{incident}/{step}", json=body))


def _events(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    field = {"id": "", "event": "", "data": ""}
    for line in lines:
        name, _, value = line.partition(":")
        if name in field:
            field[name] += value.removeprefix(" ")
        elif not line and field["data"]:
            yield int(field["id"] or 0), field["event"], json.loads(field["data"])
        if not line:
            field = dict.fromkeys(field, "")
