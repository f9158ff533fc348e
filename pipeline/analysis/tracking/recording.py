"""Tracks of a whole recording: what the tracker saw as it went, put in order with hindsight."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from pipeline.analysis.tracking.history import History, fill, smooth
from pipeline.analysis.tracking.linking import LinkSettings, link
from pipeline.analysis.tracking.settings import TrackerSettings
from pipeline.analysis.tracking.tracker import Tracker
from pipeline.analysis.tracking.tracks import FloatArray, Tracks


@dataclass(frozen=True, slots=True)
class HindsightSettings:
    """fill_s: longest gap in a track that is filled along a straight line. smooth_s: deviation of the Gaussian in time.

    min_mean_score: a track whose observations score lower on average was no object, only a lasting doubt. It is
    TrackerSettings.sure_score: small people, and people half hidden, are real at a mean of .5.
    """

    fill_s: float = 1.5
    smooth_s: float = 0.2
    min_mean_score: float = TrackerSettings().sure_score
    linking: LinkSettings = field(default_factory=LinkSettings)


@dataclass(slots=True)
class RecordedTracker:
    """A Tracker that remembers every observation, also those before a track was confirmed. Not for endless streams."""

    frame_size: tuple[int, int]
    tracker: Tracker = field(default_factory=lambda: Tracker(TrackerSettings()))
    _frames: list[tuple[int, int]] = field(init=False, default_factory=list)
    _seen: list[tuple[NDArray[np.float64], NDArray[np.float16]]] = field(init=False, default_factory=list)
    _confirmed: set[int] = field(init=False, default_factory=set)

    def update(self, detections: Detections, frame: int, t_ms: int, features: FloatArray | None = None) -> Tracks:
        """Pass one analysed frame on to the tracker; `frame` is its 1-based number in the video, rising."""
        tracks = self.tracker.update(detections, t_ms, features, self.frame_size)
        rows = np.flatnonzero(tracks.detection >= 0)
        at = tracks.detection[rows]
        columns = [
            np.full(len(rows), frame),
            np.full(len(rows), t_ms),
            tracks.track_id[rows],
            tracks.class_id[rows],
            detections.score[at],
        ]
        looks = np.empty((len(rows), 0), np.float16) if features is None else features[at].astype(np.float16)
        self._seen.append((np.column_stack([*columns, detections.xyxy[at]]).astype(np.float64), looks))
        self._frames.append((frame, t_ms))
        self._confirmed.update(tracks.track_id[tracks.confirmed].tolist())
        return tracks

    def finish(self, settings: HindsightSettings | None = None) -> list[History]:
        """Join, fill and smooth the confirmed tracks; ordered by id."""
        settings = settings or HindsightSettings()
        if not self._confirmed:
            return []
        frames, times_ms = np.array(self._frames, np.int64).T
        linked = link(self._histories(), self.frame_size, settings.linking)
        kept = [history for history in linked if history.score.mean() >= settings.min_mean_score]
        return [smooth(fill(h, frames, times_ms, settings.fill_s), settings.smooth_s) for h in kept]

    def _histories(self) -> list[History]:
        seen = np.concatenate([row for row, _ in self._seen])
        looks = _one_width([look for _, look in self._seen])
        histories = []
        order = np.argsort(seen[:, 2], kind="stable")
        ids, starts = np.unique(seen[order, 2], return_index=True)
        for track_id, own in zip(ids.astype(int).tolist(), np.split(order, starts[1:]), strict=True):
            if track_id not in self._confirmed:
                continue
            part = seen[own]
            when = part[:, :2].astype(np.int64)
            histories.append(
                History(track_id, int(part[0, 3]), when[:, 0], when[:, 1], part[:, 5:9], part[:, 4], looks[own])
            )
        return histories


def _one_width(looks: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    """Stack (n, d) arrays of which some have d = 0, because nothing was seen or looks were unknown."""
    width = max(look.shape[1] for look in looks)
    return np.concatenate(
        [look if look.shape[1] == width else np.zeros((len(look), width), np.float16) for look in looks]
    )
