"""What the archive knows already about the strangers around a watch: its photo against those who passed before."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.alerting.budget import Calibration, Evidence, Scores, calibrate
from pipeline.alerting.budget.beliefs import UNKNOWN, belief_of
from pipeline.alerting.budget.scores import NOTHING
from pipeline.alerting.watches.watch import DAY_MS, Target
from pipeline.archive.contract import Archive, Query, SightingFilter
from pipeline.archive.looks import AGREE

HIGHEST_SCORES = 500
PAST_MS = 7 * DAY_MS
RATE_WINDOWS_MS = (120_000, 600_000, 3_600_000, DAY_MS)
FEW = 10  # counted in a window, they say nothing of a rate
AGREEING_AT_MOST = 1_000


def sightings_per_day(archive: Archive, where: SightingFilter, now_ms: int) -> float | None:
    """Return how many sightings a day an area has, at its busiest lately; None when too few are known."""
    end_ms = _end_ms(archive, where, now_ms)
    rates = []
    for window_ms in RATE_WINDOWS_MS:
        count = archive.count(replace(where, from_ms=end_ms - window_ms, to_ms=end_ms + 1))
        if count >= FEW:
            rates.append(count * DAY_MS / window_ms)
    return max(rates, default=None)


def archive_scores(archive: Archive, target: Target, now_ms: int, same_as: Sequence[str] = ()) -> Scores:
    """Return the scores of a target's photos against the sightings of the last week in its area."""
    vectors = target.vectors
    if vectors is None or vectors.space not in [s for spaces in archive.spaces().values() for s in spaces]:
        return NOTHING
    end_ms = _end_ms(archive, target.where, now_ms)
    where = replace(target.where, from_ms=end_ms - PAST_MS, to_ms=end_ms + 1)
    total = archive.count(where) - len(same_as)
    hits = archive.search(Query(vectors, where, HIGHEST_SCORES, frozenset(same_as)))
    return Scores.of(np.array([hit.score for hit in hits]), total)


def calibrated(budget_per_day: float, target: Target, evidence: Evidence, *, with_curve: bool = False) -> Calibration:
    """Return the thresholds of a target with photos for a budget of false alerts; the curve is for people to see."""
    belief = UNKNOWN if target.vectors is None else belief_of(target.vectors.space)
    return calibrate(budget_per_day, evidence, belief, with_curve=with_curve)


def agreeing_per_day(archive: Archive, target: Target, now_ms: int) -> float | None:
    """Return how many sightings a day agree with a target's words: each would raise an alert. None without words."""
    if not target.looks:
        return None
    end_ms = _end_ms(archive, target.where, now_ms)
    where = replace(target.where, from_ms=end_ms - DAY_MS, to_ms=end_ms + 1)
    found = archive.search_looks(target.looks, where, top=AGREEING_AT_MOST)
    return float(sum(all(verdict == AGREE for verdict in hit.reasons.values()) for hit in found))


def _end_ms(archive: Archive, where: SightingFilter, now_ms: int) -> int:
    """Return when the area was seen last, at most now: recordings are of another day, and cameras fail."""
    newest = archive.find(replace(where, from_ms=None, to_ms=None), limit=1)
    return min(now_ms, newest[0].last_seen_ms) if newest else now_ms
