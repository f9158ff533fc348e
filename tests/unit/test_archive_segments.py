"""Segments: the policy by hand, ranges and searches against brute force, and what is left of the forgotten."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, LocalArchive, Looks, Query, SightingFilter, derived, open_archive
from pipeline.archive.layout import Layout
from pipeline.archive.look_columns import LookLedger
from pipeline.archive.making import made
from pipeline.archive.ranking import Candidate, rows_known
from pipeline.archive.segments import policy, probing, scanning
from pipeline.archive.segments import rows as segment_rows
from pipeline.archive.segments.codes import Quantiser
from pipeline.archive.segments.details import DETAIL
from pipeline.archive.segments.runs import Runs, Slots, contains, expand, key_of
from pipeline.archive.segments.scanning import NOTHING_LEFT, Scanner
from pipeline.archive.segments.searching import search_segments
from pipeline.archive.segments.segment import Segment
from pipeline.errors import ArchiveDamaged
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

DIM = 32
SPACE = EmbeddingSpace("test", "v", DIM)
CAMERAS = ("north", "south", "east", "west")


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
    count = len(first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_rows, "SLOT_ROWS", 5)
        rows, runs = segment_rows.SegmentRows(
            tuple(("person", "garden", camera) for camera in "abc"),
            np.array([b"%d" % number for number in range(count)]),
            np.ones(count, np.int64),
            np.arange(count),
            np.array(cameras[:count]),
            first_ms,
            last_ms,
            {},
            LookLedger(),
            np.zeros(count, DETAIL),
            (),
        ).in_order()
    where = SightingFilter(from_ms=from_ms, to_ms=to_ms, cameras=wanted)
    selection = runs.select(where)
    ranges = selection.ranges
    assert [name[2] for name in runs.of(np.arange(count))] == [rows.names[number][2] for number in rows.run]
    selected = (rows.last_ms >= (from_ms or 0)) & (rows.first_ms < (1000 if to_ms is None else to_ms))
    selected &= np.isin(np.array([name[2] for name in rows.names])[rows.run], wanted or tuple("abc"))
    assert np.all(ranges[1:, 0] > ranges[:-1, 1])
    inside = contains(ranges, np.arange(len(first)))
    held = np.flatnonzero(inside)
    np.testing.assert_array_equal(held[runs.passing(held, where, rows.last_ms)], np.flatnonzero(selected))
    np.testing.assert_array_equal(expand(ranges), np.flatnonzero(inside))


@pytest.mark.parametrize(("looks_through", "threads"), [(True, 1), (True, 3), (False, 3)])
def test_a_scan_of_some_blocks_equals_the_whole_scan_on_their_rows(
    *, looks_through: bool, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "threads_at_hand", lambda: threads)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(100_000, DIM)).astype(np.float32)
    quantiser = Quantiser.trained(vectors[:5_000])
    turned = quantiser.turned(vectors)
    scanner = Scanner(quantiser, quantiser.encode(turned))
    if not looks_through:  # as with a FAISS whose memory lies otherwise: all is copied
        scanner._long = 10_000
    scores, rows, bar = scanner.scan(turned[3], 100_000, np.array([[0, 3_125]]))
    assert bar == NOTHING_LEFT
    expected = np.empty(100_000, np.float32)
    expected[rows] = scores
    some = np.array([[1, 3], [7, 90], [120, 2_900], [3_124, 3_125]])
    inside = np.flatnonzero(np.isin(np.arange(100_000) // 32, expand(some)))
    scores, rows, bar = scanner.scan(turned[3], 100_000, some)
    assert bar == NOTHING_LEFT
    assert sorted(rows.tolist()) == inside.tolist()
    np.testing.assert_allclose(scores, expected[rows], atol=1e-4)
    scores, rows, bar = scanner.scan(turned[3], 500, some)
    assert 500 <= len(rows) < 900
    missed = np.setdiff1d(inside, rows)
    assert expected[missed].max() <= bar + 1e-4


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


@pytest.fixture(scope="module", params=[policy.MOST_ROWS, 2_048], ids=["one segment", "several"])
def sealed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[LocalArchive, np.ndarray]]:
    vectors = like_people(9_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "MOST_ROWS", request.param)
        yield from filled(tmp_path_factory, vectors)


def filled(tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray) -> Iterator[tuple[LocalArchive, np.ndarray]]:
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


def test_rows_elsewhere_that_are_better_spare_segments_the_search(
    sealed: tuple[LocalArchive, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten of the best fifty are asked for: with forty better ones known, only those are looked for and found."""
    archive, vectors = sealed
    (held,) = archive._derived._held.values()
    asked = like_people(1, seed=7)
    query = Query(Embeddings(asked, SPACE), SightingFilter(), 50)
    scanned: list[int] = []
    scan_all = scanning.scan_all
    monkeypatch.setattr(probing, "scan_all", lambda requests: scanned.append(len(requests)) or scan_all(requests))
    exact = np.sort(vectors @ asked[0])[::-1]
    search_segments(held.segments, held.vectors, query, np.empty(0, np.float32))
    alone = sum(scanned)
    known = np.full(40, 1.0, np.float32)
    found = search_segments(held.segments, held.vectors, query, known)
    np.testing.assert_allclose([each.score for each in found[:10]], exact[:10], atol=1e-5)
    assert len(held.segments) <= sum(scanned) - alone <= alone
    assert search_segments(held.segments, held.vectors, replace(query, top=0), known) == []


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
        assert not np.load(folder / "details.npy")[ids == b""].tobytes().strip(b"\0")


