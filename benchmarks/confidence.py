"""What the words likely, possible and weak are worth: the lines of `configs/confidence.yaml`, and their precision.

    python -m benchmarks confidence

The line of each network is fitted to 35 of seventy people (`benchmarks.labelled_people`): logistic regression on pairs
of a picture and a tracklet, the two classes weighed as if one pair in fifty showed one person. What the words are worth
is measured on the 35 others, in galleries of several sizes (the largest filled up with people of other places), and on
the PETS footage. Writes benchmarks/results/confidence.json and confidence.png. The exit code is 1 when a line differs
from the one in use, or when a word promises more than it holds.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedding import crops
from benchmarks.evaluation_set import ROOT, SHARED, mirrored_store, write_result
from benchmarks.labelled_people import PICTURES, People, embedded, labelled, sightings_of
from models.embedder import Embedder, load_embedder
from models.pictures import read_picture
from pipeline.search.confidence import AT_LEAST, Calibration, Word, calibration_of

FloatArray = NDArray[np.float64]
EMBEDDERS = ("person_small", "omz0277")
SHOTS = 4
PRIOR = 0.02
STRANGERS = ("ccp", "helmet_workers", "tud_motion_mixed")  # crops of other places; person_small learned from them
STRANGERS_OF_EACH = 1_000
TOP = 20
ENOUGH = 30  # hits that a word needs before its precision is held against it
LEARNED, TRIED = tuple(range(0, len(PICTURES), 2)), tuple(range(1, len(PICTURES), 2))


def pairs(people: People) -> tuple[FloatArray, FloatArray]:
    """Return the cosines of all pairs of a picture and a tracklet without it: of one person, of two."""
    kept = sightings_of(people)
    cosines = (people.vectors @ kept.vectors.T).astype(np.float64)
    same = people.person[:, None] == kept.person
    return cosines[same & (people.sighting[:, None] != kept.number)], cosines[~same]


def fitted(same: FloatArray, other: FloatArray) -> Calibration:
    """Return the line that tells the two apart best, by Newton's method on the weighed logistic loss."""
    x = np.concatenate([same, other])
    label = np.concatenate([np.ones(len(same)), np.zeros(len(other))])
    weight = np.concatenate([np.full(len(same), PRIOR / len(same)), np.full(len(other), (1 - PRIOR) / len(other))])
    design, start, line = np.stack([np.ones(len(x)), x], axis=1), np.log(PRIOR / (1 - PRIOR)), np.zeros(2)
    for _ in range(50):
        probability = 1 / (1 + np.exp(-np.clip(design @ line + start, -60, 60)))
        slope = design.T @ (weight * (probability - label))
        bend = (design * (weight * probability * (1 - probability))[:, None]).T @ design
        line -= np.linalg.solve(bend + 1e-12 * np.eye(2), slope)
    return Calibration(slope=round(float(line[1]), 2), offset=round(float(line[0]), 2))


def judged(scores: FloatArray, right: NDArray[np.bool_], line: Calibration) -> list[tuple[float, bool]]:
    """Return probability and truth of the best hits of each query; scores (q, g), -inf where not searched."""
    found: list[tuple[float, bool]] = []
    for row, truth in zip(scores, right, strict=True):
        searched = int(np.isfinite(row).sum())
        best = np.argsort(-row)[: min(TOP, searched)]
        found += [(line.confidence(float(row[i]), searched).probability, bool(truth[i])) for i in best]
    return found


def held_out(people: People, strangers: NDArray[np.float32], line: Calibration) -> list[tuple[float, bool]]:
    """Ask with every picture among the tracklets of all, its own left out, and strangers."""
    kept = sightings_of(people)
    gallery = np.concatenate([kept.vectors, strangers])
    scores = (people.vectors @ gallery.T).astype(np.float64)
    numbers = np.concatenate([kept.number, np.full(len(strangers), -1)])
    scores[people.sighting[:, None] == numbers] = -np.inf
    shown = np.concatenate([kept.person, np.full(len(strangers), -1)])
    return judged(scores, people.person[:, None] == shown, line)


