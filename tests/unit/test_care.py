"""Residents in care: pure rules by hand, and a carer over an archive with a clock that is moved by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.alerting.alert import Alert, Source
from pipeline.alerting.care import Carer, CareRegister, Companion, Consent, Resident
from pipeline.alerting.care.resident import check_resident
from pipeline.alerting.care.rules import Together, With, after_quiet, company_of, late_since, unseen_since
from pipeline.alerting.database import open_database
from pipeline.alerting.watches import WatchBook
from pipeline.archive import InMemoryArchive
from pipeline.errors import BadEnrolment, UnknownResident
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("person_small", "aaaa-fp32", 16)
BEIJING = timezone(timedelta(hours=8))
NOON_MS = 1_777_608_000_000  # 2026-05-01 12:00 in Beijing
MINUTE = 60_000
HER, DAUGHTER = np.eye(16, dtype=np.float32)[:2]


def somebody(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=16)
    vector[:2] = 0
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def sighting(
    track: int, at_ms: int, *, camera: str = "gate-out", feet: tuple[float, float] = (300.0, 400.0)
) -> Sighting:
    key = TrackletKey(camera, "s1", track)
    x, y = feet
    shot = Shot(at_ms + 1000, (x - 20, y - 100, x + 20, y), 0.8, 0.5)
    return Sighting(key.sighting_id(), key, Kind.PERSON, "willow", at_ms, at_ms + 3000, shot, (768, 576), 12)


def record(track: int, vector: np.ndarray, at_ms: int, **more: object) -> Record:
    return Record(sighting(track, at_ms, **more), vector, SPACE, b"jpeg")  # type: ignore[arg-type]


TERMS = Together(within_s=4, heights=1.5, companion_s=30)
BESIDE = [
    (sighting(2, NOON_MS, feet=(440, 400)), With.CO_TRAVELLER),  # 1.4 heights
    (sighting(2, NOON_MS, feet=(460, 400)), None),  # 1.6 heights
    (sighting(2, NOON_MS + 3900, feet=(310, 400)), With.CO_TRAVELLER),
    (sighting(2, NOON_MS + 4100, feet=(310, 400)), None),
    (sighting(1, NOON_MS), None),  # herself
]


@pytest.mark.parametrize(("other", "kind"), BESIDE)
def test_who_walks_beside_by_hand(other: Sighting, kind: With | None) -> None:
    found = company_of(sighting(1, NOON_MS), [other], {}, TERMS)
    assert (found.kind if found else None) == kind


def test_a_companion_may_be_further_away_but_not_for_ever() -> None:
    leaving = sighting(1, NOON_MS)
    for gap_ms, accompanied in ((29_000, True), (31_000, False)):
        other = sighting(2, NOON_MS + 3000 + gap_ms, feet=(700, 100))
        found = company_of(leaving, [other], {other.id: "daughter"}, TERMS)
        assert (found is not None and found.name == "daughter") == accompanied


def at(text: str, zone: timezone | ZoneInfo = BEIJING) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


LATE = [
    ("2026-05-01T12:00", "2026-05-01T17:59", None),
    ("2026-05-01T12:00", "2026-05-01T18:00", "2026-05-01T18:00"),
    ("2026-05-01T12:00", "2026-05-03T07:00", "2026-05-01T18:00"),
    ("2026-05-01T18:30", "2026-05-01T23:00", None),  # an evening walk: home by the next day's time
    ("2026-05-01T18:30", "2026-05-02T18:01", "2026-05-02T18:00"),
]


@pytest.mark.parametrize(("left", "now", "due"), LATE)
def test_late_by_the_clock_on_the_wall(left: str, now: str, due: str | None) -> None:
    assert late_since(18 * 60, at(left), at(now), BEIJING) == (at(due) if due else None)


def test_late_over_a_change_of_the_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    left, due = at("2026-03-28T19:00", berlin), at("2026-03-29T18:00", berlin)
    assert due - left == 22 * 3_600_000  # one hour of that night is missing
    assert late_since(18 * 60, left, due - 1, berlin) is None
    assert late_since(18 * 60, left, due, berlin) == due


def test_unseen_by_hand() -> None:
    assert unseen_since(2, NOON_MS, NOON_MS + 2 * 3_600_000 - 1) is None
    assert unseen_since(2, NOON_MS, NOON_MS + 9 * 3_600_000) == NOON_MS + 2 * 3_600_000


NIGHT, NAP = (21 * 60, 6 * 60 + 30), (12 * 60, 14 * 60)
QUIET = [
    (NIGHT, "2026-05-01T20:59", "2026-05-01T20:59"),
    (NIGHT, "2026-05-01T21:00", "2026-05-02T06:30"),
    (NIGHT, "2026-05-02T06:29", "2026-05-02T06:30"),
    (NIGHT, "2026-05-02T06:30", "2026-05-02T06:30"),
    (NAP, "2026-05-01T13:00", "2026-05-01T14:00"),
    (NAP, "2026-05-01T14:00", "2026-05-01T14:00"),
]


@pytest.mark.parametrize(("quiet", "due", "told"), QUIET)
def test_what_falls_into_quiet_hours_is_told_after_them(quiet: tuple[int, int], due: str, told: str) -> None:
    assert after_quiet(at(due), quiet, BEIJING) == at(told)


def resident(**more: object) -> Resident:
    made = Resident(
        "r1", "Grandmother Li", "Li Na, 139…", "willow", ("gate-out",), Embeddings(HER[None], SPACE),
        Consent("herself", NOON_MS - 5000, "signed form"), "operator", NOON_MS - 1000, NOON_MS + 90 * 86_400_000,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


class Scene:
    """An archive, a carer and a clock."""

    def __init__(self, folder: Path, *people: Resident) -> None:
        self.engine = open_database(folder / "alerting.sqlite")
        self.register, self.cursors = CareRegister(self.engine), WatchBook(self.engine)
        for each in people:
            self.register.enrol(each, [b"jpeg"])
        self.archive, self.told, self.now_ms = InMemoryArchive(), list[Alert](), NOON_MS
        self.clock_s = 0.0
        self.carer = self.restarted()

    def restarted(self) -> Carer:
        self.carer = Carer(
            self.archive, self.register, self.cursors, self._take, zone=BEIJING,
            wall_ms=lambda: self.now_ms, clock=lambda: self.clock_s,
        )  # fmt: skip
        return self.carer

    def _take(self, alerts: Sequence[Alert]) -> None:
        known = {alert.id for alert in self.told}
        self.told += [alert for alert in alerts if alert.id not in known]

    def passes(self, *records: Record, minutes: float = 0) -> list[str]:
        """Store records, let time pass, and return the kinds of all alerts so far."""
        if records:
            self.archive.append(records)
        self.carer.catch_up()
        self.now_ms += round(minutes * MINUTE)
        self.clock_s += minutes * 60
        self.carer.catch_up()
        return [alert.kind for alert in self.told]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path


def test_leaving_alone_is_told_once_after_a_moment(folder: Path) -> None:
    scene = Scene(folder, resident())
    assert scene.passes(record(1, HER, NOON_MS), record(2, somebody(2), NOON_MS, feet=(700, 400)), minutes=0.5) == []
    assert scene.passes(minutes=0.5) == ["left_unaccompanied"]
    (alert,) = scene.told
    assert (alert.source, alert.name, alert.camera_id, alert.community) == (
        Source.CARE, "Grandmother Li", "gate-out", "willow",
    )  # fmt: skip
    assert (alert.subject, alert.sighting_id, alert.facts["guardian"]) == (
        "resident r1", sighting(1, NOON_MS).id, "Li Na, 139…",
    )  # fmt: skip
    scene.restarted()
    assert scene.passes(minutes=60) == ["left_unaccompanied"]


def test_with_a_companion_or_somebody_beside_her_nothing_is_told(folder: Path) -> None:
    scene = Scene(folder, resident())
    scene.register.add_companion("r1", Companion("c1", "daughter", Embeddings(DAUGHTER[None], SPACE)), [b"jpeg"])
    scene.passes(record(1, HER, NOON_MS), minutes=0.3)
    assert scene.passes(record(2, DAUGHTER, NOON_MS + 18_000, feet=(700, 400)), minutes=2) == []
    later = NOON_MS + 3_600_000
    scene.passes(record(3, HER, later), record(4, somebody(4), later, feet=(380, 405)), minutes=2)
    assert scene.told == []
    scene.passes(record(5, HER, later, camera="yard"), record(6, HER, later + MINUTE, camera="gate-in"), minutes=2)
    assert scene.told == [], "only the exits tell who leaves"


def test_a_kill_before_the_decision_loses_nothing(folder: Path) -> None:
    scene = Scene(folder, resident())
    scene.passes(record(1, HER, NOON_MS))
    scene.restarted()
    assert scene.passes(minutes=1) == ["left_unaccompanied"]


def test_not_home_by(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, home_by_min=18 * 60))
    assert scene.passes(record(1, HER, NOON_MS, camera="yard"), minutes=8 * 60) == [], "she is at home"
    scene.now_ms = NOON_MS + 86_400_000
    assert scene.passes(record(2, HER, scene.now_ms), minutes=5 * 60) == []
    assert scene.passes(minutes=61) == ["not_home_by"]
    (alert,) = scene.told
    assert (alert.at_ms, alert.facts["home_by"]) == (NOON_MS + 86_400_000 + 6 * 3_600_000, "18:00")
    assert scene.passes(minutes=120) == ["not_home_by"], "once"
    assert scene.passes(record(3, HER, scene.now_ms, camera="gate-in"), minutes=24 * 60) == ["not_home_by"]


def test_not_seen_for_hours_is_once_per_absence(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, not_seen_h=6.0))
    scene.passes(record(1, HER, NOON_MS, camera="yard"), minutes=359)
    assert scene.told == []
    assert scene.passes(minutes=2) == ["not_seen"]
    assert scene.passes(minutes=600) == ["not_seen"]
    scene.passes(record(2, HER, scene.now_ms, camera="yard"), minutes=361)
    assert [alert.kind for alert in scene.told] == ["not_seen", "not_seen"]
    assert scene.told[0].sighting_id == sighting(1, NOON_MS, camera="yard").id


def test_who_sleeps_at_home_is_not_missed_before_the_morning(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, not_seen_h=10.0, quiet=NIGHT))
    scene.passes(record(1, HER, NOON_MS, camera="yard"), minutes=18 * 60)  # due at 22:00, now it is 06:00
    assert scene.told == []
    assert scene.passes(minutes=31) == ["not_seen"]
    assert scene.told[0].at_ms == at("2026-05-02T06:30")


def test_who_is_out_is_missed_in_quiet_hours_too(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, not_seen_h=10.0, quiet=NIGHT))
    assert scene.passes(record(1, HER, NOON_MS), minutes=10 * 60 + 1) == ["not_seen"]


def test_to_be_seen_in_another_community_is_not_to_be_home(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, home_by_min=18 * 60))
    scene.passes(record(1, HER, NOON_MS), minutes=10)
    elsewhere = record(2, HER, scene.now_ms, camera="market")
    elsewhere = replace(elsewhere, sighting=replace(elsewhere.sighting, community="maple"))
    assert scene.passes(elsewhere, minutes=6 * 60) == ["not_home_by"]


def test_what_a_guardian_changes_counts_at_once(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, not_seen_h=1.0))
    scene.passes(minutes=30)
    scene.register.change(replace(scene.register.get("r1"), not_seen_h=5.0, quiet=NAP), scene.now_ms)
    assert scene.passes(minutes=60) == []
    assert scene.register.get("r1").quiet == NAP
    assert scene.passes(minutes=4 * 60) == ["not_seen"]
    scene.register.withdraw("r1", "li", "moved away", scene.now_ms)
    with pytest.raises(BadEnrolment, match="withdrawn"):
        scene.register.change(resident(), scene.now_ms)


def test_with_whom_she_left_is_kept(folder: Path) -> None:
    scene = Scene(folder, resident())
    scene.register.add_companion("r1", Companion("c1", "daughter", Embeddings(DAUGHTER[None], SPACE)), [b"jpeg"])
    scene.passes(record(1, HER, NOON_MS))
    assert scene.register.last_seen("r1")[0].company is None
    scene.passes(record(2, DAUGHTER, NOON_MS), minutes=2)
    assert scene.register.last_seen("r1")[0].company == "companion"
    scene.register.remove_companion("r1", "daughter", scene.now_ms)
    later = scene.now_ms
    scene.passes(record(3, HER, later), record(4, DAUGHTER, later, feet=(700, 100)), minutes=2)
    assert scene.register.last_seen("r1")[0].company == "alone"
    with pytest.raises(BadEnrolment, match="none of her companions"):
        scene.register.remove_companion("r1", "daughter", scene.now_ms)


def test_never_seen_counts_from_the_enrolment(folder: Path) -> None:
    scene = Scene(folder, resident(alone=False, not_seen_h=1.0))
    assert scene.passes(minutes=61) == ["not_seen"]
    assert scene.told[0].camera_id == ""


def test_a_withdrawal_erases_all_that_shows_her_from_every_file(folder: Path) -> None:
    crop, other = b"a picture of her " * 200, b"a picture of her daughter " * 200
    scene = Scene(folder)
    scene.register.enrol(resident(), [crop])
    scene.register.add_companion("r1", Companion("c1", "daughter", Embeddings(DAUGHTER[None], SPACE)), [other])
    scene.passes(record(1, HER, NOON_MS))
    with pytest.raises(BadEnrolment, match="say why"):
        scene.register.withdraw("r1", "li", "", NOON_MS)
    ended = scene.register.withdraw("r1", "li", "moved away", NOON_MS)
    assert (ended.vectors, ended.companions, ended.withdrawn_why) == (None, (), "moved away")
    assert scene.register.last_seen("r1") == []
    vector = HER.astype("<f4").tobytes()
    for path in folder.iterdir():
        held = path.read_bytes()
        assert crop[:40] not in held and other[:40] not in held and vector not in held
    assert scene.passes(minutes=5) == []
    with pytest.raises(BadEnrolment, match="withdrawn"):
        scene.register.add_companion("r1", Companion("c2", "son", Embeddings(DAUGHTER[None], SPACE)), [other])


def test_an_expired_enrolment_is_silent_and_erased(folder: Path) -> None:
    scene = Scene(folder, resident(expires_ms=NOON_MS + MINUTE))
    scene.passes(minutes=2)
    assert scene.register.get("r1").vectors is None
    assert scene.passes(record(1, HER, scene.now_ms), minutes=2) == []


BAD = [
    ({"name": " "}, "resident's name"),
    ({"guardian": ""}, "guardian"),
    ({"consent": Consent("", NOON_MS - 5000, "form")}, "who gave consent"),
    ({"consent": Consent("herself", NOON_MS - 5000, " ")}, "on record"),
    ({"consent": Consent("herself", NOON_MS + 5000, "form")}, "future"),
    ({"vectors": None}, "needs a photo"),
    ({"expires_ms": NOON_MS - 1000}, "expiry in the future"),
    ({"expires_ms": NOON_MS + 400 * 86_400_000}, "366 days at most"),
    ({"community": "maple"}, "unknown community 'maple': known are willow"),
    ({"exit_cameras": ("gate",)}, "unknown camera gate: known are gate-out"),
    ({"exit_cameras": ()}, "name the cameras"),
    ({"alone": False}, "nothing is to be told"),
    ({"quiet": (360, 360)}, "begin when they end"),
]


@pytest.mark.parametrize(("change", "says"), BAD)
def test_an_enrolment_that_cannot_be_is_refused(change: dict[str, object], says: str) -> None:
    terms = {"longest_days": 366.0, "known_cameras": frozenset({"gate-out"}), "communities": frozenset({"willow"})}
    check_resident(resident(), **terms)  # type: ignore[arg-type]
    with pytest.raises(BadEnrolment, match=says):
        check_resident(replace(resident(), **change), **terms)  # type: ignore[arg-type]


def test_a_resident_comes_back_as_enrolled(folder: Path) -> None:
    scene = Scene(folder, resident(home_by_min=1080, not_seen_h=4.5))
    found = scene.register.get("r1")
    assert found.vectors is not None
    np.testing.assert_array_equal(found.vectors.vectors, HER[None])
    assert (found.exit_cameras, found.consent, found.home_by_min, found.not_seen_h, found.alone) == (
        ("gate-out",), resident().consent, 1080, 4.5, True,
    )  # fmt: skip
    assert [each.id for each in scene.register.all()] == ["r1"]
    with pytest.raises(UnknownResident):
        scene.register.get("r2")
    assert datetime.fromtimestamp(found.created_ms / 1000, UTC).year == 2026