SORTS_OF_LOOKS: list[tuple[dict[str, str], dict[str, float]]] = [
    ({}, {}),
    ({"upper_colour": "red", "lower_colour": "blue"}, {"upper_colour": 0.91, "lower_colour": 0.123456789}),
    ({"upper_colour": "red"}, {}),  # stored by an older version: only the database knows that it has no confidence
    ({"lower_colour": "灰"}, {"lower_colour": 0.7, "sex": 0.5}),
]


def test_hits_from_a_segment_are_the_rows_of_the_database(tmp_path: Path) -> None:
    vectors = like_people(40)
    with open_archive(tmp_path / "a", writable=True, seal_rows=1_000) as archive:
        records = []
        for i in range(40):
            record = record_of(i, vectors[i])
            shot = Shot(1_000 * i + 7, (0.1 * i, 1.5, 9.25, 1e3 / 3), 0.1 + i / 100, 1 / 3)
            attributes, confidence = SORTS_OF_LOOKS[i % 4]
            key = TrackletKey(CAMERAS[i % 4], f"session {i % 3} 段", 2**40 + i)
            kind = list(Kind)[i % len(Kind)]
            sighting = Sighting(
                *(key.sighting_id(), key, kind, "garden", 1_000 * i, 1_000 * i + 5_000, shot, (640, 480), i + 1, 3),
                open=i % 2 == 0,
                attributes=attributes,
                attribute_confidence=confidence,
            )
            records.append(replace(record, sighting=sighting))
        archive.append(records)
        archive.seal()
        hits = archive.search(Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 40))
        assert len(hits) == 40
        assert [hit.sighting for hit in hits] == [archive.get(hit.sighting.id) for hit in hits]
        assert {hit.sighting.id: hit.sighting for hit in hits} == {each.sighting.id: each.sighting for each in records}
        by_words = archive.search_looks(Looks({"upper_colour": frozenset({"red"})}), SightingFilter(), top=40)
        assert [hit.sighting for hit in by_words] == [archive.get(hit.sighting.id) for hit in by_words]


def test_a_row_that_is_erased_while_it_is_read_is_not_told(tmp_path: Path) -> None:
    vectors = like_people(20)
    with open_archive(tmp_path / "a", writable=True, seal_rows=1_000) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(20)])
        archive.seal()
        (part,) = (path.parent for path in (tmp_path / "a" / "segments").glob("*/ids.npy"))
        segment = Segment(part)
        query = Query(Embeddings(vectors[:1], SPACE), SightingFilter(), 20)
        vectors_file = Layout(tmp_path / "a").vectors((1, 0), DIM)
        found = search_segments([segment], vectors_file, query, np.empty(0, np.float32))
        gone = found[0].sighting_id
        archive.forget([gone])
        known = rows_known(found)
        assert sorted(known) == sorted(each.sighting_id for each in found[1:])


