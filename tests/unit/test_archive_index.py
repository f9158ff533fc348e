"""The search index against brute force in float64, under random filters, replacements and erasures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import KINDS, Kind
from pipeline.archive.columns import Entries
from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.index import SpaceIndex
from pipeline.archive.ranking import exact_scores

DIM = 8
SPACE = EmbeddingSpace("test", "v", DIM)
CAMERAS = ("north", "south", "east")


class Entry(NamedTuple):
    """One row of what the index takes."""

    sighting_id: str
    revision: int
    vector_row: int
    kind: str
    camera_id: str
    community: str
    first_seen_ms: int
    last_seen_ms: int
    attributes: str


def columns_of(entries: Sequence[Entry]) -> Entries:
    return Entries.of(list(zip(*entries, strict=True))) if entries else Entries.none()


def unit_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = rng.integers(-2, 3, (n, DIM)).astype(np.float32)  # few values: many ties, also exact duplicates
    rows[:, 0] += np.float32(0.5)  # never all zero
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def entries_of(rng: np.random.Generator, n: int, first_row: int) -> list[Entry]:
    made = []
    for row in range(first_row, first_row + n):
        start = int(rng.integers(0, 1000))
        made.append(
            Entry(
                sighting_id=f"{rng.integers(0, 1 << 40):010x}{row}",
                revision=int(rng.integers(1, 4)),
                vector_row=row,
                kind=KINDS[rng.integers(0, 3)].value,
                camera_id=CAMERAS[rng.integers(0, 3)],
                community=("garden", "lake")[rng.integers(0, 2)],
                first_seen_ms=start,
                last_seen_ms=start + int(rng.integers(0, 200)),
                attributes="{}",
            )
        )
    return made


@dataclass
class Model:
    """What the index should hold, kept naively."""

    entries: list[Entry]
    vectors: np.ndarray

    def search(self, query: Query) -> list[tuple[str, int]]:
        where = query.where
        rows = []
        for entry, vector in zip(self.entries, self.vectors, strict=True):
            if (
                (where.kind is None or entry.kind == where.kind)
                and (where.from_ms is None or entry.last_seen_ms >= where.from_ms)
                and (where.to_ms is None or entry.first_seen_ms < where.to_ms)
                and (not where.cameras or entry.camera_id in where.cameras)
                and (not where.communities or entry.community in where.communities)
                and entry.sighting_id not in query.exclude
            ):
                scores = query.vectors.vectors.astype(np.float64) @ vector.astype(np.float64)
                rows.append((-np.float32(scores.max()), entry.sighting_id, entry.revision))
        return [(name, revision) for _, name, revision in sorted(rows)[: query.top]]


filters = st.builds(
    SightingFilter,
    kind=st.none() | st.sampled_from(list(Kind)),
    from_ms=st.none() | st.integers(0, 1200),
    to_ms=st.none() | st.integers(0, 1200),
    cameras=st.lists(st.sampled_from([*CAMERAS, "nowhere"]), max_size=2).map(tuple),
    communities=st.lists(st.sampled_from(["garden", "lake"]), max_size=1).map(tuple),
)


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=3),
    gone=st.floats(0, 0.5),
    where=filters,
    top=st.integers(0, 40),
    queries=st.integers(1, 3),
    excluded=st.integers(0, 3),
)
def test_search_equals_brute_force(
    seed: int, sizes: list[int], gone: float, where: SightingFilter, top: int, queries: int, excluded: int
) -> None:
    rng = np.random.default_rng(seed)
    index, model = SpaceIndex(DIM), Model([], np.empty((0, DIM), np.float32))
    for size in sizes:
        held = [entry for entry in model.entries if rng.random() < gone]
        fresh = entries_of(rng, size, first_row=1000 * len(model.entries) + 7)
        vectors = unit_rows(rng, size)
        index.apply([entry.vector_row for entry in held], columns_of(fresh), vectors)
        keep = np.array([entry not in held for entry in model.entries], bool)
        model.vectors = np.concatenate([model.vectors[keep], vectors])
        model.entries = [entry for entry in model.entries if entry not in held] + fresh
    exclude = frozenset(entry.sighting_id for entry in model.entries[:excluded])
    query = Query(Embeddings(unit_rows(rng, queries), SPACE), where, top, exclude)
    assert [(c.sighting_id, c.revision) for c in index.search(query)] == model.search(query)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 30), size=st.integers(0, 200), first=st.integers(0, 220), gone=st.floats(0, 0.5))
def test_what_is_left_behind_a_row_is_found_as_before_and_goes_its_own_way(
    seed: int, size: int, first: int, gone: float
) -> None:
    rng = np.random.default_rng(seed)
    entries, vectors = entries_of(rng, size, first_row=7), unit_rows(rng, size)
    index = SpaceIndex(DIM)
    index.apply([], columns_of(entries), vectors)
    lost = [entry for entry in entries if rng.random() < gone]
    index.apply([entry.vector_row for entry in lost], Entries.none(), np.empty((0, DIM), np.float32))
    left = index.from_row(first)
    more, more_vectors = entries_of(rng, 3, first_row=1000), unit_rows(rng, 3)
    left.apply([], columns_of(more), more_vectors)
    keep = np.array([entry not in lost and entry.vector_row >= first for entry in entries], bool)
    model = Model([entry for entry, kept in zip(entries, keep, strict=True) if kept] + more, vectors[keep])
    model.vectors = np.concatenate([model.vectors, more_vectors])
    where = SightingFilter(cameras=("north", "east"))
    query = Query(Embeddings(unit_rows(rng, 2), SPACE), where, 30)
    assert len(left) == len(model.entries)
    assert [(c.sighting_id, c.revision) for c in left.search(query)] == model.search(query)
    assert {c.sighting_id for c in index.search(query)}.isdisjoint({entry.sighting_id for entry in more})


def test_giving_up_an_unknown_row_changes_nothing() -> None:
    index = SpaceIndex(DIM)
    index.apply([5], Entries.none(), np.empty((0, DIM), np.float32))
    query = Query(Embeddings(unit_rows(np.random.default_rng(0), 1), SPACE), SightingFilter(), 5)
    assert index.search(query) == []


def test_equal_vectors_score_equally_wherever_they_lie() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(9001, 67)).astype(np.float32)
    rows[[0, 4095, 4096, 9000]] = rows[17]
    scores = exact_scores(rows, rng.normal(size=(3, 67)).astype(np.float32))
    assert len(set(scores[[0, 17, 4095, 4096, 9000]].tolist())) == 1