def pets(embedder: Embedder, line: Calibration) -> list[tuple[float, bool]]:
    """Ask with the 21 queries among the 96 pictures of the PETS re-entry set."""
    (queries, asked), (gallery, shown) = crops("query"), crops("gallery")
    scores = embedder.embed(queries).similarity(embedder.embed(gallery)).astype(np.float64)
    return judged(scores, np.array(asked)[:, None] == np.array(shown), line)


def table(found: Sequence[tuple[float, bool]]) -> dict[str, dict[str, float | int | None]]:
    """Return for each word how many hits were called so, how many of them rightly, and the share."""
    rows: dict[str, dict[str, float | int | None]] = {}
    for word in Word:
        called = [truth for probability, truth in found if _word(probability) is word]
        share = round(sum(called) / len(called), 3) if called else None
        rows[word.value] = {"hits": len(called), "right": sum(called), "precision": share}
    return rows


def measure(embedder: Embedder) -> tuple[dict[str, object], dict[str, list[tuple[float, bool]]]]:
    """Fit and try one network."""
    everybody = labelled(embedded(embedder), SHOTS)
    same, other = pairs(everybody.of(LEARNED))
    line = fitted(same, other)
    tried, nobody = everybody.of(TRIED), np.empty((0, everybody.vectors.shape[1]), np.float32)
    learned = sightings_of(everybody.of(LEARNED)).vectors
    found = {
        "35 people": held_out(tried, nobody, line),
        "70 people": held_out(tried, learned, line),
        "35 people and 3,000 strangers": held_out(tried, _strangers(embedder), line),
        "PETS re-entry": pets(embedder, line),
    }
    result = {
        "embedder": embedder.name,
        "space": str(embedder.space),
        "slope": line.slope,
        "offset": line.offset,
        "in_use": line == calibration_of(embedder.space),
        "pairs": {"same": len(same), "other": len(other)},
        "words": {name: table(rows) for name, rows in found.items()},
    }
    return result, found


def main(argv: list[str]) -> int:
    """Measure every network that has a line."""
    results, plots = [], {}
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        for name in EMBEDDERS:
            result, plots[name] = measure(load_embedder(name, store=store))
            results.append(result)
            print(json.dumps(result), flush=True)
    write_result("confidence", {"at_least": {w.value: p for w, p in AT_LEAST.items()}, "results": results})
    _plot(plots)
    return int(not all(result["in_use"] and _kept(plots[str(result["embedder"])]) for result in results))


def _kept(found: dict[str, list[tuple[float, bool]]]) -> bool:
    """Tell whether every word holds what it promises in every gallery."""
    for rows in found.values():
        for word, least in AT_LEAST.items():
            called = [truth for probability, truth in rows if _word(probability) is word]
            if len(called) >= ENOUGH and sum(called) / len(called) < least:
                return False
    return True


def _word(probability: float) -> Word:
    return next(word for word, least in AT_LEAST.items() if probability >= least)


def _strangers(embedder: Embedder) -> NDArray[np.float32]:
    paths = [
        path for name in STRANGERS for path in sorted((SHARED / "data" / "crops" / name).glob("*"))[:STRANGERS_OF_EACH]
    ]
    return embedder.embed([read_picture(path) for path in paths]).vectors


def _plot(found: dict[str, dict[str, list[tuple[float, bool]]]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * len(found), 4.6), layout="constrained")
    for axes, (name, galleries) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for gallery, rows in galleries.items():
            said, right = np.array([p for p, _ in rows]), np.array([t for _, t in rows])
            edges = np.digitize(said, np.arange(0.1, 1.0, 0.1))
            points = [
                (said[edges == b].mean(), right[edges == b].mean()) for b in range(10) if (edges == b).sum() >= 10
            ]
            axes.plot(*zip(*points, strict=True), marker="o", label=gallery)
        axes.set(title=name, xlabel="probability said", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="lower right", fontsize=8)
    figure.savefig(ROOT / "results" / "confidence.png", dpi=110)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
