"""What the archive knows already about the strangers around a watch: its photo against those who passed before."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.alerting.budget import Calibration, Evidence, Scores, calibrate
from pipeline.alerting.budget.beliefs import UNKNOWN, belief_of
from pipeline.alerting.budget.scores import NOTHING
from pipeline.alerting.watches.watch import DAY_MS, Watch
from pipeline.archive.contract import Archive, Query, SightingFilter
from pipeline.archive.looks import AGREE

HIGHEST_SCORES = 2_000
PAST_MS = 7 * DAY_MS
RATE_WINDOWS_MS = (120_000, 600_000, 3_600_000, DAY_MS)
FEW = 10  # counted in a window, they say nothing of a rate
AGREEING_AT_MOST = 1_000


def sightings_per_day(archive: Archive, watch: Watch, now_ms: int) -> float | None:
    """Return how many sightings a day the watched area has, at its busiest lately; None when too few are known."""
    where = watch.target.where
    end_ms = _end_ms(archive, where, now_ms)
    rates = []
    for window_ms in RATE_WINDOWS_MS:
        count = archive.count(replace(where, from_ms=end_ms - window_ms, to_ms=end_ms + 1))
        if count >= FEW:
            rates.append(count * DAY_MS / window_ms)
    return max(rates, default=None)


def archive_scores(archive: Archive, watch: Watch, now_ms: int) -> Scores:
    """Return the scores of a watch's photos against the sightings of the last week in its area."""
    vectors = watch.target.vectors
    if vectors is None or vectors.space not in [s for spaces in archive.spaces().values() for s in spaces]:
        return NOTHING
    end_ms = _end_ms(archive, watch.target.where, now_ms)
    where = replace(watch.target.where, from_ms=end_ms - PAST_MS, to_ms=end_ms + 1)
    total = archive.count(where) - len(watch.same_as)
    hits = archive.search(Query(vectors, where, HIGHEST_SCORES, frozenset(watch.same_as)))
    return Scores.of(np.array([hit.score for hit in hits]), total)


def calibrated(
    archive_part: Scores, recorded: Mapping[str, Scores], watch: Watch, per_day: Mapping[str, float]
) -> Calibration:
    """Return the thresholds of a watch with a photo."""
    vectors = watch.target.vectors
    belief = UNKNOWN if vectors is None else belief_of(vectors.space)
    return calibrate(watch.budget_per_day, Evidence(archive_part, recorded, per_day), belief)


def agreeing_per_day(archive: Archive, watch: Watch, now_ms: int) -> float | None:
    """Return how many sightings a day agree with a watch's words: each would raise an alert. None without words."""
    if not watch.target.looks:
        return None
    end_ms = _end_ms(archive, watch.target.where, now_ms)
    where = replace(watch.target.where, from_ms=end_ms - DAY_MS, to_ms=end_ms + 1)
    found = archive.search_looks(watch.target.looks, where, top=AGREEING_AT_MOST)
    return float(sum(all(verdict == AGREE for verdict in hit.reasons.values()) for hit in found))


def _end_ms(archive: Archive, where: SightingFilter, now_ms: int) -> int:
    """Return when the area was seen last, at most now: recordings are of another day, and cameras fail."""
    newest = archive.find(replace(where, from_ms=None, to_ms=None), limit=1)
    return min(now_ms, newest[0].last_seen_ms) if newest else now_ms
