"""From a question to an answer: pooling, feedback, order, visits, neighbours and how sure."""

from datetime import UTC

import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive import InMemoryArchive
from pipeline.archive.contract import Hit
from pipeline.errors import BadFeedback, NothingAsked, UnknownSighting
from pipeline.search import Answer, Eyes, Question, Reranking, Word, answer
from pipeline.search.confidence import AT_LEAST, Calibration, calibration_of
from pipeline.search.grouping import APART_MS, group_id, persons, visits
from pipeline.search.pooling import mean_direction
from pipeline.search.reranking import MOST, by_company, by_rejected, jaccard_distances
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.words import parse

SPACE = EmbeddingSpace("person_small", "d73f2179-fp32", 3)
OTHER = EmbeddingSpace("net", "bbbb-bf16", 3)
PLAIN = {"rerank": Reranking.NONE, "grouped": False}


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def record(
    name: str,
    vector: np.ndarray,
    *,
    camera: str = "c1",
    seen: tuple[int, int] = (0, 1000),
    space: EmbeddingSpace = SPACE,
    kind: Kind = Kind.PERSON,
    **looks: str,
) -> Record:
    shot = Shot(seen[0], (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    key = TrackletKey(camera, "s", 1)
    sighting = Sighting(name, key, kind, "", *seen, shot, (10, 10), 1, attributes=looks)
    return Record(sighting, vector, space, b"jpeg")


def archive_of(*records: Record) -> InMemoryArchive:
    made = InMemoryArchive()
    made.append(records)
    return made


def ask(archive: InMemoryArchive, **asked: object) -> Answer:
    def none() -> object:
        raise AssertionError("no photo, no network")

    return answer(archive, Question(**asked), Eyes(none, lambda _: none()))  # type: ignore[arg-type]


def names(found: Answer) -> list[str]:
    return [hit.sighting.id for hit in found.hits]


def test_a_confirmed_sighting_counts_as_another_picture() -> None:
    archive = archive_of(
        record("a", unit(1, 1, 0)),
        record("b", unit(1, 0, 0), camera="c2"),
        record("d", unit(0.1, 1, 0.1), camera="c3"),
        record("e", unit(1, 0.1, 0.2), camera="c4"),
    )
    assert names(ask(archive, sighting_id="a", **PLAIN)) == ["d", "e", "b"]
    found = ask(archive, sighting_id="a", confirmed=("b",), **PLAIN)
    assert names(found) == ["e", "b", "d"]
    assert [group.confirmed for group in found.groups] == [False, True, False]


def test_a_confirmed_sighting_alone_is_enough_and_tells_the_kind() -> None:
    archive = archive_of(
        record("car", unit(1, 0, 0), kind=Kind.MOTOR_VEHICLE),
        record("other", unit(1, 0.1, 0), kind=Kind.MOTOR_VEHICLE),
        record("person", unit(1, 0, 0)),
    )
    assert names(ask(archive, confirmed=("car",), **PLAIN)) == ["car", "other"]


def test_a_rejected_one_is_left_out_and_her_other_sightings_fall_behind() -> None:
    archive = archive_of(
        record("a", unit(1, 0, 0)),
        record("wrong", unit(0.8, 0.6, 0)),
        record("wrong-again", unit(0.8, 0.6, 0.05)),
        record("right", unit(0.78, -0.6, 0.1)),
    )
    assert names(ask(archive, sighting_id="a", **PLAIN)) == ["wrong", "wrong-again", "right"]
    assert names(ask(archive, sighting_id="a", rejected=("wrong",), **PLAIN)) == ["right", "wrong-again"]


def test_feedback_must_make_sense() -> None:
    archive = archive_of(record("a", unit(1, 0, 0)), record("old", unit(1, 0, 0), space=OTHER))
    with pytest.raises(BadFeedback, match="a is both confirmed and rejected"):
        ask(archive, confirmed=("a",), rejected=("a",))
    for asked in ({"confirmed": ("nobody",)}, {"sighting_id": "a", "rejected": ("nobody",)}):
        with pytest.raises(UnknownSighting, match="nobody"):
            ask(archive, **asked)
    with pytest.raises(SpaceMismatch):
        ask(archive, sighting_id="a", confirmed=("old",))
    with pytest.raises(NothingAsked):
        ask(archive)
    assert names(ask(archive, sighting_id="a", rejected=("old",))) == []


def test_each_hit_has_its_neighbours_and_how_sure_it_is() -> None:
    archive = archive_of(
        record("a", unit(1, 0, 0)),
        record("before", unit(0, 1, 0), camera="c2", seen=(0, 500)),
        record("hit", unit(1, 0.05, 0), camera="c2", seen=(100, 600)),
        record("after", unit(0, 0, 1), camera="c2", seen=(900, 1000)),
    )
    best = ask(archive, sighting_id="a").groups[0]
    assert (best.hit.sighting.id, best.before and best.before.id, best.after and best.after.id) == (
        "hit",
        "before",
        "after",
    )
    assert best.likeness == pytest.approx(0.99875, abs=1e-4)
    assert best.confidence is not None and best.confidence.word is Word.LIKELY
    unmeasured = archive_of(record("a", unit(1, 0, 0), space=OTHER), record("b", unit(1, 0, 0), space=OTHER))
    group = ask(unmeasured, sighting_id="a").groups[0]
    assert group.likeness == pytest.approx(1) and group.confidence is None


def test_one_visit_is_one_hit() -> None:
    archive = archive_of(
        record("photo", unit(1, 0, 0), camera="c0"),
        record("late", unit(1, 0.1, 0), seen=(5000, 6000)),
        record("early", unit(1, 0.2, 0), seen=(0, 1000)),
        record("next-day", unit(1, 0.3, 0), seen=(90_000_000, 90_001_000)),
        record("elsewhere", unit(1, 0.4, 0), camera="c2"),
    )
    found = ask(archive, sighting_id="photo", rerank=Reranking.NONE)
    assert [(g.id, g.hit.sighting.id, g.hit.rank, [o.sighting.id for o in g.others]) for g in found.groups] == [
        ("early", "late", 1, ["early"]),
        ("next-day", "next-day", 2, []),
        ("elsewhere", "elsewhere", 3, []),
    ]
    assert len(ask(archive, sighting_id="photo", top=2).groups) == 2
    assert names(ask(archive, sighting_id="photo", **PLAIN)) == ["late", "early", "next-day", "elsewhere"]


def hit(name: str, seen: tuple[int, int], camera: str = "c1") -> Hit:
    return Hit(1, 0.9, record(name, unit(1, 0, 0), camera=camera, seen=seen).sighting)


@pytest.mark.parametrize(
    ("seen", "likeness", "together"),
    [
        ((1000 + APART_MS - 1, 90_000), 0.9, True),
        ((1000 + APART_MS, 90_000), 0.9, False),
        ((1000, 2000), 0.61, True),
        ((1000, 2000), 0.59, False),
        ((999, 2000), 0.9, False),  # seen twice at once: two
    ],
)
def test_what_makes_a_visit(seen: tuple[int, int], likeness: float, together: bool) -> None:
    hits = [hit("a", (0, 1000)), hit("b", seen)]
    vectors = {"a": unit(1, 0, 0), "b": unit(likeness, np.sqrt(1 - likeness**2), 0)}
    groups = visits(hits, vectors, 9)
    assert [len(group) for group in groups] == ([2] if together else [1, 1])
    assert group_id(groups[0]) == "a"
    assert len(visits(hits, {}, 9)) == 2


def test_words_show_each_person_once() -> None:
    archive = archive_of(
        record("a", unit(1, 0, 0), upper_colour="black"),
        record("a-again", unit(1, 0.5, 0), camera="c2", seen=(9_000_000, 9_001_000), upper_colour="black"),
        record("twin", unit(1, 0.1, 0), seen=(500, 900), upper_colour="black"),
        record("b", unit(0, 1, 0), upper_colour="black"),
        record("old", unit(0, 1, 0), space=OTHER, upper_colour="black"),
    )
    words = parse("black coat", now_ms=0, zone=UTC, places=())
    found = ask(archive, words=words)
    assert [(group.hit.sighting.id, len(group.others)) for group in found.groups] == [
        ("a-again", 1),
        ("b", 0),
        ("old", 0),
        ("twin", 0),
    ]
    assert [other.sighting.id for other in found.groups[0].others] == ["a"]
    assert len(ask(archive, words=words, grouped=False).groups) == 5
    assert names(ask(archive, words=words, rejected=("b",))) == ["a-again", "old", "twin"]
    assert {group.confidence for group in found.groups} == {None}


def test_two_at_once_are_two_persons() -> None:
    vectors = {name: unit(1, 0, 0) for name in "abc"}
    together = [hit("a", (0, 1000)), hit("b", (500, 2000)), hit("c", (500, 2000), "c2")]
    assert [[each.sighting.id for each in group] for group in persons(together, vectors, 9)] == [["a", "c"], ["b"]]


def test_no_more_groups_than_asked_for_but_all_their_members() -> None:
    vectors = {"a": unit(1, 0, 0), "b": unit(0, 1, 0), "c": unit(1, 0, 0)}
    hits = [hit("a", (0, 10)), hit("b", (20, 30)), hit("c", (40, 50))]
    for group in (visits, persons):
        assert [[each.sighting.id for each in one] for one in group(hits, vectors, 1)] == [["a", "c"]]


def test_the_mean_of_several_pictures_has_length_one() -> None:
    np.testing.assert_allclose(mean_direction(np.stack([unit(1, 0, 0), unit(0, 1, 0)])), unit(1, 1, 0), atol=1e-6)
    np.testing.assert_array_equal(mean_direction(np.zeros((1, 3), np.float32)), np.zeros(3))


def company() -> tuple[list[Hit], dict[str, np.ndarray]]:
    """Ten strangers in all directions, one near the question that stands alone, four alike, and one between those."""
    rng = np.random.default_rng(5)
    vectors = {f"n{i}": unit(0, 0, *rng.normal(size=6)) for i in range(10)}
    vectors["alone"] = unit(0.8, 0, 0.6, 0, 0, 0, 0, 0)
    vectors |= {f"alike{i}": unit(0.79, 0.6 + i / 50, 0, 0, 0, 0, 0, 0) for i in range(4)}
    vectors["between"] = unit(0.77, 0, 0, 0.64, 0, 0, 0, 0)
    asked = unit(1, *[0] * 7)
    scores = {name: float(vector @ asked) for name, vector in vectors.items()}
    order = sorted(scores, key=lambda name: -scores[name])
    return [
        Hit(rank, scores[name], record(name, unit(1, 0, 0)).sighting) for rank, name in enumerate(order, 1)
    ], vectors


@pytest.mark.parametrize("method", [Reranking.EXPANSION, Reranking.K_RECIPROCAL])
def test_hits_that_resemble_each_other_lift_each_other(method: Reranking) -> None:
    hits, vectors = company()
    assert [each.sighting.id for each in hits[3:6]] == ["alike2", "between", "alike3"]
    moved = by_company(hits, unit(1, *[0] * 7), vectors, method)
    ids = [each.sighting.id for each in moved]
    assert sorted(ids) == sorted(vectors)
    assert [each.rank for each in moved] == list(range(1, len(hits) + 1))
    assert [each.score for each in moved] == sorted((each.score for each in moved), reverse=True)
    assert ids[0] == "alone"
    alike = {f"alike{i}" for i in range(4)}
    if method is Reranking.EXPANSION:
        assert {*ids[1:5]} == alike
    else:  # the two that stand alone are each other's neighbours
        assert {*ids[1:6]} == {*alike, "between"}


def test_only_the_best_are_put_in_a_new_order() -> None:
    hits = [hit(f"h{i:04}", (0, 1)) for i in range(MOST + 50)]
    hits = [Hit(n, 0.9 - n / 1000, each.sighting) for n, each in enumerate(hits, 1)]
    rng = np.random.default_rng(2)
    vectors = {each.sighting.id: unit(*rng.normal(size=8)) for each in hits}
    for method in (Reranking.EXPANSION, Reranking.K_RECIPROCAL):
        moved = by_company(hits, unit(*[1] * 8), vectors, method)
        assert [each.sighting.id for each in moved[MOST:]] == [each.sighting.id for each in hits[MOST:]]
        scores = [each.score for each in moved]
        assert scores == sorted(scores, reverse=True)


def test_few_hits_and_those_without_a_vector_keep_their_place() -> None:
    hits, vectors = company()
    asked = unit(1, *[0] * 7)
    assert by_company(hits, asked, vectors, Reranking.NONE) == hits
    assert by_company(hits[:8], asked, vectors, Reranking.EXPANSION) == hits[:8]
    del vectors["alone"]
    moved = by_company(hits, asked, vectors, Reranking.EXPANSION)
    assert moved[-1].sighting.id == "alone"
    assert moved[-1].score <= moved[-2].score


def test_jaccard_distances_by_hand() -> None:
    # two candidates identical to the question, two of another kind: sets {q, 1, 2} and {3, 4} do not meet
    to_query = np.array([1, 1, 0, 0], np.float32)
    among = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], np.float32)
    found = jaccard_distances(to_query, among)
    np.testing.assert_allclose(found[:2], 0, atol=1e-6)
    assert np.all(found[2:] > 0.6)


