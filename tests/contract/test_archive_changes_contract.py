"""What changes, what goes and what stays in an archive, for every implementation."""

import numpy as np
import pytest

from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive import (
    Archive,
    CaseCursor,
    CaseHold,
    HoldOrder,
)
from pipeline.errors import SightingHeld, UnknownSighting
from tests.servers.records import ALL, OTHER, SPACE, ids, query, record, unit


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


def test_cases_are_listed_in_pages_that_stand_whatever_is_held_and_released_meanwhile(archive: Archive) -> None:
    archive.append([record("a"), record("b")])
    for case, at_ms in (("one", 5), ("three", 7), ("two", 7), ("four", 7), ("five", 9)):
        archive.hold(["a"], order(case, at_ms))
    archive.hold(["b"], order("one", 8))  # its place is that of its first order
    assert [each.case for each in archive.holds()] == ["five", "four", "three", "two", "one"]
    page = archive.holds(limit=2)
    assert [each.case for each in page] == ["five", "four"]
    behind = CaseCursor.behind(page[-1])
    archive.release(order("four", 10))
    archive.hold(["a"], order("six", 11))
    assert [each.case for each in archive.holds(limit=2, after=behind)] == ["three", "two"]
    assert [(each.case, each.sightings) for each in archive.holds(limit=2, after=CaseCursor(7, "two"))] == [("one", 2)]
    assert list(archive.holds(after=CaseCursor(5, "one"))) == []


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
