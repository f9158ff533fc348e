"""Looks at every sighting the archive stores and tells what a watch has found: at least once, and the same once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from camera_adapters.clock import now_ms
from pipeline.alerting.alert import Alert, Fact, Source, alert_id
from pipeline.alerting.budget import Calibration, Evidence, Scores
from pipeline.alerting.watches.book import WatchBook, WatchHit
from pipeline.alerting.watches.evidence import archive_scores, calibrated, sightings_per_day
from pipeline.alerting.watches.matching import CERTAIN, Match, Matcher
from pipeline.alerting.watches.recorder import ScoreRecorder
from pipeline.alerting.watches.watch import DAY_MS, Watch
from pipeline.archive.contract import Archive, SightingFilter, Stored
from pipeline.sighting import Sighting

log = structlog.get_logger(__name__)
Sink = Callable[[Sequence[Alert]], None]
FOLLOWER = "watches"
AT_ONCE = 500
CALIBRATE_EVERY_S = 300.0
CALIBRATE_FOR_S = 0.2  # at a time: alerts must not wait for the thresholds of a thousand watches
SAVE_EVERY_S = 30.0
RECORDED_ENOUGH_MS = 6 * 3_600_000


@dataclass(slots=True)
class _Standing:
    """What is held of a watch that stands: thresholds, how its photo scored before, its visits by camera."""

    watch: Watch
    archive: Scores | None = None
    calibration: Calibration | None = None
    calibrated_s: float = float("-inf")
    visits: dict[str, list[WatchHit]] = field(default_factory=dict)


class Lookout:
    """One follower of one archive; not safe between threads: its owner calls `catch_up` whenever something is stored.

    What was found is written down, then told to `take`, then it is noted how far was looked: a kill in between tells
    it again, with the same ids. `noticed` counts alerts, `looked_at` sightings.
    """

    def __init__(
        self,
        archive: Archive,
        book: WatchBook,
        take: Sink,
        *,
        wall_ms: Callable[[], int] = now_ms,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive, self._book, self._take = archive, book, take
        self._wall_ms, self._clock = wall_ms, clock
        self._recorder = ScoreRecorder(book)
        self._standing: list[_Standing] = []
        self._matcher = Matcher(())
        self._ids: frozenset[str] | None = None
        self._save_at = 0.0
        self._told: set[str] = set()
        self._change = self._begin()
        self.noticed = self.looked_at = 0

    @property
    def standing(self) -> int:
        """How many watches are looked out for."""
        return len(self._standing)

    @property
    def uncalibrated(self) -> int:
        """How many watches still have the careful threshold they began with."""
        return sum(each.calibrated_s == float("-inf") for each in self._standing)

    def catch_up(self) -> int:
        """Look at everything that was stored since the last time; return how many alerts that gave."""
        self._follow_book()
        self._calibrate()
        told = 0
        while self._archive.newest_change() != self._change:
            changes = self._archive.changes(self._change, limit=AT_ONCE)
            alerts, found = self._look(changes.stored)
            if found:
                self._book.note(found)
            if alerts:
                self._take(alerts)
                self._told.update(alert.id for alert in alerts)
            self._book.move(FOLLOWER, changes.upto)
            self._change = changes.upto
            told += len(alerts)
            self.looked_at += len(changes.stored)
        self.noticed += told
        if self._clock() >= self._save_at:
            self.save()
        return told

    def save(self) -> None:
        """Write down the scores that were counted, and erase the pictures of watches that are over."""
        self._recorder.save()
        self._book.sweep(self._wall_ms())
        self._save_at = self._clock() + SAVE_EVERY_S

    def _begin(self) -> int:
        """Return where to go on: at the first start with what comes from now on."""
        known, newest = self._book.cursor(FOLLOWER), self._archive.newest_change()
        if known is None:
            self._book.move(FOLLOWER, newest)
            return newest
        if known > newest:
            log.warning("watches_look_at_another_archive", cursor=known, newest=newest)
            return 0
        return known

    def _follow_book(self) -> None:
        """Take up watches that were added, let go of those that are over."""
        ids = self._book.active_ids(self._wall_ms())
        if ids == self._ids:
            return
        held = {each.watch.id: each for each in self._standing}
        fresh = [_Standing(each) for each in self._book.active(self._wall_ms()) if each.id not in held]
        self._take_up(fresh)
        standing = [each for each in (*held.values(), *fresh) if each.watch.id in ids]
        self._standing = sorted(standing, key=lambda each: each.watch.id)
        self._matcher = Matcher([each.watch.target for each in self._standing])
        self._recorder.follow(sorted(ids))
        self._ids = ids

    def _take_up(self, fresh: Sequence[_Standing]) -> None:
        """Give watches their visits so far, and thresholds that are careful until their own scores are looked at."""
        by_id = {each.watch.id: each for each in fresh}
        for hit in reversed(self._book.hits(list(by_id))):
            by_id[hit.watch_id].visits.setdefault(hit.camera_id, []).append(hit)
        for each in fresh:
            if each.watch.target.vectors is not None:
                each.calibration = calibrated(each.watch.budget_per_day, each.watch.target, Evidence())

    def _calibrate(self) -> None:
        """Read thresholds off what is known by now, those that are oldest first, for a moment at a time."""
        began = self._clock()
        due = [each for each in self._standing if began - each.calibrated_s >= CALIBRATE_EVERY_S]
        counted: dict[SightingFilter, float | None] = {}
        for each in sorted(due, key=lambda standing: standing.calibrated_s):
            watch, recorded = each.watch, self._recorder.of(each.watch.id)
            each.calibrated_s = began
            if watch.target.vectors is None:
                continue
            if each.archive is None:
                each.archive = archive_scores(self._archive, watch.target, self._wall_ms(), watch.same_as)
            per_day = rates(self._archive, watch, recorded, self._wall_ms(), counted)
            evidence = Evidence(each.archive, recorded, per_day, *feedback(self._book, watch, self._wall_ms()))
            each.calibration = calibrated(watch.budget_per_day, watch.target, evidence)
            if self._clock() - began >= CALIBRATE_FOR_S:
                break

    def _look(self, stored: Sequence[Stored]) -> tuple[list[Alert], list[WatchHit]]:
        alerts: list[Alert] = []
        found: list[WatchHit] = []
        scored: dict[tuple[str, str], list[float]] = {}
        for match in self._matcher.matches(stored):
            standing, sighting = self._standing[match.target], stored[match.stored].sighting
            if sighting.id in standing.watch.same_as:
                continue
            threshold = CERTAIN
            if standing.calibration is not None:
                scored.setdefault((standing.watch.id, sighting.key.camera_id), []).append(match.score)
                threshold = standing.calibration.threshold(sighting.key.camera_id)
            if match.score >= threshold:
                hit = _hit(standing, sighting, match, threshold)
                found.append(hit)
                if hit.alert_id == _alert_id(standing.watch, sighting) and hit.alert_id not in self._told:
                    alerts.append(_alert(standing.watch, sighting, match, threshold))
        self._recorder.count(scored)
        return alerts, found


def feedback(book: WatchBook, watch: Watch, at_ms: int) -> tuple[list[float], float]:
    """Return the scores of a watch's false alerts, and for how many days it stands."""
    return book.false_scores(watch.id), max(0, at_ms - watch.created_ms) / DAY_MS


