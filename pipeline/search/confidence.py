"""How sure a hit is, in a word an officer understands.

A likeness says little by itself: among twenty sightings a cosine of .6 is most likely the one meant, among a million
some stranger reaches it. Pairs of one person and of two, labelled by hand, tell how many times likelier a likeness is
between the same than between strangers; its logarithm is a straight line in the cosine (Brümmer and du Preez, Computer
Speech & Language 20, 2006: calibration of scores as likelihood ratios). With the number of sightings searched, of which
EXPECTED are taken to show the one meant, that gives a probability. The line of each embedding network is in
`configs/confidence.yaml`; a network without a line gets no word.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any

import yaml

from models.embeddings import EmbeddingSpace
from pipeline.errors import BadSettings


class Word(StrEnum):
    """How sure: of hits called so, about the share that `AT_LEAST` says shows the one meant."""

    LIKELY = "likely"
    POSSIBLE = "possible"
    WEAK = "weak"


AT_LEAST: Mapping[Word, float] = {Word.LIKELY: 0.75, Word.POSSIBLE: 0.25, Word.WEAK: 0.0}
IN_CHINESE: Mapping[Word, str] = {Word.LIKELY: "很可能", Word.POSSIBLE: "可能", Word.WEAK: "把握不大"}


EXPECTED = 3  # sightings of the one meant among those searched: there and back, and once more


@dataclass(frozen=True, slots=True)
class Confidence:
    """`probability` 0..1 that a hit shows the one meant, and the word for it."""

    word: Word
    probability: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The line of one network: `offset + slope * cosine` is the logarithm of the likelihood ratio."""

    slope: float
    offset: float

    def confidence(self, likeness: float, searched: int) -> Confidence:
        """Return how sure a hit of this cosine, -1..1, is among so many sightings."""
        odds = self.offset + self.slope * likeness - log(max(searched / EXPECTED, 1))
        probability = 1 / (1 + exp(-max(-60.0, min(60.0, odds))))
        return Confidence(next(word for word, least in AT_LEAST.items() if probability >= least), probability)


def calibration_of(space: EmbeddingSpace) -> Calibration | None:
    """Return the line of a network's vectors, None when none was measured; precisions of one network share theirs."""
    weights, _, _ = space.version.partition("-")
    return _calibrations().get(f"{space.name}/{weights}")


@cache
def _calibrations() -> Mapping[str, Calibration]:
    for folder in (Path(__file__).parents[2] / "configs", Path(sys.prefix) / "share/zhian/configs"):
        path = folder / "confidence.yaml"
        if path.is_file():
            content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
            rows: dict[str, Any] = content["networks"]
            return {name: Calibration(float(row["slope"]), float(row["offset"])) for name, row in rows.items()}
    raise BadSettings("configs/confidence.yaml is not installed: install zhian anew")
