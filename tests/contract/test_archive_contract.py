"""Each sentence of `pipeline.archive.contract.Archive`, for every implementation."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive import (
    Archive,
    Cursor,
    Looks,
    ModelUse,
    SearchRecord,
    SightingFilter,
)
from pipeline.errors import UnknownSighting
from pipeline.sighting import Record
from tests.servers.records import ALL, OTHER, SPACE, ids, query, record, unit


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


def test_told_twice_in_one_go_the_first_stays_and_a_higher_revision_wins(archive: Archive) -> None:
    axes = np.eye(3, dtype=np.float32)
    archive.append([record("a", axes[0], seen=(1, 2)), record("b", axes[0]), record("a", axes[1], seen=(3, 4))])
    assert (archive.get("a").first_seen_ms, archive.count()) == (1, 2)
    assert archive.vectors(["a"], SPACE)["a"].tolist() == [1.0, 0.0, 0.0]
    archive.append([record("b", axes[1], revision=3), record("b", axes[2], revision=2)])
    assert archive.get("b").revision == 3
    assert archive.vectors(["b"], SPACE)["b"].tolist() == [0.0, 1.0, 0.0]


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
