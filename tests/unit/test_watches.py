"""Watches: what fires and what does not, once and never lost, over restarts at any moment."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.incident import Outcome, State
from pipeline.alerting.incidents.reading import IncidentReader, Wanted
from pipeline.alerting.watches import Lookout, Target, Watch, WatchBook, WatchState
from pipeline.alerting.watches.matching import Matcher
from pipeline.alerting.watches.watch import DAY_MS, check_watch
from pipeline.archive import InMemoryArchive, Looks, SightingFilter, Stored
from pipeline.errors import BadWatch, UnknownWatch
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("person_small", "aaaa-fp32", 16)
OTHER = EmbeddingSpace("other", "bbbb-fp32", 16)
NOON_MS = 1_777_608_000_000
HER = np.eye(16, dtype=np.float32)[0]


def like_her(cosine: float, seed: int = 0) -> np.ndarray:
    other = np.random.default_rng(seed).normal(size=16)
    other[0] = 0
    other *= np.sqrt(1 - cosine**2) / np.linalg.norm(other)
    other[0] = cosine
    return other.astype(np.float32)


def record(
    track: int,
    vector: np.ndarray,
    *,
    camera: str = "north",
    at_ms: int = NOON_MS,
    stays_ms: int = 4000,
    revision: int = 1,
    kind: Kind = Kind.PERSON,
    space: EmbeddingSpace = SPACE,
    **attributes: str,
) -> Record:
    key = TrackletKey(camera, "s1", track)
    shot = Shot(at_ms + 1000, (10.0, 20.0, 35.0, 80.0), 0.8, 0.5)
    sighting = Sighting(
        key.sighting_id(), key, kind, "willow", at_ms, at_ms + stays_ms, shot, (768, 576), 25, revision,
        attributes=attributes,
    )  # fmt: skip
    return Record(sighting, vector, space, b"jpeg")


def watch(name: str = "w1", target: Target | None = None, **more: object) -> Watch:
    target = target or Target(SightingFilter(kind=Kind.PERSON), Embeddings(HER[None], SPACE))
    values: dict[str, object] = {"reason": "case 7", "requester": "li", "created_ms": NOON_MS - 1000}
    return Watch(name, name, target, **{**values, "expires_ms": NOON_MS + DAY_MS, **more})  # type: ignore[arg-type]


@pytest.fixture
def engine(tmp_path: Path):
    made = open_database(tmp_path / "alerting.sqlite")
    yield made
    made.dispose()


@pytest.fixture
def book(engine) -> WatchBook:
    return WatchBook(engine)


@pytest.fixture
def archive() -> InMemoryArchive:
    return InMemoryArchive()


class Told(list[Alert]):
    def __call__(self, alerts: Sequence[Alert]) -> None:
        self.extend(alerts)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def lookout(archive: InMemoryArchive, book: WatchBook, told: Told) -> Lookout:
    return Lookout(archive, book, told, wall_ms=lambda: NOON_MS)


def tracks(alerts: Sequence[Alert], archive: InMemoryArchive) -> list[tuple[str, int]]:
    return [(each.name, archive.get(each.sighting_id).key.track_id) for each in alerts]


def test_it_fires_on_her_and_on_nobody_else(
    archive: InMemoryArchive, book: WatchBook, lookout: Lookout, told: Told
) -> None:
    book.add(watch(), [b"crop"])
    lookout.catch_up()
    archive.append([record(1, like_her(0.2)), record(2, like_her(0.9)), record(3, like_her(0.4))])
    assert lookout.catch_up() == 1
    (alert,) = told
    assert tracks(told, archive) == [("w1", 2)]
    assert (alert.source, alert.kind, alert.severity, alert.subject) == (
        Source.WATCH,
        "watch",
        Severity.HIGH,
        "watch w1",
    )
    assert (alert.camera_id, alert.community, alert.at_ms) == ("north", "willow", NOON_MS + 1000)
    assert alert.score == pytest.approx(0.9, abs=1e-6)
    assert alert.facts["score"] == 0.9 and 0.4 < float(alert.facts["threshold"]) < 0.9
    assert lookout.catch_up() == 0


def test_revisions_and_pieces_of_one_visit_are_one_alert_and_a_return_is_another(
    archive: InMemoryArchive, book: WatchBook, lookout: Lookout, told: Told
) -> None:
    book.add(watch(again_after_s=600), [b"crop"])
    lookout.catch_up()
    minute = 60_000
    for one in (
        record(1, HER),
        record(1, HER, revision=2, stays_ms=20_000),
        record(2, HER, at_ms=NOON_MS + 1 * minute),  # lost and found again
        record(3, HER, at_ms=NOON_MS + 2 * minute, camera="south"),  # another place is news
        record(4, HER, at_ms=NOON_MS + 9 * minute),  # within ten minutes of the last time
        record(5, HER, at_ms=NOON_MS + 30 * minute),  # she came back
    ):
        archive.append([one])
        lookout.catch_up()
    assert [track for _, track in tracks(told, archive)] == [1, 3, 5]
    found = book.hits(["w1"])
    assert found[0].first_ms == NOON_MS + 30 * minute
    assert len({hit.alert_id for hit in found}) == 3 and len(found) == 5
    assert book.hit_counts() == {"w1": 3}


def test_a_watch_begins_with_what_is_stored_after_it(
    archive: InMemoryArchive, book: WatchBook, lookout: Lookout, told: Told
) -> None:
    archive.append([record(1, HER)])
    lookout.catch_up()
    book.add(watch(same_as=(record(2, HER).sighting.id,)), [b"crop"])
    archive.append([record(2, HER)])
    lookout.catch_up()
    assert told == []
    archive.append([record(3, HER, at_ms=NOON_MS + 5000)])
    lookout.catch_up()
    assert [track for _, track in tracks(told, archive)] == [3]


WITHIN = [
    (SightingFilter(cameras=("south",)), 0),
    (SightingFilter(cameras=("north", "south")), 1),
    (SightingFilter(communities=("maple",)), 0),
    (SightingFilter(communities=("willow",), kind=Kind.PERSON), 1),
    (SightingFilter(kind=Kind.MOTOR_VEHICLE), 0),
    (SightingFilter(from_ms=NOON_MS + 10_000), 0),
    (SightingFilter(to_ms=NOON_MS), 0),
    (SightingFilter(from_ms=NOON_MS - 10, to_ms=NOON_MS + 10_000), 1),
]


@pytest.mark.parametrize(("where", "alerts"), WITHIN)
def test_area_time_and_kind_narrow_it(
    archive: InMemoryArchive, book: WatchBook, lookout: Lookout, told: Told, where: SightingFilter, alerts: int
) -> None:
    book.add(watch(target=Target(where, Embeddings(HER[None], SPACE))), [b"crop"])
    archive.append([record(1, HER)])
    lookout.catch_up()
    assert len(told) == alerts


def test_words_and_plates(archive: InMemoryArchive, book: WatchBook, lookout: Lookout, told: Told) -> None:
    red = Looks({"upper_colour": frozenset({"red", "pink"})}, {"hat": frozenset({"yes"})})
    book.add(watch("words", Target(SightingFilter(kind=Kind.PERSON), looks=Looks(red.wanted)), words="红上衣"))
    book.add(watch("hatless", Target(SightingFilter(kind=Kind.PERSON), looks=red)))
    book.add(watch("plate", Target(SightingFilter(), plate="浙F·12345")))
    book.add(watch("both", Target(SightingFilter(), Embeddings(HER[None], SPACE), Looks(red.wanted))), [b"crop"])
    archive.append(
        [
            record(1, like_her(0.1), upper_colour="pink"),
            record(2, like_her(0.1), upper_colour="blue"),
            record(3, like_her(0.1), upper_colour="red", hat="no", camera="south"),
            record(4, HER, upper_colour="black", camera="east"),
            record(5, like_her(0.1), kind=Kind.MOTOR_VEHICLE, plate="浙f12345"),
            record(6, like_her(0.1), kind=Kind.MOTOR_VEHICLE, plate="浙F12346"),
            record(7, HER, upper_colour="red", camera="west"),
        ]
    )
    lookout.catch_up()
    fired = sorted(tracks(told, archive))
    assert fired == [("both", 7), ("hatless", 3), ("plate", 5), ("words", 1), ("words", 3), ("words", 7)]


def test_expired_and_withdrawn_watches_are_silent_and_their_pictures_gone(
    archive: InMemoryArchive, book: WatchBook, told: Told
) -> None:
    now_ms = NOON_MS
    lookout = Lookout(archive, book, told, wall_ms=lambda: now_ms)
    book.add(watch("short", expires_ms=NOON_MS + 1000), [b"short crop"])
    book.add(watch("gone"), [b"gone crop"])
    book.add(watch("stays"), [b"stays crop"])
    with pytest.raises(BadWatch, match="say why"):
        book.withdraw("gone", "li", " ", NOON_MS)
    ended = book.withdraw("gone", "li", "found at her sister's", NOON_MS + 1)
    assert (ended.state(NOON_MS + 2), ended.withdrawn_by, ended.target.vectors) == (WatchState.WITHDRAWN, "li", None)
    with pytest.raises(BadWatch, match="withdrawn already, by li"):
        book.withdraw("gone", "wang", "again", NOON_MS + 2)
    now_ms += 2000
    archive.append([record(1, HER)])
    lookout.catch_up()
    assert [each.name for each in told] == ["stays"]
    lookout.save()
    for name in ("short", "gone"):
        with pytest.raises(UnknownWatch):
            book.crop(name)
    assert book.crop("stays") == b"stays crop"
    assert book.get("short").state(now_ms) is WatchState.EXPIRED


def test_what_is_erased_is_in_no_file(tmp_path: Path, book: WatchBook) -> None:
    crop = b"\xff\xd8 a picture of her, many bytes long " * 300
    book.add(watch(), [crop])
    held = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(crop[:1000] in content for content in held)
    book.withdraw("w1", "li", "found", NOON_MS)
    assert not any(crop[:64] in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("dies_at", ["note", "take before", "take after", "move"])
def test_a_kill_at_any_moment_loses_nothing_and_repeats_only_the_same(
    archive: InMemoryArchive, book: WatchBook, engine, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    desk = IncidentDesk(engine)
    book.add(watch(), [b"crop"])
    Lookout(archive, book, desk.take, wall_ms=lambda: NOON_MS).catch_up()
    archive.append([record(1, HER)])
    archive.append([record(2, HER, at_ms=NOON_MS + 10_000)])

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    def take(alerts: Sequence[Alert]) -> None:
        if dies_at == "take after":
            desk.take(alerts)
        if dies_at.startswith("take"):
            raise Killed
        desk.take(alerts)

    dying = Lookout(archive, book, take, wall_ms=lambda: NOON_MS)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        if not dies_at.startswith("take"):
            patched.setattr(book, dies_at, killed)
        dying.catch_up()
    archive.append([record(1, HER, revision=2, stays_ms=60_000)])  # now the second piece comes first
    Lookout(archive, book, desk.take, wall_ms=lambda: NOON_MS).catch_up()
    found = IncidentReader(engine).alerts(Wanted(), limit=10)
    assert len(found) == 1, "one visit, one alert"
    assert len(book.hits(["w1"])) == 2


def test_a_restart_goes_on_where_it_was(archive: InMemoryArchive, book: WatchBook, told: Told) -> None:
    book.add(watch(), [b"crop"])
    Lookout(archive, book, told, wall_ms=lambda: NOON_MS).catch_up()
    archive.append([record(1, HER)])
    Lookout(archive, book, told, wall_ms=lambda: NOON_MS).catch_up()
    Lookout(archive, book, told, wall_ms=lambda: NOON_MS).catch_up()
    assert len(told) == 1
    empty = InMemoryArchive()
    other = Lookout(empty, book, told, wall_ms=lambda: NOON_MS)  # the archive was replaced by a new one
    empty.append([record(9, HER, at_ms=NOON_MS + DAY_MS // 2)])
    other.catch_up()
    assert len(told) == 2


def test_scores_are_recorded_and_survive(archive: InMemoryArchive, book: WatchBook, told: Told) -> None:
    book.add(watch(), [b"crop"])
    lookout = Lookout(archive, book, told, wall_ms=lambda: NOON_MS)
    lookout.catch_up()
    archive.append([record(n, like_her(0.2 + n / 100, n)) for n in range(10)])
    lookout.catch_up()
    lookout.save()
    counts = book.scores(["w1"])["w1"]["north"]
    assert counts.sum() == 10 and counts[240:260].sum() == 10  # cosines .2 to .3
    again = Lookout(archive, book, told, wall_ms=lambda: NOON_MS)
    again.catch_up()
    archive.append([record(11, like_her(0.9))])
    again.catch_up()
    again.save()
    assert book.scores(["w1"])["w1"]["north"].sum() == 11


def test_the_threshold_rises_where_strangers_look_alike(book: WatchBook, told: Told) -> None:
    alike, different = InMemoryArchive(), InMemoryArchive()
    for archive, cosine in ((alike, 0.6), (different, 0.1)):
        archive.append([record(n, like_her(cosine, n), at_ms=NOON_MS - n * 60_000) for n in range(300)])
    thresholds = []
    for number, archive in enumerate((alike, different)):
        book.add(watch(f"w{number}"), [b"crop"])
        lookout = Lookout(archive, book, told, wall_ms=lambda: NOON_MS)
        lookout.catch_up()
        archive.append([record(1000 + number, HER)])
        lookout.catch_up()
        thresholds.append(float(told[-1].facts["threshold"]))
        book.withdraw(f"w{number}", "li", "test", NOON_MS)
    assert thresholds[0] > thresholds[1] + 0.2


def stored(one: Record) -> Stored:
    return Stored(one.sighting, one.vector, one.space)


def test_the_best_of_several_photos_counts_and_spaces_never_meet() -> None:
    both = Embeddings(np.stack([HER, like_her(0.0, 5)]), SPACE)
    targets = [
        Target(SightingFilter(), Embeddings(like_her(0.5)[None], SPACE)),
        Target(SightingFilter(), both),
        Target(SightingFilter(), Embeddings(HER[None], OTHER)),
    ]
    matcher = Matcher(targets)
    found = matcher.matches([stored(record(1, like_her(0.8))), stored(record(2, HER, space=OTHER))])
    scores = {(m.target, m.stored): m.score for m in found}
    assert set(scores) == {(0, 0), (1, 0), (2, 1)}
    assert scores[1, 0] == pytest.approx(0.8, abs=1e-5) and scores[2, 1] == pytest.approx(1.0, abs=1e-5)
    expected = float(like_her(0.5) @ like_her(0.8))
    assert scores[0, 0] == pytest.approx(expected, abs=1e-5)
    assert matcher.blind(SPACE) == [2]


BAD = [
    ({"target": Target(SightingFilter())}, "needs somebody to look for"),
    ({"reason": " "}, "needs a reason"),
    ({"requester": ""}, "who asks"),
    ({"expires_ms": NOON_MS - 1000}, "expiry in the future"),
    ({"expires_ms": NOON_MS + 31 * DAY_MS}, "30 days at most"),
    ({"budget_per_day": 0.0}, "budget"),
    ({"budget_per_day": float("nan")}, "budget"),
    ({"target": Target(SightingFilter(cameras=("nroth",)), plate="浙F12345")}, "unknown camera nroth: known are north"),
    ({"target": Target(SightingFilter(from_ms=5, to_ms=5), plate="浙F12345")}, "not after its start"),
    ({"target": Target(SightingFilter(to_ms=5), plate="浙F12345")}, "over already"),
    ({"target": Target(SightingFilter(kind=Kind.PERSON), plate="浙F12345")}, "people carry no plates"),
]


@pytest.mark.parametrize(("change", "says"), BAD)
def test_a_watch_that_cannot_be_is_refused(change: dict[str, object], says: str) -> None:
    check_watch(watch(), longest_days=30, known_cameras=frozenset({"north"}))
    with pytest.raises(BadWatch, match=says):
        check_watch(replace(watch(), **change), longest_days=30, known_cameras=frozenset({"north"}))  # type: ignore[arg-type]


def test_a_watch_comes_back_from_the_book_as_it_was(book: WatchBook) -> None:
    looks = Looks({"upper_colour": frozenset({"red"})}, {"hat": frozenset({"yes"})})
    where = SightingFilter(Kind.PERSON, NOON_MS, NOON_MS + 5, ("north",), ("willow",))
    made = watch(target=Target(where, Embeddings(np.stack([HER, like_her(0.3)]), SPACE), looks), same_as=("a", "b"))
    book.add(made, [b"one", b"two"])
    found = book.get("w1")
    assert (found.target.where, found.target.looks, found.target.plate) == (where, looks, "")
    assert found.target.vectors is not None and made.target.vectors is not None
    np.testing.assert_array_equal(found.target.vectors.vectors, made.target.vectors.vectors)
    assert found.target.vectors.space == SPACE
    assert (found.same_as, found.severity, found.budget_per_day, found.reason) == (
        ("a", "b"),
        Severity.HIGH,
        1.0,
        "case 7",
    )
    assert book.crop("w1", 1) == b"two"
    with pytest.raises(BadWatch, match="called 'w1' already"):
        book.add(replace(watch(), id="another"), [b"crop"])
    with pytest.raises(UnknownWatch):
        book.get("nobody")


def test_alerts_closed_as_false_raise_the_threshold(
    archive: InMemoryArchive, book: WatchBook, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.alerting.watches.lookout.CALIBRATE_EVERY_S", 0.0)
    desk = IncidentDesk(engine)
    lookout = Lookout(archive, book, desk.take, wall_ms=lambda: NOON_MS)
    book.add(watch(budget_per_day=1.0), [b"crop"])
    lookout.catch_up()
    for number, camera in enumerate(("north", "south", "east")):
        archive.append([record(1, like_her(0.90 + number / 100), camera=camera)])
        lookout.catch_up()
    reader = IncidentReader(engine)
    for incident in reader.incidents(Wanted(), limit=10):
        desk.step(incident.id, State.CLOSED, "li", outcome=Outcome.FALSE)
    assert sorted(book.false_scores("w1")) == [0.9, 0.91, 0.92]
    archive.append([record(2, like_her(0.905), camera="west")])
    lookout.catch_up()
    assert len(reader.alerts(Wanted(), limit=10)) == 3
    archive.append([record(3, like_her(0.95), camera="west")])
    lookout.catch_up()
    assert len(reader.alerts(Wanted(), limit=10)) == 4