def rates(
    archive: Archive,
    watch: Watch,
    recorded: Mapping[str, Scores],
    at_ms: int,
    counted: dict[SightingFilter, float | None] | None = None,
) -> dict[str, float]:
    """Return sightings a day by camera, counted by the watch itself once it stands long enough; "" is all cameras.

    `counted` keeps what the archive said of an area for the next watch.
    """
    stood_ms = at_ms - watch.created_ms
    if stood_ms >= RECORDED_ENOUGH_MS and any(scores.total for scores in recorded.values()):
        return {camera: scores.total * DAY_MS / stood_ms for camera, scores in recorded.items()}
    where, counted = watch.target.where, {} if counted is None else counted
    if where not in counted:
        counted[where] = sightings_per_day(archive, where, at_ms)
    per_day = counted[where]
    return {} if per_day is None else {"": per_day}


def _hit(standing: _Standing, sighting: Sighting, match: Match, threshold: float) -> WatchHit:
    """Return the hit; it begins a visit unless it is a revision, or somebody found again soon at the same camera."""
    watch, camera = standing.watch, sighting.key.camera_id
    visits = standing.visits.setdefault(camera, [])
    near_ms = watch.again_after_s * 1000
    known = next((hit for hit in visits if hit.sighting_id == sighting.id), None)
    before = known or next((hit for hit in reversed(visits) if _gap_ms(hit, sighting) < near_ms), None)
    hit = WatchHit(
        watch.id,
        sighting.id,
        camera,
        sighting.first_seen_ms,
        sighting.last_seen_ms,
        round(max(match.score, known.score if known else match.score), 4),
        threshold,
        before.alert_id if before else _alert_id(watch, sighting),
    )
    standing.visits[camera] = [each for each in visits if each.sighting_id != sighting.id] + [hit]
    return hit


def _alert_id(watch: Watch, sighting: Sighting) -> str:
    return alert_id(Source.WATCH, watch.id, sighting.id)


def _gap_ms(hit: WatchHit, sighting: Sighting) -> int:
    """Return the time between a hit and a sighting, 0 when they overlap."""
    return max(sighting.first_seen_ms - hit.last_ms, hit.first_ms - sighting.last_seen_ms, 0)


def _alert(watch: Watch, sighting: Sighting, match: Match, threshold: float) -> Alert:
    facts: dict[str, Fact] = {}
    if watch.target.vectors is not None:
        facts |= {"score": round(match.score, 3), "threshold": round(threshold, 3)}
    if watch.words:
        facts["words"] = watch.words
    if watch.target.plate:
        facts["plate"] = watch.target.plate
    return Alert(
        id=_alert_id(watch, sighting),
        source=Source.WATCH,
        name=watch.name,
        kind="watch",
        severity=watch.severity,
        at_ms=sighting.shot.captured_at_ms,
        camera_id=sighting.key.camera_id,
        community=sighting.community,
        subject=f"watch {watch.id}",
        sighting_id=sighting.id,
        score=max(0.0, min(1.0, match.score)),
        facts=facts | {"watch": watch.id},
    )
