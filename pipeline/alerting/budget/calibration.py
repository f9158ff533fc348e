"""From a budget of false alerts to thresholds per camera, and the curve that shows what another budget would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.alerting.budget.beliefs import Belief
from pipeline.alerting.budget.scores import NOTHING, Scores
from pipeline.alerting.budget.tail import Tail, fitted

ENOUGH = 200  # scores from which on a threshold is called measured
MOST_STRANGERS = 0.02  # however large the budget, no more of them than this may pass
UNKNOWN_RATE = 2_000.0  # sightings a day, where none were counted yet
CURVE_POINTS = 40
JUST_OVER = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of the scores one watch gives to strangers.

    `recorded` per camera are those since it stands, `archive` those of its photo against earlier sightings in its
    area. `per_day` is how many sightings a day the area has, by camera; none: not known yet. `false_alerts` are the
    scores of alerts that people closed as false, in the `days` the watch stands.
    """

    archive: Scores = NOTHING
    recorded: Mapping[str, Scores] = field(default_factory=dict)
    per_day: Mapping[str, float] = field(default_factory=dict)
    false_alerts: Sequence[float] = ()
    days: float = 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """One place of the curve: `hit_rate` is the share of true sightings expected above the threshold, if known."""

    threshold: float
    false_alerts_per_day: float
    hit_rate: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The thresholds that keep to a budget: `everywhere`, and `cameras` where a camera's own scores say otherwise.

    `recorded` and `archive` count the scores they rest on; below ENOUGH in all they rest on what is believed of the
    embedder as well, and `measured` is false. `curve` is empty when nobody asked for it.
    """

    budget_per_day: float
    everywhere: float
    cameras: Mapping[str, float]
    recorded: int
    archive: int
    curve: tuple[Point, ...]

    @property
    def measured(self) -> bool:
        """Tell whether enough scores were recorded."""
        return self.recorded + self.archive >= ENOUGH

    def threshold(self, camera_id: str) -> float:
        """Return the threshold at a camera."""
        return self.cameras.get(camera_id, self.everywhere)


def calibrate(budget_per_day: float, evidence: Evidence, belief: Belief, *, with_curve: bool = True) -> Calibration:
    """Return thresholds for at most `budget_per_day` false alerts a day over all cameras together.

    Each step starts from the one before: the belief about the embedder, the photo against the archive, the recorded
    scores of all cameras, those of one camera. Every camera lets the same share of strangers pass. When people have
    closed more alerts as false than the budget allows, no threshold lies below those that are too many.
    """
    recorded = _joined(list(evidence.recorded.values()))
    everywhere = fitted(recorded, fitted(evidence.archive, belief.strangers))
    tails = {name: fitted(scores, everywhere) for name, scores in evidence.recorded.items() if scores.total}
    rate = sum(evidence.per_day.values()) or UNKNOWN_RATE
    share = min(budget_per_day / rate, MOST_STRANGERS)
    floor = taught(evidence.false_alerts, budget_per_day * evidence.days)
    return Calibration(
        budget_per_day,
        round(max(floor, everywhere.score_at(share)), 4),
        {name: round(max(floor, tail.score_at(share)), 4) for name, tail in tails.items()},
        recorded.total,
        evidence.archive.total,
        _curve(everywhere, tails, evidence.per_day, rate, belief) if with_curve else (),
    )


def taught(false_alerts: Sequence[float], allowed: float) -> float:
    """Return the threshold that lets at most `allowed` of the false alerts pass, one at the least; -1: any."""
    falling = sorted(false_alerts, reverse=True)
    kept = max(1, int(allowed))
    return falling[kept] + JUST_OVER if len(falling) > kept else -1.0


def _curve(
    everywhere: Tail, tails: Mapping[str, Tail], per_day: Mapping[str, float], rate: float, belief: Belief
) -> tuple[Point, ...]:
    """Return points from where hardly a stranger is held back to where hardly one passes, thresholds rising."""
    points = []
    for threshold in np.linspace(everywhere.level, 0.98, CURVE_POINTS):
        share = float(threshold)
        if per_day:
            false = sum(n * tails.get(name, everywhere).share_above(share) for name, n in per_day.items())
        else:
            false = rate * everywhere.share_above(share)
        points.append(Point(round(share, 4), float(f"{false:.3g}"), belief.hit_rate(share)))
    return tuple(points)


def _joined(parts: list[Scores]) -> Scores:
    if not parts:
        return NOTHING
    return Scores.of(np.concatenate([part.highest for part in parts]), sum(part.total for part in parts))
