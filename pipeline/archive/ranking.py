"""The one order of hits: exact scores, best first, ties by sighting id."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import neg
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.making import made
from pipeline.sighting import Sighting

FloatArray = NDArray[np.float32]
CHUNK = 4096


class Source(Protocol):
    """What knows whole rows."""

    def sightings(self, places: Sequence[int], ids: Sequence[str]) -> list[Sighting | None]:
        """Return the sightings with these ids at some places; None for one that has to be looked up elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sighting that may become a hit; `revision` tells whether its row is still the one that was scored.

    `source` tells who knows its row, and at which place.
    """

    sighting_id: str
    revision: int
    score: float
    source: tuple[Source, int] | None = None


@dataclass(frozen=True, slots=True)
class LookCandidate:
    """A sighting that may become a hit of a search by looks."""

    sighting_id: str
    revision: int
    score: float
    last_seen_ms: int
    source: tuple[Source, int] | None = None


def cosines(vectors: FloatArray, vector: FloatArray) -> FloatArray:
    """Return float32 (n,): vectors (n, d) times one (d,), on the calling thread.

    BLAS would share it among the cores and wait for the one that is busy decoding: 3 ms instead of 0.2 (measured).
    """
    products: FloatArray = np.einsum("nd,d->n", vectors, vector)
    return products


def exact_scores(vectors: FloatArray, queries: FloatArray) -> FloatArray:
    """Return float32 (n,): for each of vectors (n, d) the best cosine with any of queries (m, d).

    Summed in float64, row by row, and rounded once: equal vectors get equal scores wherever they are stored, which
    BLAS and FAISS do not promise.
    """
    scores = np.empty(len(vectors), np.float32)
    wanted = queries.astype(np.float64)
    for start in range(0, len(vectors), CHUNK):
        chunk = vectors[start : start + CHUNK].astype(np.float64)
        scores[start : start + CHUNK] = np.einsum("nd,md->nm", chunk, wanted).max(axis=1)
    return scores


def best(
    ids: Sequence[str],
    revisions: Sequence[int],
    scores: FloatArray,
    top: int,
    exclude: Container[str] = (),
    sources: Sequence[tuple[Source, int] | None] | None = None,
) -> list[Candidate]:
    """Return the `top` candidates in order, without those whose ids are excluded."""
    rows = sorted(zip((-scores).tolist(), ids, revisions, range(len(ids)), strict=True))
    kept = [row for row in rows if row[1] not in exclude] if exclude else rows
    kept = kept[: max(top, 0)]
    if not kept:
        return []
    worst_first, names, counted, places = zip(*kept, strict=True)
    known = repeat(None) if sources is None else map(sources.__getitem__, places)
    return made(Candidate, len(kept), names, counted, map(neg, worst_first), known)


def rows_known(candidates: Iterable[Candidate | LookCandidate]) -> dict[str, Sighting]:
    """Return the sightings of candidates by id, as far as their sources know them."""
    asked: dict[Source, list[tuple[int, str]]] = {}
    for candidate in candidates:
        if candidate.source is not None:
            source, place = candidate.source
            asked.setdefault(source, []).append((place, candidate.sighting_id))
    found = [row for source, each in asked.items() for row in source.sightings(*zip(*each, strict=True))]
    return {row.id: row for row in found if row is not None}


def merged(one: Sequence[Candidate], other: Sequence[Candidate], top: int) -> list[Candidate]:
    """Return the `top` of both in order."""
    return sorted([*one, *other], key=lambda each: (-each.score, each.sighting_id))[: max(top, 0)]


def best_looking(candidates: Iterable[LookCandidate], top: int) -> list[LookCandidate]:
    """Return the `top` in the order of searches by looks: best first, then newest, ties by id."""
    return sorted(candidates, key=lambda each: (-each.score, -each.last_seen_ms, each.sighting_id))[: max(top, 0)]