def test_a_segment_of_the_older_format_is_searched_all_the_same(tmp_path: Path) -> None:
    vectors = like_people(2_000)  # one slot: in the order of the older format
    folder = tmp_path / "a"
    with open_archive(folder, writable=True, seal_rows=10_000) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(2_000)])
        archive.seal()
        queries = [Query(Embeddings(vectors[:1], SPACE), where, 20) for where in FILTERS]
        wanted = [archive.search(query) for query in queries]
    (path,) = (folder / "segments").glob("*/segment.json")
    header = json.loads(path.read_text("utf-8"))
    header |= {"format": 3, "starts": np.load(path.parent / "run_starts.npy").tolist()}
    header["longest_ms"] = np.load(path.parent / "run_longest.npy").tolist()
    del header["slots"]
    path.write_text(json.dumps(header), "utf-8")
    for name in ("details", "sessions", "run_starts", "run_longest", "run_numbers"):
        (path.parent / f"{name}.npy").unlink()
    with open_archive(folder, writable=True, seal_rows=10_000) as archive:
        assert [archive.search(query) for query in queries] == wanted
        gone = wanted[0][0].sighting.id
        archive.forget([gone])
        assert gone not in {hit.sighting.id for hit in archive.search(queries[0])}
        archive.seal()
        assert archive.verify() == []


def test_a_newer_revision_replaces_a_sealed_one(tmp_path: Path) -> None:
    vectors = like_people(11)
    with open_archive(tmp_path / "a", writable=True, seal_rows=10) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(10)])
        archive.seal()
        archive.append([record_of(4, vectors[10], revision=2)])
        hits = archive.search(Query(Embeddings(vectors[10:11], SPACE), SightingFilter(), 20))
        assert len(hits) == 10
        assert (hits[0].sighting.key.track_id, hits[0].sighting.revision) == (4, 2)


def test_a_row_that_is_renewed_during_a_search_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = like_people(40)
    with open_archive(tmp_path / "a", writable=True, seal_rows=1_000) as archive:
        archive.append([record_of(i, vectors[i]) for i in range(20)])
        archive.seal()
        archive.append([record_of(i, vectors[i]) for i in range(20, 30)])
        newer = iter([record_of(4, vectors[4], revision=2)])

        def renewed_first(*asked: Any) -> list[Candidate]:
            for record in newer:
                archive.append([record])
                archive._derived.catch_up()
            return search_segments(*asked)

        monkeypatch.setattr(derived, "search_segments", renewed_first)
        hits = archive.search(Query(Embeddings(vectors[4:5], SPACE), SightingFilter(), 30))
        assert len(hits) == 30
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
    stays = np.zeros(len(wanted), np.int64)
    slots = Slots(*(np.array(each) for each in ([0, len(wanted)], [keys[0]], [keys[-1]], [0])))
    runs = Runs(names, np.arange(len(wanted)), starts, stays, 0, key_of(run, first_ms), slots)
    for to_ms in wanted[:5]:
        where = SightingFilter(to_ms=to_ms)
        held = expand(runs.select(where).ranges)
        np.testing.assert_array_equal(held[runs.passing(held, where, first_ms)], np.flatnonzero(first_ms < to_ms))


def test_many_objects_at_once_are_the_same_as_one_by_one() -> None:
    columns = (("c", "d"), ("s", "t"), (1, 2))
    assert made(TrackletKey, 2, *columns) == [TrackletKey("c", "s", 1), TrackletKey("d", "t", 2)]
    assert made(TrackletKey, 0, (), (), ()) == []
    with pytest.raises(ValueError, match="shorter"):
        made(TrackletKey, 2, *columns[:2])
