"""Looks after residents in care: where each was seen, with whom she left, and whether she is late."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from camera_adapters.clock import now_ms
from pipeline.alerting.alert import Alert, Fact, Source, alert_id
from pipeline.alerting.care.recognition import PEOPLE, Recognition
from pipeline.alerting.care.register import CareRegister, LeftWith, Recognised
from pipeline.alerting.care.resident import MINUTES_A_DAY, Resident
from pipeline.alerting.care.rules import Together, after_quiet, company_of, late_since, unseen_since
from pipeline.alerting.watches.book import WatchBook
from pipeline.archive.contract import Archive, SightingFilter, Stored
from pipeline.coverage import archive_coverage
from pipeline.errors import UnknownSighting
from pipeline.sighting import Sighting

FOLLOWER = "care"
AT_ONCE = 500
CALIBRATE_EVERY_S = 3600.0
CLOCK_EVERY_S = 5.0
AT_THE_GATE = 200  # sightings around a leaving that are compared
Sink = Callable[[Sequence[Alert]], None]


@dataclass(frozen=True, slots=True)
class CareTerms:
    """`decide_after_s`: those who follow her through the gate must be stored before it is said that she is alone."""

    together: Together = field(default_factory=Together)
    decide_after_s: float = 45.0


class Carer:
    """A follower of the archive and of the clock, as `pipeline.alerter` wants one; one thread owns it.

    Where residents were seen is written down before the cursor moves, and alerts are told before it is noted that they
    were: a kill in between tells them again with the same ids.
    """

    def __init__(
        self,
        archive: Archive,
        register: CareRegister,
        cursors: WatchBook,
        take: Sink,
        terms: CareTerms | None = None,
        *,
        zone: tzinfo | None = None,
        wall_ms: Callable[[], int] = now_ms,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive, self._register, self._cursors, self._take = archive, register, cursors, take
        self._terms = terms or CareTerms()
        self._zone = zone or datetime.now().astimezone().tzinfo or UTC
        self._wall_ms, self._clock = wall_ms, clock
        self._residents: dict[str, Resident] = {}
        self._recognition = Recognition(archive, (), 0)
        self._mark: frozenset[tuple[str, int, int]] | None = None
        self._calibrate_at = self._look_at_clock_at = 0.0
        self._late_told: set[str] = set()
        self._change = self._begin()

    def catch_up(self) -> int:
        """Look at what was stored and at the clock; return how many alerts that gave."""
        self._follow_register()
        while self._archive.newest_change() != self._change:
            changes = self._archive.changes(self._change, limit=AT_ONCE)
            if self._residents:
                self._notice(changes.stored)
            self._cursors.move(FOLLOWER, changes.upto)
            self._change = changes.upto
        if not self._residents or self._clock() < self._look_at_clock_at:
            return 0
        self._look_at_clock_at = self._clock() + CLOCK_EVERY_S
        return self._decide() + self._look_at_clock()

    def save(self) -> None:
        """Erase what shows residents whose enrolment has expired."""
        self._register.sweep(self._wall_ms())

    def _begin(self) -> int:
        known, newest = self._cursors.cursor(FOLLOWER), self._archive.newest_change()
        if known is None:
            self._cursors.move(FOLLOWER, newest)
            return newest
        return known if known <= newest else 0

    def _follow_register(self) -> None:
        mark = self._register.mark(self._wall_ms())
        if mark == self._mark and self._clock() < self._calibrate_at:
            return
        self._residents = {name: self._register.get(name) for name, *_ in mark}
        self._recognition = Recognition(self._archive, list(self._residents.values()), self._wall_ms())
        self._mark, self._calibrate_at = mark, self._clock() + CALIBRATE_EVERY_S
        self.save()

    def _notice(self, stored: Sequence[Stored]) -> None:
        """Write down where residents were seen, and when to decide with whom those left who left."""
        found = []
        for known, each, score in self._recognition.on(stored):
            if known.companion:
                continue
            sighting, resident = each.sighting, known.resident
            leaves = resident.alone and sighting.key.camera_id in resident.exit_cameras
            due_ms = self._wall_ms() + round(self._terms.decide_after_s * 1000) if leaves else None
            found.append(
                Recognised(resident.id, sighting.id, sighting.key.camera_id, sighting.last_seen_ms, score, due_ms)
            )
        if found:
            self._register.note(found)

    def _decide(self) -> int:
        """Tell of those who left, and whose time to be joined is over, whether they are alone."""
        told = 0
        for one in self._register.due(self._wall_ms()):
            resident = self._residents.get(one.resident_id)
            company = None if resident is None else self._company(resident, one)
            if resident is not None and company == "alone":
                self._take([_alone(resident, one)])
                told += 1
            self._register.decided(one, company)
        return told

    def _company(self, resident: Resident, one: Recognised) -> LeftWith | None:
        try:
            leaving = self._archive.get(one.sighting_id)
        except UnknownSighting:
            return None
        others = self._at_the_gate(leaving)
        companions = dict(self._recognition.companions_on(resident.id, others))
        company = company_of(leaving, [each.sighting for each in others], companions, self._terms.together)
        return "alone" if company is None else company.kind.value

    def _at_the_gate(self, leaving: Sighting) -> list[Stored]:
        """Return the people seen by the same camera at about the same time, with their vectors."""
        around_ms = round(self._terms.together.companion_s * 1000)
        where = SightingFilter(
            PEOPLE.kind, leaving.first_seen_ms - around_ms, leaving.last_seen_ms + around_ms, (leaving.key.camera_id,)
        )
        found = []
        for sighting in self._archive.find(where, limit=AT_THE_GATE):
            if sighting.id != leaving.id:
                vectors = self._archive.vector(sighting.id)
                found.append(Stored(sighting, vectors.vectors[0], vectors.space))
        return found

    def _look_at_clock(self) -> int:
        alerts = []
        at_ms = self._wall_ms()
        for resident in self._residents.values():
            last = next(iter(self._register.last_seen(resident.id)), None)
            alerts += self._late(resident, last, at_ms) + self._unseen(resident, last, at_ms)
        fresh = [alert for alert in alerts if alert.id not in self._late_told]
        if fresh:
            self._take(fresh)
            self._late_told.update(alert.id for alert in fresh)
        return len(fresh)

    def _late(self, resident: Resident, last: Recognised | None, at_ms: int) -> list[Alert]:
        if resident.home_by_min is None or last is None or not is_away(resident, last, self._archive):
            return []
        due_ms = late_since(resident.home_by_min, last.last_ms, at_ms, self._zone)
        if due_ms is None:
            return []
        hours, minutes = divmod(resident.home_by_min % MINUTES_A_DAY, 60)
        facts: dict[str, Fact] = {"guardian": resident.guardian, "home_by": f"{hours:02d}:{minutes:02d}"}
        return [_alert(resident, "not_home_by", due_ms, last, (due_ms,), facts | self._watched(last.last_ms, at_ms))]

    def _unseen(self, resident: Resident, last: Recognised | None, at_ms: int) -> list[Alert]:
        if resident.not_seen_h is None:
            return []
        since_ms = last.last_ms if last is not None else resident.created_ms
        due_ms = unseen_since(resident.not_seen_h, since_ms, at_ms)
        if due_ms is None:
            return []
        if resident.quiet is not None and not (last is not None and is_away(resident, last, self._archive)):
            due_ms = after_quiet(due_ms, resident.quiet, self._zone)
            if at_ms < due_ms:
                return []
        facts: dict[str, Fact] = {"guardian": resident.guardian, "hours": resident.not_seen_h}
        return [_alert(resident, "not_seen", due_ms, last, (since_ms,), facts | self._watched(since_ms, at_ms))]

    def _watched(self, from_ms: int, to_ms: int) -> dict[str, Fact]:
        """Return how much of that time the cameras watched: not seen and not watched must not be confused."""
        if to_ms <= from_ms:
            return {}
        shares = [each.share_watched for each in archive_coverage(self._archive, (), from_ms, to_ms)]
        return {"watched_percent": round(100 * sum(shares) / len(shares))} if shares else {}


def is_away(resident: Resident, last: Recognised, archive: Archive) -> bool:
    """Tell whether she was last seen leaving her community, or in another one."""
    if last.camera_id in resident.exit_cameras:
        return True
    try:
        community = archive.get(last.sighting_id).community
    except UnknownSighting:
        return False
    return community not in {"", resident.community}


def _alone(resident: Resident, one: Recognised) -> Alert:
    facts: dict[str, Fact] = {"guardian": resident.guardian, "score": round(one.score, 3)}
    return _alert(resident, "left_unaccompanied", one.last_ms, one, (one.sighting_id,), facts, score=one.score)


def _alert(
    resident: Resident,
    kind: str,
    at_ms: int,
    last: Recognised | None,
    event: tuple[str | int, ...],
    facts: dict[str, Fact],
    *,
    score: float | None = None,
) -> Alert:
    return Alert(
        id=alert_id(Source.CARE, resident.id, kind, *event),
        source=Source.CARE,
        name=resident.name,
        kind=kind,
        severity=resident.severity,
        at_ms=at_ms,
        camera_id=last.camera_id if last else "",
        community=resident.community,
        subject=f"resident {resident.id}",
        sighting_id=last.sighting_id if last else "",
        score=None if score is None else max(0.0, min(1.0, score)),
        facts=facts | {"resident": resident.id},
    )