def test_only_what_is_beyond_a_strangers_likeness_pushes_back() -> None:
    hits = [Hit(1, 0.9, record("near", unit(1, 0, 0)).sighting), Hit(2, 0.8, record("far", unit(1, 0, 0)).sighting)]
    vectors = {"near": unit(1, 0, 0), "far": unit(0.6, 0.8, 0)}
    moved = by_rejected(hits, unit(1, 0, 0)[None], vectors)
    assert [(each.sighting.id, each.rank) for each in moved] == [("far", 1), ("near", 2)]
    assert [each.score for each in moved] == pytest.approx([0.8, 0.9 - 0.5 * 0.4])
    assert by_rejected(hits, np.empty((0, 3), np.float32), vectors) == hits


def test_a_likeness_is_worth_less_among_more() -> None:
    line = Calibration(slope=10, offset=-2)
    few, many = line.confidence(0.6, 10), line.confidence(0.6, 100_000)
    # log ratio -2 + 6 = 4; 4 - log(10 / 3) = 2.796; 1 / (1 + exp(-2.796)) = .942
    assert few.probability == pytest.approx(0.942, abs=1e-3)
    assert (few.word, many.word) == (Word.LIKELY, Word.WEAK)
    assert line.confidence(0.6, 0) == line.confidence(0.6, 3)
    assert line.confidence(1.0, 1).probability <= 1


def test_words_go_down_with_probability() -> None:
    assert list(AT_LEAST) == [Word.LIKELY, Word.POSSIBLE, Word.WEAK]
    assert sorted(AT_LEAST.values(), reverse=True) == [*AT_LEAST.values()]
    line = Calibration(slope=0, offset=0)
    assert [line.confidence(0, n).word for n in (1, 9, 10)] == [Word.POSSIBLE, Word.POSSIBLE, Word.WEAK]


def test_precisions_of_one_network_share_a_line_and_unmeasured_ones_have_none() -> None:
    assert calibration_of(SPACE) is not None
    assert calibration_of(EmbeddingSpace("person_small", "d73f2179-bf16", 256)) == calibration_of(SPACE)
    assert calibration_of(EmbeddingSpace("person_small", "00000000-fp32", 256)) is None
    assert calibration_of(OTHER) is None
