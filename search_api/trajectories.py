"""A way and where it may lead, written down like every search over people."""

from dataclasses import dataclass

from pipeline.coverage import Watching, archive_coverage
from pipeline.trajectory.route import Trajectory
from pipeline.trajectory.suggestions import LastSeen, Suggestion, suggest
from pipeline.trajectory.tracing import Tracing, trace
from search_api.service import Purpose, SearchService


@dataclass(frozen=True, slots=True)
class TracedWay:
    """The way, where she can be at `at_ms` (UTC epoch ms), and what was watched from its first stop until then."""

    way: Trajectory
    at_ms: int
    suggestions: list[Suggestion]
    coverage: Watching


def traced(service: SearchService, asked: Tracing, purpose: Purpose, at_ms: int | None = None) -> TracedWay:
    """Trace a way and record that it was asked for; raises as `pipeline.trajectory.tracing.trace`.

    Without `at_ms` the suggestions are for now, or for the end of the records of an archive that nobody adds to.
    """
    from pipeline.archive.contract import SearchRecord

    what = {"trajectory": list(asked.confirmed), "rejected": sorted(asked.rejected), "fill": asked.fill}
    what |= {"from_ms": asked.from_ms, "to_ms": asked.to_ms}
    outcome, stops = "not answered", 0
    try:
        answer = _traced(service, asked, at_ms)
        outcome, stops = "answered", len(answer.way.stops)
        return answer
    finally:
        entry = {**what, "outcome": outcome}
        service.archive.record_search(SearchRecord(service.now_ms(), purpose.who, purpose.reason, entry, stops))


def _traced(service: SearchService, asked: Tracing, at_ms: int | None) -> TracedWay:
    site, archive = service.site, service.archive
    way = trace(archive, asked, site.graph, site.travel)
    last = way.stops[-1].sighting
    at_ms = max(last.last_seen_ms, _until(service) if at_ms is None else at_ms)
    names = [stop.sighting.key.camera_id for stop in way.stops]
    before = next((name for name in reversed(names) if name != names[-1]), None)
    since = LastSeen(last.key.camera_id, last.last_seen_ms, before)
    watched = {}
    if at_ms > last.last_seen_ms:
        answers = archive_coverage(archive, site.graph.cameras, last.last_seen_ms, at_ms)
        watched = {each.camera_id: each for each in answers}
    suggestions = suggest(since, at_ms, site.graph, way.kind, watched, site.travel)
    started_ms = way.stops[0].sighting.first_seen_ms
    ended_ms = max(at_ms, started_ms + 1)
    return TracedWay(way, at_ms, suggestions, service.recently_watched((), started_ms, ended_ms))


def _until(service: SearchService) -> int:
    extent = service.archive.journal.extent()
    return service.now_ms() if extent is None else min(service.now_ms(), extent[1])
