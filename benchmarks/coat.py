"""She came back in another coat: what `--coat-may-have-changed` gains, and what it costs when the coat is the same.

    python -m benchmarks coat

Nobody at hand has pictures of people before and after, so coats are changed in pictures: of each of 49 people seen by
two cameras (`benchmarks.labelled_people`) the tracklets of one camera get the upper body of somebody else, cut from the
picture that shows the same side at the same camera: once in a cut like that in which the question is dyed, and once in
a wider and longer one, with another edge, as a real coat would be. Pictures of the other camera ask. It is a stand-in:
real coats hang differently. Writes benchmarks/results/coat.json. The exit code is 1 when it does not gain where coats
have changed.
"""

import json
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation_set import SHARED, mirrored_store, write_result
from benchmarks.labelled_people import SIDES
from benchmarks.retrieval import retrieval
from models.detections import Image
from models.embedder import Embedder, load_embedder
from models.pictures import read_picture
from pipeline.search.coat import coatless

EMBEDDERS = ("person_small", "omz0277")
PEOPLE = 49  # of whom no picture is missing
SHOTS = 4
# Top, bottom and side of the exchanged part, in shares of the crop.
CUTS = {"another jacket": (0.17, 0.50, 0.14), "another long coat": (0.13, 0.56, 0.05)}
FloatArray = NDArray[np.float32]


def pictures(shared: Path = SHARED) -> list[list[list[Image]]]:
    """Return the crops by person, camera and side."""
    paths = sorted((shared / "data" / "crops" / "pku_reid").glob("*.jpg"))[: PEOPLE * 2 * SIDES]
    crops = [cv2.resize(read_picture(path), (96, 192)) for path in paths]
    flat = [np.asarray(crop, np.uint8) for crop in crops]
    return [[flat[(who * 2 + c) * SIDES : (who * 2 + c + 1) * SIDES] for c in (0, 1)] for who in range(PEOPLE)]


def in_coat_of(crop: Image, other: Image, cut: tuple[float, float, float]) -> Image:
    """Return a crop with the upper body of another."""
    height, width = crop.shape[:2]
    top, bottom, side = cut
    share = np.zeros((height, width), np.float32)
    share[round(top * height) : round(bottom * height), round(side * width) : round((1 - side) * width)] = 1
    share = cv2.blur(share, (7, 7))[..., None]
    return np.asarray(crop * (1 - share) + other * share, np.uint8)


def measure(embedder: Embedder) -> dict[str, object]:
    """Ask with every second picture of the first camera."""
    crops, rng = pictures(), np.random.default_rng(11)
    donor = [int(rng.choice([n for n in range(PEOPLE) if n != who])) for who in range(PEOPLE)]
    own = _tracklets(embedder, [crops[who][1] for who in range(PEOPLE)])
    galleries = {"same coat": own}
    for name, cut in CUTS.items():
        pairs = [zip(crops[who][1], crops[donor[who]][1], strict=True) for who in range(PEOPLE)]
        galleries[name] = _tracklets(embedder, [[in_coat_of(a, b, cut) for a, b in pair] for pair in pairs])
    asking = [(who, crops[who][0][side]) for who in range(PEOPLE) for side in range(0, SIDES, 2)]
    plain = embedder.embed([crop for _, crop in asking]).vectors
    looking_past = coatless([crop for _, crop in asking], embedder)
    rows: dict[str, object] = {"embedder": embedder.name, "questions": len(asking)}
    for name, coats in galleries.items():
        for way, vectors in (("as it is", plain), ("coat may have changed", looking_past)):
            scores = [_asked(vector, who, own, coats) for (who, _), vector in zip(asking, vectors, strict=True)]
            rank_1, mean_ap = np.mean(np.array(scores), axis=0)
            rows[f"{name}, {way}"] = {"rank_1": round(float(rank_1), 4), "map": round(float(mean_ap), 4)}
    return rows


def main(argv: list[str]) -> int:
    """Measure both person networks."""
    with tempfile.TemporaryDirectory() as home:
        store = mirrored_store(Path(home))
        results = [measure(load_embedder(name, store=store)) for name in EMBEDDERS]
    print(json.dumps(results, indent=1))
    write_result("coat", {"results": results})
    return 0 if all(_gains(row) for row in results) else 1


def _gains(row: dict[str, object]) -> bool:
    cells = {name: cell for name, cell in row.items() if isinstance(cell, dict)}
    return all(
        cells[f"{name}, coat may have changed"]["rank_1"] > cells[f"{name}, as it is"]["rank_1"] for name in CUTS
    )


def _asked(vector: FloatArray, who: int, own: FloatArray, coats: FloatArray) -> tuple[float, float]:
    """Return (rank 1, average precision) among all in their own coats, but the one meant in `coats`."""
    gallery = own.copy()
    gallery[who] = coats[who]
    flat = gallery.reshape(-1, gallery.shape[-1])
    return retrieval((flat @ vector)[None], [who], np.repeat(np.arange(PEOPLE), own.shape[1]).tolist())


def _tracklets(embedder: Embedder, crops: list[list[Image]]) -> FloatArray:
    """Return float32 (people, tracklets, d): the mean vectors of SHOTS sides next to each other."""
    vectors = np.stack([embedder.embed(each).vectors.reshape(-1, SHOTS, embedder.space.dim) for each in crops])
    pooled = vectors.mean(axis=2)
    unit: FloatArray = pooled / np.linalg.norm(pooled, axis=-1, keepdims=True)
    return unit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
