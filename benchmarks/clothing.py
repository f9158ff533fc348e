"""Colours of upper and lower clothing against labels by eye: exact matches per colour and per source.

    python -m benchmarks.clothing

The labels are `tests/golden/clothing_colours.csv`; the pictures stay in the evaluation data. "development" was learned
from, "held-out" are other source folders, which nothing was learned from. Altered pictures (light, white balance, JPEG,
size) show how robust the answer is; where the processor computes in bf16, what that changes is told too.
Writes benchmarks/results/clothing.json. The exit code is 1 below a bound.
"""

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.evaluation_set import ROOT, SHARED, write_result
from models.clothing import LOWER, UPPER, ClothingReader, load_clothing_reader
from models.detections import Image
from models.engine import EngineSettings, describe_host
from models.pictures import encode_jpeg, read_picture

LABELS = ROOT.parent / "tests" / "golden" / "clothing_colours.csv"
PARTS = {UPPER: "upper", LOWER: "lower"}
BF16 = EngineSettings("openvino", "cpu", "bf16")
BOUNDS = {UPPER: 0.80, LOWER: 0.75}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A crop and its colours by eye, "" where the eye was unsure; `part` is development or held-out."""

    part: str
    source: str
    colours: dict[str, str]
    crop: Image


def labelled(shared: Path = SHARED, labels: Path = LABELS) -> list[Labelled]:
    """Read the crops of the labels file; `box` (left, top, right, bottom) cuts one out of a whole frame."""
    found = []
    with labels.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            picture = read_picture(shared / "data" / row["picture"])
            if row["box"]:
                left, top, right, bottom = map(int, row["box"].split())
                picture = picture[max(top, 0) : bottom, max(left, 0) : right]
            colours = {attribute: row[column] for attribute, column in PARTS.items()}
            found.append(Labelled(row["part"], row["picture"].split("/")[1], colours, picture))
    return found


ALTERATIONS: dict[str, Callable[[Image], Image]] = {
    "as it is": lambda crop: crop,
    "blue cast": lambda crop: _scaled(crop, (1.15, 1.0, 0.9)),
    "yellow cast": lambda crop: _scaled(crop, (0.85, 1.0, 1.1)),
    "darker": lambda crop: _scaled(crop, (0.6, 0.6, 0.6)),
    "gamma 0.7": lambda crop: (255 * (crop / 255.0) ** 0.7).astype(np.uint8),
    "JPEG 30": lambda crop: np.asarray(cv2.imdecode(np.frombuffer(encode_jpeg(crop, 30), np.uint8), 1), np.uint8),
    "24 x 48": lambda crop: np.asarray(cv2.resize(crop, (24, 48), interpolation=cv2.INTER_AREA), np.uint8),
}


def _scaled(crop: Image, gains: Sequence[float]) -> Image:
    return np.clip(crop * np.array(gains), 0, 255).astype(np.uint8)


def answers(reader: ClothingReader, crops: Sequence[Image]) -> list[dict[str, str]]:
    """Return the two colours of each crop."""
    found = reader.read([[crop] for crop in crops], [[1.0]] * len(crops))
    return [{name: one.value for name, one in read.items()} for read in found]


def accuracy(chosen: Sequence[Labelled], told: Sequence[dict[str, str]], attribute: str) -> dict[str, object]:
    """Return exact matches of one attribute: all, the mean over colours, per colour, and the mistakes."""
    pairs = [
        (one.colours[attribute], read[attribute])
        for one, read in zip(chosen, told, strict=True)
        if one.colours[attribute]
    ]
    asked = Counter(true for true, _ in pairs)
    right = Counter(true for true, said in pairs if true == said)
    wrong = Counter(f"{true} as {said}" for true, said in pairs if true != said)
    per_colour = {colour: f"{right[colour]}/{count}" for colour, count in asked.most_common()}
    return {
        "crops": len(pairs),
        "exact": round(sum(right.values()) / max(len(pairs), 1), 3),
        "mean_of_colours": round(float(np.mean([right[c] / n for c, n in asked.items()])), 3) if asked else 0.0,
        "per_colour": per_colour,
        "mistakes": dict(wrong.most_common()),
    }


def measure(reader: ClothingReader, rows: Sequence[Labelled], part: str) -> dict[str, object]:
    """Return the accuracy of both attributes on one part of the labels, altogether and per source."""
    chosen = [row for row in rows if row.part == part]
    told = answers(reader, [row.crop for row in chosen])
    sources: dict[str, dict[str, object]] = {}
    for source in sorted({row.source for row in chosen}):
        of_source = [i for i, row in enumerate(chosen) if row.source == source]
        sources[source] = {
            name: {key: found[key] for key in ("crops", "exact")}
            for name in PARTS
            for found in [accuracy([chosen[i] for i in of_source], [told[i] for i in of_source], name)]
        }
    return {"crops": len(chosen), **{name: accuracy(chosen, told, name) for name in PARTS}, "sources": sources}


def altered(reader: ClothingReader, rows: Sequence[Labelled]) -> dict[str, object]:
    """Return exact matches on the held-out part after each alteration."""
    chosen = [row for row in rows if row.part == "held-out"]
    result: dict[str, object] = {}
    for name, alter in ALTERATIONS.items():
        told = answers(reader, [alter(row.crop) for row in chosen])
        result[name] = {attribute: accuracy(chosen, told, attribute)["exact"] for attribute in PARTS}
    return result


def cost(reader: ClothingReader, rows: Sequence[Labelled], shots: int = 4) -> float:
    """Return milliseconds a tracklet of that many shots, eight tracklets at a time."""
    groups = [[rows[(i * shots + k) % len(rows)].crop for k in range(shots)] for i in range(8)]
    weights = [[1.0] * shots] * len(groups)
    reader.read(groups, weights)
    began = time.perf_counter()
    for _ in range(20):
        reader.read(groups, weights)
    return round(1000 * (time.perf_counter() - began) / 20 / len(groups), 3)


def in_bf16(exact: ClothingReader, rows: Sequence[Labelled]) -> dict[str, object]:
    """Return what reading in bf16 would change: exact matches on the held-out part, and answers of all crops."""
    reader = load_clothing_reader(engine=BF16)
    crops, held = [row.crop for row in rows], measure(reader, rows, "held-out")
    one, other = (each.probabilities(crops)[0] for each in (exact, reader))
    told = [each.argmax(axis=2) for each in (one, other)]
    return {
        **{name: _exact(held, name) for name in PARTS},
        "answers": 2 * len(crops),
        "other_answers": int((told[0] != told[1]).sum()),
        "most_of_a_probability": round(float(np.abs(one - other).max()), 3),
    }


def main(argv: list[str]) -> int:
    reader, rows = load_clothing_reader(), labelled()
    parts = {part: measure(reader, rows, part) for part in ("development", "held-out")}
    result: dict[str, object] = {
        **parts,
        "altered": altered(reader, rows),
        "ms_per_tracklet_of_4_shots": cost(reader, rows),
        "engine": reader.choice.label,
    }
    if describe_host().bf16:
        result["in_bf16"] = in_bf16(reader, rows)
    write_result("clothing", result)
    print(json.dumps(result, indent=1))
    held: dict[str, object] = parts["held-out"]
    return int(any(float(str(_exact(held, name))) < bound for name, bound in BOUNDS.items()))


def _exact(part: dict[str, object], attribute: str) -> object:
    found = part[attribute]
    return found["exact"] if isinstance(found, dict) else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
