"""Counts the scores that watches give to whoever passes, per watch and camera: what thresholds are read off."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.alerting.budget.scores import BINS, Counts, Scores, bin_of
from pipeline.alerting.watches.book import WatchBook

Key = tuple[str, str]  # watch, camera


class ScoreRecorder:
    """Histograms in memory, written down now and then: a kill loses what was counted since. One thread owns it."""

    def __init__(self, book: WatchBook) -> None:
        self._book = book
        self._counts: dict[Key, Counts] = {}
        self._dirty: set[Key] = set()

    def follow(self, watch_ids: Sequence[str]) -> None:
        """Read what was recorded of watches that are new here, and let go of all others."""
        known = {watch_id for watch_id, _ in self._counts}
        for watch_id, cameras in self._book.scores([each for each in watch_ids if each not in known]).items():
            for camera_id, counts in cameras.items():
                self._counts[watch_id, camera_id] = counts
        kept = set(watch_ids)
        self._counts = {key: counts for key, counts in self._counts.items() if key[0] in kept}
        self._dirty = {key for key in self._dirty if key[0] in kept}

    def count(self, scored: Mapping[Key, Sequence[float]]) -> None:
        """Count scores (cosines) by watch and camera."""
        for key, scores in scored.items():
            counts = self._counts.setdefault(key, np.zeros(BINS, np.int64))
            np.add.at(counts, bin_of(np.array(scores, np.float32)), 1)
            self._dirty.add(key)

    def of(self, watch_id: str) -> dict[str, Scores]:
        """Return the scores of one watch by camera."""
        return {camera: Scores.counted(counts) for (watch, camera), counts in self._counts.items() if watch == watch_id}

    def save(self) -> None:
        """Write down what has changed."""
        if self._dirty:
            self._book.keep_scores({key: self._counts[key] for key in self._dirty})
            self._dirty.clear()
