"""Segments: the policy by hand, ranges and searches against brute force, and what is left of the forgotten."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, LocalArchive, Looks, Query, SightingFilter, open_archive
from pipeline.archive.segments.codes import Quantiser
from pipeline.archive.segments.manifest import Manifest, Part, Sealed, read_manifest, write_manifest
from pipeline.archive.segments.policy import Step, next_step
from pipeline.archive.segments.runs import Runs, contains, expand, key_of
from pipeline.archive.segments.scanning import Scanner
from pipeline.errors import ArchiveDamaged
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

DIM = 32
SPACE = EmbeddingSpace("test", "v", DIM)
CAMERAS = ("north", "south", "east", "west")


def parts_of(*sizes: int) -> tuple[Part, ...]:
    ends = np.cumsum(sizes).tolist()
    return tuple(Part(f"p{end}", end - size, end, size) for size, end in zip(sizes, ends, strict=True))


@pytest.mark.parametrize(
    ("sizes", "end_row", "step"),
    [
        ((), 9, None),
        ((), 10, Step(0, 10)),
        ((10,), 19, None),
        ((10,), 35, Step(10, 35)),
        ((10, 10, 10), 30, None),
        ((10, 12, 10, 39), 71, Step(0, 71)),  # one class: 10 to 39
        ((10, 10, 10, 40), 70, None),
        ((40, 10, 10, 10, 10), 80, Step(40, 80)),
        ((40, 40, 40, 40), 160, Step(0, 160)),
    ],
)
def test_policy_by_hand(sizes: Sequence[int], end_row: int, step: Step | None) -> None:
    assert next_step(Sealed(0, parts_of(*sizes)), end_row, {}, seal_rows=10) == step


@pytest.mark.parametrize(
    ("sizes", "end_row", "living", "step"),
    [
        ((), 0, {}, None),
        ((), 7, {}, Step(0, 7)),
        ((10,), 10, {}, None),
        ((10,), 11, {}, Step(0, 11)),
        ((10,), 10, {"p10": 9}, Step(0, 10)),
        ((10, 20, 5), 35, {}, Step(0, 35)),
        ((1_000_000, 40_000, 40_000), 1_080_000, {}, Step(0, 1_040_000)),
        ((1_040_000, 40_000), 1_080_000, {}, None),
        ((1_040_000, 40_000), 1_080_001, {}, Step(1_040_000, 1_080_001)),
    ],
)
def test_thorough_policy_by_hand(sizes: Sequence[int], end_row: int, living: dict[str, int], step: Step | None) -> None:
    assert next_step(Sealed(0, parts_of(*sizes)), end_row, living, 10, thorough=True) == step


def test_a_segment_with_many_dead_is_built_anew() -> None:
    sealed = Sealed(0, parts_of(100, 10))
    assert next_step(sealed, 110, {"p100": 71}, seal_rows=20) is None
    assert next_step(sealed, 110, {"p100": 69}, seal_rows=20) == Step(0, 100)


@given(
    first=st.lists(st.integers(0, 50), min_size=1, max_size=30).map(sorted),
    stays=st.lists(st.integers(0, 20), min_size=30, max_size=30),
    from_ms=st.none() | st.integers(0, 80),
    to_ms=st.none() | st.integers(0, 80),
    cameras=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    wanted=st.lists(st.sampled_from("abcd"), max_size=2).map(tuple),
)
def test_ranges_hold_every_selected_row(
    first: list[int],
    stays: list[int],
    from_ms: int | None,
    to_ms: int | None,
    cameras: list[int],
    wanted: tuple[str, ...],
) -> None:
    first_ms, last_ms = np.array(first), np.array(first) + np.array(stays[: len(first)])
    run = np.array(cameras[: len(first)])
    order = np.lexsort((first_ms, run))
    run, first_ms, last_ms = run[order], first_ms[order], last_ms[order]
    starts = np.searchsorted(run, np.arange(4))
    longest = np.array([int((last_ms - first_ms)[run == i].max(initial=0)) for i in range(3)])
    names = [("person", "garden", camera) for camera in "abc"]
    where = SightingFilter(from_ms=from_ms, to_ms=to_ms, cameras=wanted)
    ranges = Runs(names, starts, longest, 0, key_of(run, first_ms)).select(where)
    selected = (last_ms >= (from_ms or 0)) & (first_ms < (1000 if to_ms is None else to_ms))
    selected &= np.isin(np.array(list("abc"))[run], wanted or tuple("abc"))
    assert np.all(ranges[1:, 0] > ranges[:-1, 1])
    inside = contains(ranges, np.arange(len(first)))
    assert np.all(inside[selected])
    np.testing.assert_array_equal(expand(ranges), np.flatnonzero(inside))


def test_a_scan_of_blocks_equals_the_whole_scan_on_their_rows() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1_000, DIM)).astype(np.float32)
    quantiser = Quantiser.trained(vectors)
    turned = quantiser.turned(vectors)
    scanner = Scanner(quantiser, quantiser.encode(turned))
    scores, rows = scanner.scan(turned[3], 1_000)
    blocks = np.array([1, 2, 31], np.int64)  # the last one holds 8 rows only
    some_scores, some_rows = scanner.scan_blocks(turned[3], 1_000, blocks)
    inside = np.isin(rows // 32, blocks)
    assert len(some_rows) == 72
    assert set(some_rows.tolist()) == set(rows[inside].tolist())
    np.testing.assert_allclose(some_scores, scores[inside], atol=1e-5)


def test_manifest_comes_back_and_a_broken_one_says_what_to_do(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == Manifest()
    written = Manifest({3: Sealed(2, parts_of(5, 7))})
    write_manifest(tmp_path, written)
    assert read_manifest(tmp_path) == written
    assert written.of(3, 2).end_row == 12
    assert written.of(3, 1) == Sealed(1)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ArchiveDamaged, match="rebuild"):
        read_manifest(tmp_path)


def record_of(number: int, vector: np.ndarray, revision: int = 1) -> Record:
    key = TrackletKey(CAMERAS[number % 4], "s", number)
    seen = 1_000 * number
    sighting = Sighting(
        key.sighting_id(),
        key,
        Kind.PERSON,
        ("garden", "lake")[number % 2],
        seen,
        seen + 5_000,
        Shot(seen, (0.0, 0.0, 9.0, 9.0), 0.9, 0.5),
        (640, 480),
        9,
        revision,
    )
    return Record(sighting, vector, SPACE, b"jpeg")


def like_people(count: int, seed: int = 0) -> np.ndarray:
    """People who come back: 200 looks, each sighting one of them, changed a little."""
    rng = np.random.default_rng(seed)
    looks = rng.normal(size=(200, DIM))
    vectors = looks[rng.integers(200, size=count)] + 0.5 * rng.normal(size=(count, DIM))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


FILTERS = [
    SightingFilter(),
    SightingFilter(cameras=("north",)),
    SightingFilter(from_ms=1_000_000, to_ms=7_000_000),
    SightingFilter(communities=("lake",), from_ms=2_000_000, to_ms=2_100_000),
]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalArchive, np.ndarray]]:
    vectors = like_people(9_000)
    with open_archive(tmp_path_factory.mktemp("sealed") / "a", writable=True, seal_rows=4_096) as archive:
        for start in range(0, 9_000, 1_000):
            archive.append([record_of(i, vectors[i]) for i in range(start, start + 1_000)])
        archive.seal()
        yield archive, vectors


@pytest.mark.parametrize("where", FILTERS)
def test_sealed_rows_are_found_as_by_an_exact_scan(
    sealed: tuple[LocalArchive, np.ndarray], where: SightingFilter
) -> None:
    archive, vectors = sealed
    assert archive.stats().unsealed == 0
    numbers = np.arange(len(vectors))
    passing = np.ones(len(vectors), bool)
    if where.cameras:
        passing &= numbers % 4 == CAMERAS.index(where.cameras[0])
    if where.communities:
        passing &= numbers % 2 == 1
    if where.from_ms is not None and where.to_ms is not None:
        passing &= (numbers * 1_000 + 5_000 >= where.from_ms) & (numbers * 1_000 < where.to_ms)
    found, wanted = 0, 0
    for asked in like_people(20, seed=1):
        hits = archive.search(Query(Embeddings(asked[None], SPACE), where, 50))
        scores = np.where(passing, vectors @ asked, -2)
        best = set(np.argsort(-scores)[: min(50, int(passing.sum()))].tolist())
        got = [hit.sighting.key.track_id for hit in hits]
        assert all(passing[got])
        np.testing.assert_allclose([hit.score for hit in hits], scores[got], atol=1e-5)
        found, wanted = found + len(best & set(got)), wanted + len(best)
    assert found >= 0.99 * wanted


def test_what_is_forgotten_leaves_no_trace_in_a_segment(tmp_path: Path) -> None:
    vectors = like_people(100)
    with open_archive(tmp_path / "a", writable=True, seal_rows=100) as archive:
        records = [record_of(i, vectors[i]) for i in range(100)]
        archive.append(records)
        archive.seal()
        gone = records[7].sighting.id
        assert archive.forget([gone]) == 1
        hits = archive.search(Query(Embeddings(vectors[7:8], SPACE), SightingFilter(), 100))
        assert len(hits) == 99
        (folder,) = (path.parent for path in (tmp_path / "a" / "segments").glob("*/ids.npy"))
        ids, codes, residues = (np.load(folder / f"{name}.npy") for name in ("ids", "codes", "residues"))
        assert gone.encode() not in ids.tobytes()
        assert np.count_nonzero(ids == b"") == 1
        assert not codes[ids == b""].any()
        assert not residues[ids == b""].any()


def test_a_newer_revision_replaces_a_sealed_one(tmp_path: Path) -> None:
    vectors = like_people(11)
    with open_archive(tmp_path / "a", writable=True, seal_rows=10) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(10)])
        archive.seal()
        archive.append([record_of(4, vectors[10], revision=2)])
        hits = archive.search(Query(Embeddings(vectors[10:11], SPACE), SightingFilter(), 20))
        assert len(hits) == 10
        assert (hits[0].sighting.key.track_id, hits[0].sighting.revision) == (4, 2)


def test_a_reader_follows_the_segments_of_the_writer(tmp_path: Path) -> None:
    vectors = like_people(60)
    with open_archive(tmp_path / "a", writable=True, seal_rows=1_000) as writer:
        writer.append([record_of(i, vectors[i]) for i in range(30)])
        with open_archive(tmp_path / "a", writable=False) as reader:
            for start in (30, 40, 50):
                writer.seal()
                writer.append([record_of(i, vectors[i]) for i in range(start, start + 10)])
                hits = reader.search(Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 100))
                assert len(hits) == start + 10


def test_segments_can_be_thrown_away_and_built_again(tmp_path: Path) -> None:
    vectors = like_people(50)
    asked = Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 10)
    with open_archive(tmp_path / "a", writable=True, seal_rows=20) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(50)])
        before = archive.search(asked)
        archive.rebuild()
        assert archive.search(asked) == before
        assert archive.verify() == []


@pytest.mark.parametrize("broken", ["manifest.json", "*/segment.json", "*/codes.npy"])
def test_a_broken_segment_is_named_to_a_reader_and_built_anew_by_a_writer(tmp_path: Path, broken: str) -> None:
    vectors = like_people(30)
    asked = Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 30)
    with open_archive(tmp_path / "a", writable=True, seal_rows=20) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(30)])
        archive.seal()
        before = archive.search(asked)
    (path,) = (tmp_path / "a" / "segments").glob(broken)
    path.write_bytes(b"{}")
    with pytest.raises(ArchiveDamaged, match="zhian archive rebuild"):
        open_archive(tmp_path / "a", writable=False)
    with open_archive(tmp_path / "a", writable=True, seal_rows=20) as archive:
        assert archive.search(asked) == before
        assert archive.verify() == []


COLOURS = ("black", "red", "blue")
ASKED = [
    Looks({"upper_colour": frozenset({"red"})}),
    Looks({"upper_colour": frozenset({"red", "blue"}), "lower_colour": frozenset({"black"})}),
    Looks({"any_colour": frozenset({"blue"})}, {"lower_colour": frozenset({"red"})}),
    Looks({"hat": frozenset({"yes"})}, {"any_colour": frozenset({"black"})}),
]


def dressed(number: int, vector: np.ndarray, rng: np.random.Generator) -> Record:
    """Few values, few degrees of confidence and few times: many ties."""
    made = record_of(number, vector)
    worn = {part: COLOURS[rng.integers(3)] for part in ("upper_colour", "lower_colour", "hat") if rng.random() < 0.7}
    sure = {part: float(rng.integers(5, 10)) / 10 for part in worn if rng.random() < 0.8}
    seen = int(rng.integers(20))
    looks = {"attributes": worn, "attribute_confidence": sure, "first_seen_ms": seen, "last_seen_ms": seen + 3}
    return replace(made, sighting=replace(made.sighting, **looks))


@pytest.mark.parametrize("sealed_rows", [0, 200, 300, 400])
def test_looks_in_segments_and_tail_are_ranked_as_in_memory(tmp_path: Path, sealed_rows: int) -> None:
    rng = np.random.default_rng(sealed_rows)
    records = [dressed(number, vector, rng) for number, vector in enumerate(like_people(400))]
    memory = InMemoryArchive()
    memory.append(records)
    with open_archive(tmp_path / "a", writable=True, seal_rows=10_000) as archive:
        archive.append(records[:200])
        for start, end in ((200, sealed_rows), (max(200, sealed_rows), 400)):
            if sealed_rows:
                archive.seal()
            archive.append(records[start:end])
        gone = [record.sighting.id for record in records[::7]]
        memory.forget(gone)
        archive.forget(gone)
        for looks in ASKED:
            for where in (SightingFilter(), SightingFilter(cameras=("east",)), SightingFilter(from_ms=9, to_ms=15)):
                for top in (0, 1, 20):
                    assert archive.search_looks(looks, where, top=top) == memory.search_looks(looks, where, top=top)


def test_a_row_without_looks_and_an_attribute_nobody_has_are_unseen(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True, seal_rows=10_000) as archive:
        archive.append([record_of(i, like_people(1, i)[0]) for i in range(3)])
        archive.seal()
        hits = archive.search_looks(Looks({"hat": frozenset({"yes"})}), SightingFilter(), top=2)
        assert [(hit.score, hit.reasons) for hit in hits] == [(0.4, {"hat": "unseen"})] * 2
        assert [hit.sighting.key.track_id for hit in hits] == [2, 1]  # newest first


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_searches_stay_whole_while_rows_are_sealed(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    vectors = like_people(60, seed)
    short: list[int] = []
    with open_archive(tmp_path_factory.mktemp("b") / "a", writable=True, seal_rows=3) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(10)])
        ending = threading.Event()

        def look() -> None:
            while not ending.is_set():
                hits = archive.search(Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 100))
                if len({hit.sighting.id for hit in hits}) != len(hits) or len(hits) < 10:
                    short.append(len(hits))

        looking = threading.Thread(target=look)
        looking.start()
        for i in range(10, 60):
            archive.append([record_of(i, vectors[i]), record_of(i % 10, vectors[i], revision=i)])
        ending.set()
        looking.join()
    assert short == []


@settings(max_examples=20)
@given(
    keys=st.lists(st.integers(0, 400), min_size=1, max_size=200).map(sorted),
    wanted=st.lists(st.integers(-5, 405), min_size=64, max_size=80),
)
def test_many_times_are_placed_as_one_by_one(keys: list[int], wanted: list[int]) -> None:
    """One run a wanted time: so many are looked up in steps."""
    run = np.repeat(np.arange(len(wanted)), len(keys))
    first_ms = np.tile(np.array(keys), len(wanted))
    starts = np.arange(len(wanted) + 1) * len(keys)
    names = [("person", "garden", str(number)) for number in range(len(wanted))]
    runs = Runs(names, starts, np.zeros(len(wanted), np.int64), 0, key_of(run, first_ms))
    for to_ms in wanted[:5]:
        ranges = runs.select(SightingFilter(to_ms=to_ms))
        np.testing.assert_array_equal(expand(ranges), np.flatnonzero(first_ms < to_ms))
