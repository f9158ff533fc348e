"""The multi-object tracker of one camera."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from pipeline.analysis.tracking.association import assign
from pipeline.analysis.tracking.features import Features, Given, Once
from pipeline.analysis.tracking.motion import Motion
from pipeline.analysis.tracking.settings import TrackerSettings
from pipeline.analysis.tracking.similarity import at_border, overlap
from pipeline.analysis.tracking.tracks import FloatArray, Memory, Tracks

Index = NDArray[np.intp]

# Prediction over a longer pause says nothing, and every track has ended by then.
_LONGEST_STEP_S = 10.0


@dataclass(slots=True)
class Tracker:
    """Follows the objects of one fixed camera; ids count from 1 in each instance.

    Frames must come in order of time, at any rate, also a changing one. Motion (a Kalman filter in real time) says
    where each object should be; overlap with that place and likeness in looks decide which detection continues which
    track, sure detections first, faint ones for what is left. Kinds are never mixed.
    """

    settings: TrackerSettings = field(default_factory=TrackerSettings)
    _memory: Memory = field(init=False, repr=False)
    _last_ms: int | None = field(init=False, default=None)
    _step_s: float | None = field(init=False, default=None)
    _next_id: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        """Start with no tracks."""
        self._memory = self._born(Detections.empty(), np.empty((0, 0), np.float32), 0)

    def update(
        self,
        detections: Detections,
        t_ms: int,
        features: FloatArray | Features | None = None,
        frame_size: tuple[int, int] | None = None,
    ) -> Tracks:
        """Take the detections of the frame of `t_ms` (UTC epoch milliseconds) and return the living tracks.

        features: float32 (len(detections), d), rows of length 1 that describe looks, or what is asked for the rows that
        matter; None: looks unknown. A time before the last frame's counts as the last frame's. frame_size: (width,
        height) of the picture in pixels, so that who has left is given up earlier than who is hidden; None: borders are
        unknown.
        Raises ValueError when features do not fit the detections or the features before.
        """
        t_ms = t_ms if self._last_ms is None else max(t_ms, self._last_ms)
        looks = self._checked(features, len(detections))
        dt_s, usual_s = self._step(t_ms)
        ended = self._expire(t_ms, frame_size, usual_s)
        self._memory.motion.predict(min(dt_s, _LONGEST_STEP_S), self.settings)
        match = self._match(detections, looks)
        seen = np.flatnonzero(match >= 0)
        self._observe(seen, match[seen], detections, looks, t_ms)
        new = self._unclaimed(detections, match, seen)
        if new.size:
            self._memory = self._memory.joined(self._born(detections.select(new), looks.of(new), t_ms))
            match = np.concatenate([match, new])
        return self._report(match, ended)

    def flush(self) -> tuple[int, ...]:
        """End all tracks and return their ids; the numbering goes on."""
        ended = tuple(self._memory.track_id.tolist())
        self._memory = self._memory.select(np.empty(0, np.intp))
        self._last_ms = self._step_s = None
        return ended

    def _step(self, t_ms: int) -> tuple[float, float]:
        """Move on to t_ms; return the seconds since the last frame, and the lesser of the last two steps."""
        dt_s = 0.0 if self._last_ms is None else (t_ms - self._last_ms) / 1000.0
        before_s = self._step_s
        self._step_s = None if self._last_ms is None else dt_s
        self._last_ms = t_ms
        return dt_s, dt_s if before_s is None else min(dt_s, before_s)

    def _checked(self, features: FloatArray | Features | None, n: int) -> Features:
        """Features with the width in use; rows of zeros where looks are unknown."""
        width = self._memory.looks.shape[1]
        if features is None:
            return Given(np.zeros((n, width), np.float32))
        if isinstance(features, np.ndarray):
            if features.ndim != 2 or len(features) != n:
                raise ValueError(f"features of shape {features.shape} for {n} detections")
            looks: Features = Given(features)
        else:
            looks = Once(features, n)
        if looks.dim != width:
            if width and len(self._memory):
                raise ValueError(f"features of {looks.dim} numbers after features of {width}")
            self._memory.looks = np.zeros((len(self._memory), looks.dim), np.float32)
        return looks

    def _expire(self, t_ms: int, frame_size: tuple[int, int] | None, usual_s: float) -> tuple[int, ...]:
        s, memory = self.settings, self._memory
        # At a low rate the next frame comes later than the shortest patience; one pause is no low rate.
        least_s = min(1.5 * usual_s, s.lost_after_s)
        shortest_s = min(s.lost_after_s, s.tentative_after_s, s.border_after_s)
        away_s = (t_ms - memory.seen_ms) / 1000.0
        if away_s.max(initial=0.0) <= max(shortest_s, least_s):
            return ()
        patience_s = np.where(memory.confirmed, s.lost_after_s, s.tentative_after_s)
        if frame_size is not None:
            left = at_border(memory.seen_xyxy, frame_size)
            patience_s = np.where(left, np.minimum(patience_s, s.border_after_s), patience_s)
        over = away_s > np.maximum(patience_s, least_s)
        if not over.any():
            return ()
        self._memory = memory.select(~over)
        return tuple(memory.track_id[over].tolist())

    def _match(self, detections: Detections, looks: Features) -> Index:
        """For each track the index of its detection or -1."""
        s, memory = self.settings, self._memory
        match = np.full(len(memory), -1, np.intp)
        if not len(memory) or not len(detections):
            return match
        predicted = memory.motion.xyxy()
        self._claim_sure(match, predicted, detections, looks)
        faint = np.flatnonzero((detections.score < s.sure_score) & (detections.score >= s.faint_score))
        free = np.flatnonzero(match < 0)
        if faint.size and free.size:
            near = overlap(predicted[free], detections.xyxy[faint])
            same = memory.class_id[free, None] == detections.class_id[faint]
            rows, picked = assign(-near, same & (near >= s.min_overlap_faint))
            match[free[rows]] = faint[picked]
        return match

    def _claim_sure(
        self, match: Index, predicted: NDArray[np.float64], detections: Detections, looks: Features
    ) -> None:
        """Let tracks claim sure detections, in place, by nearness and looks."""
        s, memory = self.settings, self._memory
        sure = np.flatnonzero(detections.score >= s.sure_score)
        near = overlap(predicted, detections.xyxy[sure], s.buffer)
        allowed = near >= s.min_overlap
        allowed &= memory.class_id[:, None] == detections.class_id[sure]
        reached = np.flatnonzero(allowed.any(axis=0))
        if not reached.size:
            return
        sure = sure[reached]
        weight = s.appearance_weight if looks.dim else 0.0
        cost = (weight - 1.0) * near[:, reached]
        cost -= weight * (memory.looks @ looks.of(sure).T)
        rows, picked = assign(cost, allowed[:, reached])
        match[rows] = sure[picked]

    def _observe(self, rows: Index, picked: Index, detections: Detections, looks: Features, t_ms: int) -> None:
        """Continue the tracks `rows` with the detections `picked`."""
        if not rows.size:
            return
        s, memory = self.settings, self._memory
        xyxy, score = detections.xyxy[picked], detections.score[picked]
        noise = s.position_noise * (2.0 - score.astype(np.float64))  # an unsure box is an unsure place
        memory.motion.correct(rows, xyxy, noise)
        memory.score[rows] = score
        memory.hits[rows] += 1
        memory.seen_ms[rows] = t_ms
        memory.seen_xyxy[rows] = xyxy
        np.greater_equal(memory.hits, s.confirm_hits, out=memory.confirmed)
        mixed = s.looks_memory * memory.looks[rows] + (1.0 - s.looks_memory) * looks.of(picked)
        length = np.sqrt(np.square(mixed).sum(axis=1, keepdims=True))
        memory.looks[rows] = mixed / np.maximum(length, 1e-9)

    def _unclaimed(self, detections: Detections, match: Index, seen: Index) -> Index:
        """Indices of the detections that start a track; `seen` are the rows of `match` that have one."""
        s, memory = self.settings, self._memory
        free = detections.score >= s.start_score
        free[match[seen]] = False
        if not free.any():
            return np.empty(0, np.intp)
        rivals = np.concatenate([memory.motion.xyxy()[seen], detections.xyxy[free]])
        kinds = np.concatenate([memory.class_id[seen], detections.class_id[free]])
        better = np.concatenate([np.full(len(seen), -1), np.flatnonzero(free)])  # best score comes first
        rival = (kinds[:, None] == detections.class_id) & (better[:, None] < np.arange(len(detections)))
        free &= ~(rival & (overlap(rivals, detections.xyxy) > s.duplicate_overlap)).any(axis=0)
        return np.flatnonzero(free)

    def _born(self, seen: Detections, features: FloatArray, t_ms: int) -> Memory:
        n = len(seen)
        first = self._next_id
        self._next_id += n
        return Memory(
            motion=Motion.start(seen.xyxy, self.settings),
            track_id=np.arange(first, first + n, dtype=np.int64),
            class_id=seen.class_id.copy(),
            score=seen.score.copy(),
            hits=np.ones(n, np.int64),
            seen_ms=np.full(n, t_ms, np.int64),
            seen_xyxy=seen.xyxy.copy(),
            confirmed=np.full(n, self.settings.confirm_hits <= 1),
            looks=features.copy(),
        )

    def _report(self, detection: Index, ended: tuple[int, ...]) -> Tracks:
        memory = self._memory
        return Tracks(
            track_id=memory.track_id.copy(),
            xyxy=memory.motion.xyxy().astype(np.float32),
            score=memory.score.copy(),
            class_id=memory.class_id.copy(),
            detection=detection.astype(np.int64),
            confirmed=memory.confirmed.copy(),
            ended=ended,
        )
