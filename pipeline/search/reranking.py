"""The best hits put in a better order: by the company they keep, and by the looks asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.contract import Hit
from pipeline.archive.looks import UNSEEN_SCORE, Looks, judged, look_score

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

LOOKS_WEIGHT = 0.2  # in cosines: as much as lies between the same person seen well and seen badly
# Measured by `python -m benchmarks refining`: how many of the best hits join the question, and the power of their say.
JOINING, POWER = 2, 1
MOST = 200  # hits that are put in a new order; who is asked for more reads them no more closely
FEWEST = 8  # hits; among fewer the best are no company, just whoever there is
STRANGERS, PUSHED_BACK = 0.6, 0.5  # measured by `python -m benchmarks refining`
# Zhong et al. took 20, 6 and .3 on galleries with more pictures of each person than an archive has sightings.
NEIGHBOURS, EXPANDED, DIRECT = 4, 2, 0.6


class Reranking(StrEnum):
    """How the best hits are ordered: as they are, by expansion (the default), or by k-reciprocal neighbours."""

    NONE = "none"
    EXPANSION = "expansion"
    K_RECIPROCAL = "k_reciprocal"


def by_company(
    hits: Sequence[Hit], asked: FloatArray, vectors: Mapping[str, FloatArray], method: Reranking
) -> list[Hit]:
    """Return the hits in a new order with new scores, best first; too few of them stay as they are.

    `asked` is float32 (d,), `vectors` holds (d,) by sighting id; a hit without one, or behind the first MOST, keeps its
    place behind the others.
    By expansion a score is the cosine with `asked` and its best hits taken together; by k-reciprocal neighbours it is
    1 minus the distance, 0..1.
    """
    known = [hit for hit in hits if hit.sighting.id in vectors][:MOST]
    if method is Reranking.NONE or len(known) <= FEWEST:
        return list(hits)
    matrix = np.stack([vectors[hit.sighting.id] for hit in known])
    plain = np.einsum("nd,d->n", matrix, asked)
    scores = _expansion(plain, matrix, asked) if method is Reranking.EXPANSION else _k_reciprocal(plain, matrix)
    order = sorted(range(len(known)), key=lambda i: (-scores[i], -plain[i], known[i].sighting.id))
    moved = [replace(known[i], score=float(scores[i])) for i in order]
    ids = {hit.sighting.id for hit in moved}
    rest = [replace(hit, score=min(hit.score, moved[-1].score)) for hit in hits if hit.sighting.id not in ids]
    return [replace(hit, rank=rank) for rank, hit in enumerate([*moved, *rest], 1)]


def _expansion(plain: FloatArray, matrix: FloatArray, asked: FloatArray) -> FloatArray:
    """Return float32 (n,): cosines with the question and its best hits, each weighing a power of its own cosine.

    Radenovic et al., Fine-tuning CNN Image Retrieval with No Human Annotation, TPAMI 2019, section 3.4.
    """
    best = np.argsort(-plain, kind="stable")[:JOINING]
    say = np.maximum(plain[best], 0) ** POWER
    together = asked + np.einsum("n,nd->d", say, matrix[best])
    scores: FloatArray = np.einsum("nd,d->n", matrix, together / max(float(np.linalg.norm(together)), 1e-12))
    return scores


def _k_reciprocal(plain: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return float32 (n,): 1 minus the distance. The best stays the best: behind it this gains, there it loses."""
    scores = 1 - jaccard_distances(plain, np.einsum("nd,md->nm", matrix, matrix))
    scores[int(np.argmax(plain))] = scores.max()
    return scores


def by_rejected(hits: Sequence[Hit], rejected: FloatArray, vectors: Mapping[str, FloatArray]) -> list[Hit]:
    """Return the hits with those lowered that look like somebody rejected, float32 (m, d): others of her sightings.

    Only what lies beyond strangers' likeness counts, so that one who merely resembles a rejected hit stays.
    """
    if not len(rejected):
        return list(hits)
    lowered = []
    for hit in hits:
        vector = vectors.get(hit.sighting.id)
        like = 0.0 if vector is None else float(np.einsum("md,d->m", rejected, vector).max())
        lowered.append((hit.score - PUSHED_BACK * max(0.0, like - STRANGERS), hit))
    lowered.sort(key=lambda pair: (-pair[0], pair[1].sighting.id))
    return [replace(hit, rank=rank, score=score) for rank, (score, hit) in enumerate(lowered, 1)]


def by_looks(hits: Sequence[Hit], looks: Looks) -> list[Hit]:
    """Return the hits with looks counted in: agreement lifts a hit, disagreement lowers it."""
    scored = [(hit, hit.score + LOOKS_WEIGHT * (look_score(hit.sighting, looks) - UNSEEN_SCORE)) for hit in hits]
    scored.sort(key=lambda pair: (-pair[1], pair[0].sighting.id))
    return [Hit(rank, score, hit.sighting, judged(hit.sighting, looks)) for rank, (hit, score) in enumerate(scored, 1)]


def jaccard_distances(to_query: FloatArray, among: FloatArray) -> FloatArray:
    """Return float32 (n,) in 0..1, smaller is nearer: the final distance of n candidates to the question.

    Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017.
    `to_query` (n,) and `among` (n, n) are cosines. Sets of neighbours count the query as number 0.
    """
    n = len(to_query) + 1
    likeness = np.ones((n, n), np.float32)
    likeness[0, 1:] = likeness[1:, 0] = to_query
    likeness[1:, 1:] = among
    np.fill_diagonal(likeness, 1.0)
    distance = np.maximum(2 - 2 * likeness, 0)
    distance /= np.maximum(distance.max(axis=0), 1e-12)
    order = np.argsort(distance, axis=1, kind="stable")
    encoded = np.where(_expanded(order), np.exp(-distance), 0)
    encoded /= encoded.sum(axis=1, keepdims=True)
    encoded = encoded[order[:, :EXPANDED]].mean(axis=1)
    shared = np.minimum(encoded[0], encoded).sum(axis=1)
    jaccard = 1 - shared / (2 - shared)
    final: FloatArray = ((1 - DIRECT) * jaccard + DIRECT * distance[0])[1:].astype(np.float32)
    return final


def _expanded(order: NDArray[np.intp]) -> BoolArray:
    """Return bool (n, n): the k-reciprocal neighbours of each, joined by those of its neighbours that overlap most."""
    near = _reciprocal(order, NEIGHBOURS)
    half = _reciprocal(order, round(NEIGHBOURS / 2))
    shared = np.einsum("ik,jk->ij", near.astype(np.float32), half.astype(np.float32))
    joining = near & (shared > 2 / 3 * half.sum(axis=1))
    joined: BoolArray = near | (np.einsum("ij,jk->ik", joining.astype(np.float32), half.astype(np.float32)) > 0)
    return joined


def _reciprocal(order: NDArray[np.intp], k: int) -> BoolArray:
    """Return bool (n, n): each is among the k nearest of the other, itself included."""
    near = np.zeros((len(order), len(order)), np.bool_)
    near[np.arange(len(order))[:, None], order[:, : k + 1]] = True
    return near & near.T
