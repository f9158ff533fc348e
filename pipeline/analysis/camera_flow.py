"""One camera's way from detections to tracklets: its tracker, its open tracklets, its best shots."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from models.detections import Detections
from models.kinds import KINDS
from pipeline.analysis.close_up import plain_pairs
from pipeline.analysis.looks import looks_of
from pipeline.analysis.shots import Candidate, geometric_quality, pixels_of, sharpness
from pipeline.analysis.stillness import Stillness
from pipeline.analysis.tracking import Tracker, TrackerSettings, Tracks
from pipeline.analysis.tracklet import OpenTracklet, Tracklet, snapshot
from pipeline.settings import AnalysisSettings
from pipeline.sighting import TrackletKey

FloatArray = NDArray[np.float32]
Observer = Callable[[Frame, Tracks], None]


@dataclass(slots=True)
class CameraFlow:
    """State of one camera; frames must come in order. A new session ends every open tracklet first.

    `observe` is shown the tracks of every analysed frame, on the analysis thread: it must be quick.
    """

    camera: Camera
    settings: AnalysisSettings
    tracking: TrackerSettings
    observe: Observer | None = None
    session: str = ""
    moving: int = 0
    steady: bool = False
    tracker: Tracker = field(init=False)
    stillness: Stillness = field(default_factory=Stillness)
    open_tracklets: dict[int, OpenTracklet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with an empty tracker."""
        self.tracker = Tracker(self.tracking)

    def advance(self, frame: Frame, detections: Detections) -> list[Tracklet]:
        """Take one analysed frame; return tracklets that ended or are due for an update."""
        done: list[Tracklet] = []
        if frame.session != self.session:
            done = self.finish()
            self.session, self.tracker, self.stillness = frame.session, Tracker(self.tracking), Stillness()
        large = detections.xyxy[:, 3] - detections.xyxy[:, 1] >= self.settings.min_height_px
        # What is fainter than the tracker takes is dropped before anybody looks at its colours: most boxes are.
        detections = detections.select(large & (detections.score >= self.tracking.faint_score))
        features = looks_of(frame, detections.xyxy)
        tracks = self.tracker.update(detections, frame.captured_at_ms, features, frame.source_size)
        self.moving = int(self.stillness.moving(tracks, frame.captured_at_ms).sum())
        self.steady = len(tracks) > 0 and bool(tracks.confirmed.all()) and not tracks.ended
        self._follow(frame, tracks)
        if self.observe is not None:
            self.observe(frame, tracks)
        for track_id in tracks.ended:
            done += self._end(track_id)
        every_ms = round(self.settings.update_every_s * 1000)
        due = [t for t in self.open_tracklets.values() if t.due(frame.captured_at_ms, every_ms)]
        return done + [snapshot(track, still_open=True) for track in due]

    def look_closer(self, frame: Frame, detections: Detections) -> None:
        """Take better shots of those who are followed from a frame of the main stream; nobody is followed by it."""
        known = [
            (track, box)
            for track in self.open_tracklets.values()
            if (box := track.expected(frame.captured_at_ms)) is not None
        ]
        detections = detections.select(detections.score >= self.tracking.sure_score)
        if not known or not len(detections):
            return
        tracks = [track for track, _ in known]
        larger = _larger(frame.source_size, tracks[0].frame_size)
        kinds = np.array([KINDS.index(track.kind) for track in tracks])
        expected = np.stack([box for _, box in known]) * larger
        rows, picked = plain_pairs(expected, detections.xyxy, kinds[:, None] == detections.class_id)
        velocity = np.zeros((len(detections), 2), np.float32)
        velocity[picked] = np.array([tracks[i].velocity for i in rows]).reshape(-1, 2) * larger[:2]
        promise = geometric_quality(detections.xyxy, detections.score, velocity, frame.source_size)
        shown = [tracks[i] for i in rows]
        self._shoot(frame, shown, detections.xyxy[picked], detections.score[picked], promise[picked])

    def finish(self) -> list[Tracklet]:
        """End all tracks: the camera's session is over."""
        self.moving, self.steady = 0, False
        return [tracklet for track_id in self.tracker.flush() for tracklet in self._end(track_id)]

    @property
    def pending_ms(self) -> int | None:
        """When (UTC epoch ms) the earliest tracklet began that nothing is told of yet; None when there is none."""
        return min((t.first_seen_ms for t in self.open_tracklets.values() if t.revision == 0), default=None)

    def _end(self, track_id: int) -> list[Tracklet]:
        track = self.open_tracklets.pop(track_id, None)
        if track is None or track.frames < self.settings.min_frames or not track.shots:
            return []
        return [snapshot(track, still_open=False)]

    def _follow(self, frame: Frame, tracks: Tracks) -> None:
        """Update the open tracklets that were really seen, and take better shots of them."""
        seen = np.flatnonzero(tracks.confirmed & (tracks.detection >= 0))
        followed = [self._tracklet(frame, int(tracks.track_id[i]), int(tracks.class_id[i])) for i in seen]
        for track, i in zip(followed, seen, strict=True):
            track.seen(tracks.xyxy[i], frame.captured_at_ms)
        if not followed:
            return
        boxes = tracks.xyxy[seen]
        velocity = np.stack([track.velocity for track in followed])
        promise = geometric_quality(boxes, tracks.score[seen], velocity, frame.source_size)
        self._shoot(frame, followed, boxes, tracks.score[seen], promise)

    def _tracklet(self, frame: Frame, track_id: int, class_id: int) -> OpenTracklet:
        track = self.open_tracklets.get(track_id)
        if track is None:
            track = OpenTracklet(
                key=TrackletKey(self.camera.id, frame.session, track_id),
                kind=KINDS[class_id],
                community=self.camera.community,
                frame_size=frame.source_size,
                first_seen_ms=frame.captured_at_ms,
                last_seen_ms=frame.captured_at_ms,
            )
            self.open_tracklets[track_id] = track
        return track

    def _shoot(
        self, frame: Frame, tracks: list[OpenTracklet], boxes: FloatArray, score: FloatArray, promise: FloatArray
    ) -> None:
        keep, now_ms = self.settings.shots, frame.captured_at_ms
        wanting = [i for i, track in enumerate(tracks) if track.wants(float(promise[i]), now_ms, keep)]
        if not wanting:
            return
        smaller = 1 / _larger(frame.source_size, tracks[0].frame_size)
        for i in wanting:
            crop = frame.part(*pixels_of(boxes[i], frame.source_size))
            left, top, right, bottom = (float(v) for v in boxes[i] * smaller)
            tracks[i].offer(
                Candidate(
                    captured_at_ms=now_ms,
                    xyxy=(left, top, right, bottom),
                    score=float(score[i]),
                    promise=float(promise[i]),
                    quality=float(promise[i]) * (0.5 + 0.5 * sharpness(crop)),
                    crop=crop,
                ),
                keep,
            )


def _larger(size: tuple[int, int], than: tuple[int, int]) -> FloatArray:
    """Return how many times larger (4,) a box is in a picture of one (width, height) than in one of the other."""
    return np.array([size[0] / than[0], size[1] / than[1]] * 2, np.float32)
