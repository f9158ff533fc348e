"""Wanted looks against measured ones: agree, disagree or unseen, and one score for all.

An attribute that agrees counts for more the surer it was measured, one that disagrees for less; one that was never
measured tells nothing, and so counts a little less than an even chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.sighting import Sighting

AGREE, DISAGREE, UNSEEN = "agree", "disagree", "unseen"
UNSEEN_SCORE = 0.4
UNSAID_CONFIDENCE = 0.7  # of sightings that were stored without one
# Attributes that say nothing of a part: any of these may have it.
PARTS = {"any_colour": ("upper_colour", "lower_colour")}
Values = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Looks:
    """Values by attribute: any of `wanted` is right, any of `without` is wrong."""

    wanted: Values = field(default_factory=dict)
    without: Values = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.without)


def judged(sighting: Sighting, looks: Looks) -> dict[str, str]:
    """Return agree, disagree or unseen by attribute; what is not wanted is called `not NAME`."""
    found = {}
    for name, values in looks.wanted.items():
        found[name] = _best(_verdict(sighting, part, values, wanted=True)[0] for part in PARTS.get(name, (name,)))
    for name, values in looks.without.items():
        verdicts = [_verdict(sighting, part, values, wanted=False)[0] for part in PARTS.get(name, (name,))]
        found[f"not {name}"] = DISAGREE if DISAGREE in verdicts else _best(verdicts)
    return found


def look_score(sighting: Sighting, looks: Looks) -> float:
    """Return 0..1: the mean over all attributes asked for."""
    scores = [
        max(_verdict(sighting, part, values, wanted=True)[1] for part in PARTS.get(name, (name,)))
        for name, values in looks.wanted.items()
    ] + [
        min(_verdict(sighting, part, values, wanted=False)[1] for part in PARTS.get(name, (name,)))
        for name, values in looks.without.items()
    ]
    return sum(scores) / len(scores) if scores else 0.0


def _verdict(sighting: Sighting, name: str, values: frozenset[str], *, wanted: bool) -> tuple[str, float]:
    seen = sighting.attributes.get(name)
    if seen is None:
        return UNSEEN, UNSEEN_SCORE
    sure = sighting.attribute_confidence.get(name, UNSAID_CONFIDENCE)
    if (seen in values) == wanted:
        return AGREE, 0.5 + 0.5 * sure
    return DISAGREE, UNSEEN_SCORE * (1 - sure)


def _best(verdicts: Iterable[str]) -> str:
    found = set(verdicts)
    return AGREE if AGREE in found else UNSEEN if UNSEEN in found else DISAGREE
