"""How likely a stranger scores higher than a threshold, also where none has scored yet.

Peaks over a level u: of the strangers above u, the share (`1 - t` over `1 - u`) ** steepness is above t. That is the
generalised Pareto law of extreme value theory (Pickands 1975) with its end at 1, which no cosine passes. Steepness is
estimated by the median of the excesses, so that a few sightings of the one who is looked for, which nobody has told
apart from the strangers, bend it little. What was believed before counts like a few more scores.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.alerting.budget.scores import Scores

LARGEST_SHARE, SMALLEST_SHARE = 0.25, 0.02
EXCESSES = 100  # of so many scores the level lies below the highest, within those shares of all
BELIEF_TOTAL, BELIEF_EXCESSES = 20, 5  # scores, and excesses among them, that a belief counts for
FEW, OUTLIERS = 200, 0.1  # below so many scores, so many strangers are expected beyond the limit of outliers
LOWEST, HIGHEST = -0.95, 0.99
GENTLEST = 0.5


@dataclass(frozen=True, slots=True)
class Tail:
    """Of all strangers `share` score above `level`, and fall off from there with `steepness`."""

    share: float
    level: float
    steepness: float

    def share_above(self, threshold: float) -> float:
        """Return the share of strangers above a threshold; below `level` it is only known to be `share` or more."""
        if threshold <= self.level:
            return self.share
        left = max(0.0, 1.0 - threshold) / (1.0 - self.level)
        return float(self.share * left**self.steepness)

    def score_at(self, share: float) -> float:
        """Return the threshold that this share of strangers passes, `level` at the least."""
        if share >= self.share:
            return self.level
        left = (max(share, 1e-12) / self.share) ** (1.0 / self.steepness)
        return float(min(HIGHEST, 1.0 - (1.0 - self.level) * left))


def fitted(scores: Scores, belief: Tail) -> Tail:
    """Return the tail of recorded scores; few scores change the belief little, many settle it.

    Of few, those that by the belief hardly one stranger would reach are taken for the one looked for, and left out.
    """
    if scores.total < FEW:
        scores = _without_outliers(scores, belief)
    share = float(np.clip(EXCESSES / max(scores.total, 1), SMALLEST_SHARE, LARGEST_SHARE))
    count = min(int(share * scores.total), len(scores.highest) - 1)
    believed = _moved(belief, share)
    if count < 1:
        return believed
    seen = float(scores.highest[count])
    level = (scores.total * seen + BELIEF_TOTAL * believed.level) / (scores.total + BELIEF_TOTAL)
    level = float(np.clip(level, LOWEST, HIGHEST))
    excesses = np.log((1.0 - level) / np.maximum(1.0 - scores.highest[:count], 1e-6)).clip(0.0)
    # the median of an exponential law is ln 2 of its mean
    spent = count * float(np.median(excesses)) / np.log(2.0)
    steepness = (count + BELIEF_EXCESSES) / (spent + BELIEF_EXCESSES / believed.steepness)
    return Tail(count / scores.total, level, max(GENTLEST, float(steepness)))


def _without_outliers(scores: Scores, belief: Tail) -> Scores:
    limit = belief.score_at(OUTLIERS / max(scores.total, 1))
    kept = scores.highest[scores.highest <= limit]
    return Scores(kept, scores.total - (len(scores.highest) - len(kept)))


def _moved(belief: Tail, share: float) -> Tail:
    """Return the belief told from another share on; a larger one cannot be told, and leaves it as it is."""
    if share >= belief.share:
        return belief
    return Tail(share, belief.score_at(share), belief.steepness)
