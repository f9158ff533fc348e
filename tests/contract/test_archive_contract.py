"""Each sentence of `pipeline.archive.contract.Archive`, for every implementation."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.embeddings import Embeddings, EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive import (
    Archive,
    CaseHold,
    Cursor,
    HoldOrder,
    InMemoryArchive,
    Looks,
    ModelUse,
    Query,
    SearchRecord,
    SightingFilter,
    open_archive,
)
from pipeline.errors import SightingHeld, UnknownSighting
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("stripes", "aaaa-fp32", 3)
OTHER = EmbeddingSpace("net", "bbbb-fp32", 3)
ALL = SightingFilter()


@pytest.fixture(params=["local", "sealing", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """`sealing` turns every second row into a segment, in the background, while the test goes on."""
    made: Archive = InMemoryArchive()
    if request.param != "memory":
        made = open_archive(tmp_path / "a", writable=True, seal_rows=2 if request.param == "sealing" else 16_384)
    yield made
    made.close()


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def record(
    name: str,
    vector: np.ndarray | None = None,
    *,
    camera: str = "c1",
    kind: Kind = Kind.PERSON,
    community: str = "garden",
    seen: tuple[int, int] = (1000, 2000),
    revision: int = 1,
    space: EmbeddingSpace = SPACE,
    picture: bytes = b"jpeg",
) -> Record:
    sighting = Sighting(
        id=name,
        key=TrackletKey(camera, "session", 7),
        kind=kind,
        community=community,
        first_seen_ms=seen[0],
        last_seen_ms=seen[1],
        shot=Shot(seen[0], (1.5, 2.0, 30.25, 40.0), 0.75, 0.5),
        frame_size=(1920, 1080),
        frames=12,
        revision=revision,
        open=True,
        attributes={"colour": "白"},
        attribute_confidence={"colour": 0.75},
    )
    return Record(sighting, unit(1, 0, 0) if vector is None else vector, space, picture)


def query(
    vector: np.ndarray, where: SightingFilter = ALL, top: int = 20, space: EmbeddingSpace = SPACE, **more: object
) -> Query:
    return Query(Embeddings(np.atleast_2d(vector).astype(np.float32), space), where, top, **more)


def ids(archive: Archive, asked: Query) -> list[str]:
    return [hit.sighting.id for hit in archive.search(asked)]


def test_a_stored_record_comes_back_whole(archive: Archive) -> None:
    stored = record("s1", unit(1, 2, 2), picture=b"\xff\xd8 picture")
    archive.append([stored])
    assert archive.get("s1") == stored.sighting
    assert archive.picture("s1") == b"\xff\xd8 picture"
    found = archive.vector("s1")
    assert found.space == SPACE
    np.testing.assert_array_equal(found.vectors, stored.vector[None])


def test_an_empty_archive_answers(archive: Archive) -> None:
    archive.append([])
    assert archive.search(query(unit(1, 0, 0))) == []
    assert archive.find(ALL) == []
    assert (archive.count(), list(archive.cameras()), dict(archive.spaces())) == (0, [], {})


@pytest.mark.parametrize("ask", ["get", "picture", "vector"])
def test_an_unknown_id_is_named(archive: Archive, ask: str) -> None:
    with pytest.raises(UnknownSighting, match="nobody"):
        getattr(archive, ask)("nobody")


def test_search_ranks_by_cosine_with_hand_computed_scores(archive: Archive) -> None:
    archive.append([record("same", unit(1, 0, 0)), record("right", unit(0, 1, 0)), record("opposite", unit(-1, 0, 0))])
    archive.append([record("near", unit(3, 4, 0))])
    hits = archive.search(query(unit(1, 0, 0)))
    assert [(h.rank, h.sighting.id) for h in hits] == [(1, "same"), (2, "near"), (3, "right"), (4, "opposite")]
    np.testing.assert_allclose([h.score for h in hits], [1.0, 0.6, 0.0, -1.0], atol=1e-6)


def test_ties_go_by_id_even_at_the_cut(archive: Archive) -> None:
    names = [f"s{number:03d}" for number in range(200)]
    shuffled = np.random.default_rng(3).permutation(names)
    archive.append([record(str(name), unit(1, 2, 3)) for name in shuffled])
    assert ids(archive, query(unit(1, 0, 0), top=5)) == names[:5]


def test_the_best_of_several_query_vectors_counts(archive: Archive) -> None:
    archive.append([record("x", unit(1, 0, 0)), record("y", unit(0, 1, 0)), record("z", unit(1, 1, 5))])
    hits = archive.search(query(np.stack([unit(1, 0, 0), unit(0, 1, 0)])))
    assert [h.sighting.id for h in hits] == ["x", "y", "z"]
    assert [h.score for h in hits[:2]] == [1.0, 1.0]


def test_top_and_exclude(archive: Archive) -> None:
    archive.append([record(name, unit(1, number, 0)) for number, name in enumerate("abcd")])
    assert ids(archive, query(unit(1, 0, 0), top=2)) == ["a", "b"]
    assert ids(archive, query(unit(1, 0, 0), top=2, exclude=frozenset({"a", "c"}))) == ["b", "d"]
    assert ids(archive, query(unit(1, 0, 0), top=0)) == []


def dressed(name: str, seen_ms: int, confidence: dict[str, float] | None = None, **attributes: str) -> Record:
    made = record(name, seen=(seen_ms, seen_ms + 1))
    return replace(made, sighting=replace(made.sighting, attributes=attributes, attribute_confidence=confidence or {}))


def test_looks_are_scored_as_by_hand(archive: Archive) -> None:
    archive.append(
        [
            dressed("sure", 1, {"upper_colour": 0.9}, upper_colour="red"),
            dressed("unsure", 2, {"upper_colour": 0.5}, upper_colour="pink"),
            dressed("unseen", 3),
            dressed("other", 4, upper_colour="blue"),
            dressed("other-older", 3, upper_colour="blue"),
        ]
    )
    hits = archive.search_looks(Looks({"upper_colour": frozenset({"red", "pink"})}), ALL)
    assert [(h.rank, h.sighting.id) for h in hits] == [
        (1, "sure"),
        (2, "unsure"),
        (3, "unseen"),
        (4, "other"),
        (5, "other-older"),
    ]
    np.testing.assert_allclose([h.score for h in hits], [0.95, 0.75, 0.4, 0.12, 0.12], atol=1e-9)
    verdicts = [h.reasons["upper_colour"] for h in hits]
    assert verdicts == ["agree", "agree", "unseen", "disagree", "disagree"]
    assert hits[0].sighting.attribute_confidence == {"upper_colour": 0.9}


def test_looks_of_any_part_and_looks_not_wanted(archive: Archive) -> None:
    archive.append(
        [
            dressed("black-below", 1, upper_colour="red", lower_colour="black"),
            dressed("no-black", 2, upper_colour="red", lower_colour="blue"),
            dressed("with-hat", 3, upper_colour="black", hat="yes"),
        ]
    )
    black = {"any_colour": frozenset({"black"})}
    hits = archive.search_looks(Looks(black, {"hat": frozenset({"yes"})}), ALL)
    assert [h.sighting.id for h in hits] == ["black-below", "with-hat", "no-black"]
    assert hits[0].reasons == {"any_colour": "agree", "not hat": "unseen"}
    assert hits[1].reasons == {"any_colour": "agree", "not hat": "disagree"}
    np.testing.assert_allclose([h.score for h in hits], [(0.85 + 0.4) / 2, (0.85 + 0.12) / 2, (0.12 + 0.4) / 2])
    assert [h.sighting.id for h in archive.search_looks(Looks({}, black), ALL, top=1)] == ["no-black"]
    assert archive.search_looks(Looks(), ALL) == []
    assert archive.search_looks(Looks(black), SightingFilter(from_ms=10)) == []
    assert list(archive.communities()) == ["garden"]


FILTERS = [
    (SightingFilter(kind=Kind.MOTOR_VEHICLE), {"car"}),
    (SightingFilter(cameras=("c2", "c9")), {"late", "car"}),
    (SightingFilter(cameras=("nowhere",)), set()),
    (SightingFilter(communities=("lake",)), {"late"}),
    (SightingFilter(from_ms=2000), {"early", "late", "car"}),  # still seen at the start of the range
    (SightingFilter(from_ms=2001), {"late"}),
    (SightingFilter(to_ms=5000), {"early", "car"}),  # the end is not part of the range
    (SightingFilter(to_ms=5001), {"early", "late", "car"}),
    (SightingFilter(from_ms=3000, to_ms=4000), set()),
    (SightingFilter(kind=Kind.PERSON, cameras=("c1", "c2"), communities=("garden",), to_ms=9000), {"early"}),
]


@pytest.mark.parametrize(("where", "expected"), FILTERS)
def test_filters_mean_the_same_in_search_find_and_count(
    archive: Archive, where: SightingFilter, expected: set[str]
) -> None:
    archive.append(
        [
            record("early", camera="c1", seen=(1000, 2000)),
            record("late", camera="c2", seen=(5000, 6000), community="lake"),
            record("car", camera="c2", seen=(1500, 2000), kind=Kind.MOTOR_VEHICLE),
        ]
    )
    assert set(ids(archive, query(unit(1, 0, 0), where))) == expected
    assert {s.id for s in archive.find(where)} == expected
    assert archive.count(where) == len(expected)


def test_find_is_newest_first_and_limited(archive: Archive) -> None:
    archive.append([record("b", seen=(0, 10)), record("a", seen=(0, 10)), record("c", seen=(5, 30))])
    assert [s.id for s in archive.find(ALL)] == ["c", "a", "b"]
    assert [s.id for s in archive.find(ALL, limit=1)] == ["c"]


def test_pages_neither_repeat_nor_skip_while_others_are_appended(archive: Archive) -> None:
    there = [record(f"s{n}", seen=(0, 10 + n // 3)) for n in range(10)]  # three at a time share their moment
    archive.append(there)
    expected = [s.id for s in archive.find(ALL)]
    seen: list[str] = []
    after = None
    while page := archive.find(ALL, limit=2, after=after):
        seen += [s.id for s in page]
        after = Cursor.behind(page[-1])
        archive.append([record(f"new{len(seen)}", seen=(0, 50))])
    assert seen == expected
    assert [s.id for s in archive.find(SightingFilter(to_ms=1), limit=3, after=Cursor(12, "s7"))] == ["s8", "s3", "s4"]


def test_the_search_log_in_pages(archive: Archive) -> None:
    for at in range(1, 6):
        archive.record_search(SearchRecord(at, "li", "case", {}, 0))
    first = list(archive.searches(limit=2))
    assert [(e.line, e.at_ms) for e in first] == [(5, 5), (4, 4)]
    archive.record_search(SearchRecord(6, "li", "case", {}, 0))
    assert [e.at_ms for e in archive.searches(limit=2, before=first[-1].line)] == [3, 2]
    assert [e.at_ms for e in archive.searches(before=2)] == [1]


def test_a_higher_revision_replaces_row_vector_and_picture(archive: Archive) -> None:
    archive.append([record("s", unit(1, 0, 0), picture=b"old")])
    archive.append([record("s", unit(0, 1, 0), revision=3, seen=(1000, 9000), picture=b"new")])
    assert (archive.get("s").revision, archive.get("s").last_seen_ms, archive.picture("s")) == (3, 9000, b"new")
    assert archive.count() == 1
    hits = archive.search(query(unit(0, 1, 0)))
    assert [(h.sighting.revision, h.score) for h in hits] == [(3, 1.0)]


@pytest.mark.parametrize("revision", [1, 2])
def test_the_same_or_a_lower_revision_changes_nothing(archive: Archive, revision: int) -> None:
    first = record("s", unit(1, 0, 0), revision=2, picture=b"first")
    archive.append([first])
    archive.append([record("s", unit(0, 1, 0), revision=revision, seen=(5, 6), picture=b"second")])
    assert archive.get("s") == first.sighting
    assert archive.picture("s") == b"first"
    np.testing.assert_array_equal(archive.vector("s").vectors[0], first.vector)


def test_one_append_with_several_revisions_keeps_the_highest(archive: Archive) -> None:
    archive.append([record("s", revision=1), record("s", revision=3, picture=b"3"), record("s", revision=2)])
    assert (archive.get("s").revision, archive.picture("s"), archive.count()) == (3, b"3", 1)


def test_what_is_known_already_stays_whole_beside_news_in_one_append(archive: Archive) -> None:
    known = record("known", picture=b"old")
    archive.append([known])
    archive.append([known, record("new", picture=b"new")])
    assert archive.picture("known") == b"old"
    assert archive.picture("new") == b"new"


def test_a_query_meets_only_its_own_space(archive: Archive) -> None:
    archive.append([record("old", space=SPACE), record("new", space=OTHER)])
    assert ids(archive, query(unit(1, 0, 0), space=OTHER)) == ["new"]
    assert dict(archive.spaces()) == {Kind.PERSON: [OTHER, SPACE]}


def test_a_space_the_archive_does_not_have_is_refused_with_its_model(archive: Archive) -> None:
    archive.append([record("s", space=SPACE), record("car", space=OTHER, kind=Kind.MOTOR_VEHICLE)])
    with pytest.raises(SpaceMismatch, match="stripes"):
        archive.search(query(unit(1, 0, 0), SightingFilter(kind=Kind.PERSON), space=OTHER))
    newer = replace(SPACE, version="cccc-fp32")
    with pytest.raises(SpaceMismatch):
        archive.search(query(unit(1, 0, 0), space=newer))


def test_a_revision_may_move_to_another_space(archive: Archive) -> None:
    archive.append([record("s", space=SPACE)])
    archive.append([record("s", space=OTHER, revision=2)])
    assert ids(archive, query(unit(1, 0, 0), space=OTHER)) == ["s"]
    with pytest.raises(SpaceMismatch):
        archive.search(query(unit(1, 0, 0), space=SPACE))


def test_forget_leaves_nothing(archive: Archive) -> None:
    archive.append([record("a"), record("b")])
    assert archive.forget(["a", "unknown", "a"]) == 1
    assert ids(archive, query(unit(1, 0, 0))) == ["b"]
    for ask in (archive.get, archive.picture, archive.vector):
        with pytest.raises(UnknownSighting):
            ask("a")
    archive.append([record("a", unit(0, 1, 0))])
    assert ids(archive, query(unit(0, 1, 0), top=1)) == ["a"]


def test_expire_drops_what_was_last_seen_before(archive: Archive) -> None:
    archive.append([record("old", seen=(0, 999)), record("edge", seen=(0, 1000)), record("new", seen=(0, 5000))])
    assert archive.expire(1000) == 1
    assert {s.id for s in archive.find(ALL)} == {"edge", "new"}
    assert archive.expire(1000) == 0


def test_expire_of_one_kind_and_no_more_than_asked(archive: Archive) -> None:
    cars = [record(f"car{n}", seen=(n, n), kind=Kind.MOTOR_VEHICLE) for n in range(3)]
    archive.append([record("old", seen=(0, 0)), *cars])
    assert archive.expire(1000, kind=Kind.MOTOR_VEHICLE, limit=2) == 2
    assert {s.id for s in archive.find(ALL)} == {"old", "car2"}
    assert archive.expire(1000, kind=Kind.MOTOR_VEHICLE) == 1
    assert archive.expire(1000) == 1
    assert (archive.count(), list(archive.cameras()), dict(archive.spaces())) == (0, [], {})


def order(case: str, at_ms: int = 5, reason: str = "lost mother") -> HoldOrder:
    return HoldOrder(case, "wang", reason, at_ms)


def test_a_held_sighting_stays_until_every_case_has_released_it(archive: Archive) -> None:
    archive.append([record("kept", seen=(0, 10)), record("gone", seen=(0, 10)), record("free", seen=(0, 10))])
    assert archive.hold(["kept", "kept"], order("案 12")) == 1
    assert archive.hold(["kept", "free"], order("13", 6)) == 2
    assert archive.hold(["kept"], order("13", 7)) == 0
    with pytest.raises(SightingHeld, match=r"kept is held by case .*: release"):
        archive.forget(["gone", "kept"])
    assert archive.count() == 3
    assert archive.expire(1000) == 1
    assert archive.picture("kept") == b"jpeg"
    assert ids(archive, query(unit(1, 0, 0))) == ["free", "kept"]
    assert archive.release(order("13", 8)) == 2
    assert archive.release(order("13", 9)) == 0
    assert archive.expire(1000) == 1
    assert archive.release(order("案 12", 9)) == 1
    assert archive.forget(["kept"]) == 1
    assert list(archive.holds()) == []


def test_holds_are_listed_and_stand_in_the_log(archive: Archive) -> None:
    archive.append([record("b"), record("a"), record("c")])
    archive.hold(["b", "a"], order("12", 5, "first"))
    archive.hold(["c"], order("12", 6, "later"))
    archive.hold(["c"], order("13", 7, "other"))
    assert list(archive.holds()) == [CaseHold("13", 7, "wang", "other", 1), CaseHold("12", 5, "wang", "first", 3)]
    assert list(archive.held("12")) == ["a", "b", "c"]
    assert list(archive.held("12", limit=1, after="a")) == ["b"]
    assert list(archive.held("99")) == []
    archive.release(order("12", 8, "closed"))
    lines = list(archive.searches())
    assert [(e.at_ms, e.who, e.reason, e.hits) for e in lines[:2]] == [
        (8, "wang", "closed", 3),
        (7, "wang", "other", 1),
    ]
    assert [(e.line, e.what) for e in lines] == [
        (4, {"action": "release", "case": "12"}),
        (3, {"action": "hold", "case": "13"}),
        (2, {"action": "hold", "case": "12"}),
        (1, {"action": "hold", "case": "12"}),
    ]


def test_a_hold_of_unknown_sightings_holds_none(archive: Archive) -> None:
    archive.append([record("a")])
    with pytest.raises(UnknownSighting, match="nobody"):
        archive.hold(["a", "nobody"], order("12"))
    assert list(archive.holds()) == []
    assert list(archive.searches()) == []


def test_a_held_sighting_is_still_updated(archive: Archive) -> None:
    archive.append([record("a", picture=b"1")])
    archive.hold(["a"], order("12"))
    archive.append([record("a", revision=2, picture=b"2")])
    assert archive.picture("a") == b"2"
    with pytest.raises(SightingHeld):
        archive.forget(["a"])


BAD = [
    (record("s", picture=b""), "empty picture"),
    (record("s", np.array([1, 0], np.float32)), "expected float32"),
    (record("s", np.array([1.0, 0, 0])), "float64"),
    (record("s", np.array([2, 0, 0], np.float32)), "length 2"),
    (record("s", np.array([np.nan, 0, 0], np.float32)), "length nan"),
    (record("../../etc/passwd"), "cannot be used"),
]


@pytest.mark.parametrize(("bad", "says"), BAD)
def test_what_cannot_be_a_record_is_refused_with_its_whole_batch(archive: Archive, bad: Record, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        archive.append([record("good"), bad])
    assert archive.count() == 0


def test_cameras_are_those_with_sightings(archive: Archive) -> None:
    archive.append([record("a", camera="west"), record("b", camera="east"), record("c", camera="west")])
    assert list(archive.cameras()) == ["east", "west"]


def test_cameras_of_communities(archive: Archive) -> None:
    archive.append([record("a", camera="west"), record("b", camera="east", community="court")])
    assert list(archive.cameras(["garden"])) == ["west"]
    assert list(archive.cameras(["court", "garden", "nowhere"])) == ["east", "west"]
    assert list(archive.cameras(["nowhere"])) == []


def test_the_search_log_is_newest_first(archive: Archive) -> None:
    entries = [SearchRecord(at, "li", "案 12", {"camera": ["c1"], "top": 5}, at) for at in (1, 2, 3)]
    for entry in entries:
        archive.record_search(entry)
    assert list(archive.searches()) == entries[::-1]
    assert list(archive.searches(limit=1)) == [entries[2]]


def test_models_are_recorded_once(archive: Archive) -> None:
    archive.record_model(ModelUse("embedder", "net", "bbbb-fp32", 20))
    archive.record_model(ModelUse("detector", "nano", "aaaa-fp32", 10))
    archive.record_model(ModelUse("embedder", "net", "bbbb-fp32", 99))
    assert [(use.name, use.since_ms) for use in archive.models()] == [("nano", 10), ("net", 20)]


def test_readers_beside_a_writer_never_see_half_a_record(archive: Archive) -> None:
    """Every revision has its own vector, time and picture: any mixture of two would show."""
    axes = np.eye(3, dtype=np.float32)
    archive.append([record("s", axes[1], revision=1, seen=(0, 1), picture=b"1")])
    done, wrong = threading.Event(), list[str]()

    def read() -> None:
        while not done.is_set():
            for axis in range(3):
                for hit in archive.search(query(axes[axis])):
                    revision = hit.sighting.revision
                    same = revision % 3 == axis
                    if hit.sighting.last_seen_ms != revision or hit.score != (1.0 if same else 0.0):
                        wrong.append(f"{hit}")
            if int(archive.picture("s")) < 1 or len(archive.vector("s")) != 1:
                wrong.append("picture or vector")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for revision in range(2, 60):
        moved = record("s", axes[revision % 3], revision=revision, seen=(0, revision), picture=str(revision).encode())
        archive.append([moved])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert archive.get("s").revision == 59


def follow(archive: Archive, since: int = 0, limit: int = 1000) -> tuple[list[tuple[str, int]], int]:
    found = archive.changes(since, limit=limit)
    return [(each.sighting.id, each.sighting.revision) for each in found.stored], found.upto


def test_a_follower_gets_every_append_once(archive: Archive) -> None:
    archive.append([record("a"), record("b", space=OTHER)])
    first, upto = follow(archive)
    assert (first, upto) == ([("a", 1), ("b", 1)], archive.newest_change())
    assert follow(archive, upto)[0] == []
    archive.append([record("c", unit(1, 2, 3)), record("a", revision=2)])
    assert follow(archive, upto)[0] == [("a", 2), ("c", 1)]
    archive.append([record("a", revision=2)])
    assert follow(archive, archive.newest_change())[0] == []
    (_, stored) = archive.changes(upto).stored
    assert stored.space == SPACE
    np.testing.assert_array_equal(stored.vector, unit(1, 2, 3))


def test_a_slow_follower_gets_whole_changes_and_nothing_that_was_forgotten(archive: Archive) -> None:
    for number in range(4):
        archive.append([record(f"{number}a"), record(f"{number}b")])
    archive.forget(["1a"])
    found, upto, turns = list[str](), 0, 0
    while upto < archive.newest_change():
        news, upto = follow(archive, upto, limit=3)
        found += [name for name, _ in news]
        turns += 1
    assert found == ["0a", "0b", "1b", "2a", "2b", "3a", "3b"]
    assert turns > 1


def test_vectors_of_one_space_by_id(archive: Archive) -> None:
    archive.append([record("a", unit(1, 2, 2)), record("b", unit(0, 1, 0)), record("c", space=OTHER)])
    found = archive.vectors(["b", "a", "c", "nobody"], SPACE)
    assert sorted(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"], unit(1, 2, 2))
    assert archive.vectors(["a"], EmbeddingSpace("third", "cccc-fp32", 3)) == {}
    assert archive.vectors([], SPACE) == {}
    archive.forget(["a"])
    assert sorted(archive.vectors(["a", "b"], SPACE)) == ["b"]


def test_neighbours_are_the_next_at_the_same_camera(archive: Archive) -> None:
    seen = {"a": (0, 100), "b": (90, 200), "c": (50, 200), "d": (300, 400)}
    archive.append([record(name, seen=times) for name, times in seen.items()])
    archive.append(
        [record("elsewhere", camera="c2", seen=(150, 210)), record("car", kind=Kind.MOTOR_VEHICLE, seen=(0, 90))]
    )
    asked = [*seen, "elsewhere", "car"]
    near = archive.neighbours([archive.get(name) for name in asked])
    named = {name: tuple(one and one.id for one in pair) for name, pair in zip(asked, near, strict=True)}
    assert named == {
        "car": (None, "a"),
        "a": ("car", "b"),
        "b": ("a", "c"),
        "c": ("b", "d"),
        "d": ("c", None),
        "elsewhere": (None, None),
    }
