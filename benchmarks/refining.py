"""What makes a question better: several photos, hits told right or wrong, and a new order of the best hits.

    python -m benchmarks refining

Seventy people seen by two cameras (`benchmarks.labelled_people`): a picture of one camera asks, the tracklets of the
other answer, four of each person with two pictures each, and once one of each with all eight. What was chosen from
others is measured beside it: the best of several photos instead of their mean, Rocchio's negative part and a linear
classifier for rejected hits, k-reciprocal re-ranking. The PETS re-entry set is measured too. Writes
benchmarks/results/refining.json. The exit code is 1 when what is on by default loses against what it replaces.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedding import crops
from benchmarks.evaluation_set import mirrored_store, write_result
from benchmarks.labelled_people import embedded, labelled, sightings_of
from benchmarks.retrieval import retrieval
from models.embedder import Embedder, load_embedder
from models.kinds import Kind
from pipeline.archive.contract import Hit
from pipeline.search import Reranking
from pipeline.search.pooling import mean_direction
from pipeline.search.reranking import by_company, by_rejected
from pipeline.sighting import Shot, Sighting, TrackletKey

EMBEDDERS = ("person_small", "omz0277")
EVERY = 3  # of the pictures asks
PHOTOS = 3
TAKEN = 100
LOOKED_AT = 20  # hits among which the caller tells right from wrong
WAYS = ("nothing told", "left out", "in use", "rocchio", "classifier")
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Score = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """vectors float32 (n, d) and whom each shows, int64 (n,)."""

    vectors: FloatArray
    person: IntArray

    def hits(self, asked: FloatArray, left_out: Sequence[int] = ()) -> list[Hit]:
        """Return the best hits of a vector (d,), as the archive would; an id is the place in the gallery."""
        scores = self.vectors @ asked
        scores[list(left_out)] = -np.inf
        best = [int(i) for i in np.argsort(-scores, kind="stable")[:TAKEN] if np.isfinite(scores[i])]
        return [Hit(rank, float(scores[i]), _sighting(i)) for rank, i in enumerate(best, 1)]

    def known(self, hits: Sequence[Hit]) -> Mapping[str, FloatArray]:
        """Return the vectors of hits by id."""
        return {hit.sighting.id: self.vectors[int(hit.sighting.id)] for hit in hits}

    def score(self, hits: Sequence[Hit], person: int, left_out: Sequence[int] = ()) -> Score | None:
        """Return (rank 1, average precision) of hits in their order, None when nobody is left to be found."""
        scores = np.full(len(self.person), -np.inf, np.float32)
        for hit in hits:
            scores[int(hit.sighting.id)] = -hit.rank
        kept = np.setdiff1d(np.arange(len(self.person)), np.array(left_out, np.int64))
        if not (self.person[kept] == person).any():
            return None
        return retrieval(scores[kept][None], [person], self.person[kept].tolist())


def photos(vectors: FloatArray, person: IntArray, gallery: Gallery) -> dict[str, list[Score]]:
    """Ask with one photo, with the best of three, and with their mean."""
    rng, found = np.random.default_rng(3), {"one photo": [], "best of three": [], "mean of three": []}
    for who in np.unique(person):
        own = vectors[person == who]
        for _ in range(4):
            three = own[rng.choice(len(own), PHOTOS, replace=False)]
            best = (gallery.vectors @ three.T).max(axis=1)
            order = np.argsort(-best, kind="stable")[:TAKEN]
            ranked = [Hit(rank, float(best[i]), _sighting(int(i))) for rank, i in enumerate(order, 1)]
            _note(found["one photo"], gallery.score(gallery.hits(three[0]), int(who)))
            _note(found["best of three"], gallery.score(ranked, int(who)))
            _note(found["mean of three"], gallery.score(gallery.hits(mean_direction(three)), int(who)))
    return found


def orders(vectors: FloatArray, person: IntArray, gallery: Gallery) -> dict[str, list[Score]]:
    """Put the best hits in each order."""
    found: dict[str, list[Score]] = {method.value: [] for method in Reranking}
    for asked, who in zip(vectors, person, strict=True):
        hits = gallery.hits(asked)
        for method in Reranking:
            _note(found[method.value], gallery.score(by_company(hits, asked, gallery.known(hits), method), int(who)))
    return found


def told(
    vectors: FloatArray, person: IntArray, gallery: Gallery, confirmed: int, rejected: int
) -> dict[str, list[Score]]:
    """Tell so many of the first right and wrong hits, and ask again; the told ones no longer count."""
    ways: dict[str, list[Score]] = {
        name: [] for name in ("nothing told", "left out", "in use", "rocchio", "classifier")
    }
    for asked, who in zip(vectors, person, strict=True):
        first = [int(hit.sighting.id) for hit in gallery.hits(asked)[:LOOKED_AT]]
        right = [i for i in first if gallery.person[i] == who][:confirmed]
        wrong = [i for i in first if gallery.person[i] != who][:rejected]
        if len(right) < confirmed or len(wrong) < rejected:
            continue
        left_out = [*right, *wrong]
        wanted, bad = np.concatenate([asked[None], gallery.vectors[right]]), gallery.vectors[wrong]
        mean = mean_direction(wanted)
        plain = gallery.hits(mean, left_out)
        tries = {
            "nothing told": gallery.hits(asked, left_out),
            "left out": plain,
            "in use": by_rejected(plain, bad, gallery.known(plain)),
            "rocchio": gallery.hits(mean - 0.25 * bad.mean(axis=0) if wrong else mean, left_out),
            "classifier": gallery.hits(_classifier(wanted, bad, gallery.vectors), left_out),
        }
        for name, hits in tries.items():
            _note(ways[name], gallery.score(hits, int(who), left_out))
    return ways


def measure(embedder: Embedder) -> dict[str, object]:
    """Measure one network on both sets."""
    rows: dict[str, object] = {"embedder": embedder.name}
    pictures = embedded(embedder)
    for shots in (8, 2):
        asking, gallery = _cross_camera(pictures, shots, EVERY)
        rows[f"order, {8 // shots} tracklets each"] = _both(orders, asking, gallery)
    rows["photos"] = _both(photos, *_cross_camera(pictures, 2, 1))
    for right, wrong in ((1, 0), (0, 3), (1, 3), (2, 5)):
        rows[f"told, {right} right {wrong} wrong"] = _both(
            partial(told, confirmed=right, rejected=wrong), asking, gallery
        )
    (queries, asked), (kept, shown) = crops("query"), crops("gallery")
    numbers = {who: n for n, who in enumerate(sorted({*asked, *shown}))}
    pets = Gallery(embedder.embed(kept).vectors, np.array([numbers[who] for who in shown]))
    vectors, person = embedder.embed(queries).vectors, np.array([numbers[who] for who in asked])
    rows["order, PETS re-entry"] = _means(orders(vectors, person, pets))
    return rows


def main(argv: list[str]) -> int:
    """Measure both person networks."""
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        results = [measure(load_embedder(name, store=store)) for name in EMBEDDERS]
    print(json.dumps(results, indent=1))
    write_result("refining", {"results": results})
    return 0 if all(_gains(row) for row in results) else 1


def _gains(row: dict[str, object]) -> bool:
    """Tell whether expansion and what is told gain over doing without, in mean average precision."""
    gained = []
    for name, cells in row.items():
        if isinstance(cells, dict) and name.startswith("order"):
            gained.append(cells["expansion"]["map"] >= cells["none"]["map"] - 0.002)
        elif isinstance(cells, dict) and name.startswith("told"):
            gained.append(cells["in use"]["map"] >= cells["left out"]["map"] >= cells["nothing told"]["map"])
    return all(gained)


def _cross_camera(
    vectors: FloatArray, shots: int, every: int
) -> tuple[list[tuple[FloatArray, IntArray]], list[Gallery]]:
    """Return who asks, and whom, for each of the two cameras."""
    people = labelled(vectors, shots)
    kept = sightings_of(people)
    asking = [(people.vectors[people.camera == c][::every], people.person[people.camera == c][::every]) for c in (0, 1)]
    answering = [Gallery(kept.vectors[kept.camera != c], kept.person[kept.camera != c]) for c in (0, 1)]
    return asking, answering


def _both(
    way: Callable[[FloatArray, IntArray, Gallery], dict[str, list[Score]]],
    asking: Sequence[tuple[FloatArray, IntArray]],
    galleries: Sequence[Gallery],
) -> dict[str, dict[str, float]]:
    parts = [way(*asked, gallery) for asked, gallery in zip(asking, galleries, strict=True)]
    return _means({name: [score for part in parts for score in part[name]] for name in parts[0]})


def _means(found: Mapping[str, Sequence[Score]]) -> dict[str, dict[str, float]]:
    rows = {}
    for name, scores in found.items():
        rank_1, mean_ap = np.mean(np.array(scores), axis=0)
        rows[name] = {"rank_1": round(float(rank_1), 4), "map": round(float(mean_ap), 4), "n": len(scores)}
    return rows


def _note(scores: list[Score], score: Score | None) -> None:
    if score is not None:
        scores.append(score)


def _classifier(wanted: FloatArray, bad: FloatArray, background: FloatArray) -> FloatArray:
    """Return float32 (d,): ridge regression of wanted against rejected and a sample of everybody, by class weights."""
    other = background[:: max(1, len(background) // 200)]
    groups = [(wanted, 1.0), *([(bad, -1.0)] if len(bad) else []), (other, -1.0)]
    rows = np.concatenate([rows for rows, _ in groups]).astype(np.float64)
    target = np.concatenate([np.full(len(rows), sign) for rows, sign in groups])
    weight = np.concatenate([np.full(len(rows), 1 / len(rows)) for rows, _ in groups])
    centred = rows - np.average(rows, axis=0, weights=weight)
    bend = (centred * weight[:, None]).T @ centred + 0.1 * np.eye(rows.shape[1])
    solved = np.linalg.solve(bend, (centred * (weight * target)[:, None]).sum(axis=0))
    return (solved / np.linalg.norm(solved)).astype(np.float32)


def _sighting(place: int) -> Sighting:
    shot = Shot(0, (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    return Sighting(str(place), TrackletKey("c", "s", place), Kind.PERSON, "", 0, 1, shot, (1, 1), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
