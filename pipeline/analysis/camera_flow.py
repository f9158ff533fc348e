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
from pipeline.analysis.looks import Looks
from pipeline.analysis.shots import Candidate, geometric_quality, most_quality, pixels_of, sharpness
from pipeline.analysis.stillness import Stillness
from pipeline.analysis.tracking import Tracker, TrackerSettings, Tracks
from pipeline.analysis.tracklet import OpenTracklet, Tracklet, snapshot
from pipeline.settings import AnalysisSettings
from pipeline.sighting import TrackletKey

FloatArray = NDArray[np.float32]
Observer = Callable[[Frame, Tracks], None]
_NEARLY = 0.999  # single and double precision differ a little


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
        detections = self._worth_following(detections)
        looks = Looks(frame, detections.xyxy)
        tracks = self.tracker.update(detections, frame.captured_at_ms, looks, frame.source_size)
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

    def _worth_following(self, detections: Detections) -> Detections:
        """Drop what the tracker does not take before anybody looks at its colours."""
        taken = detections.xyxy[:, 3] - detections.xyxy[:, 1] >= self.settings.min_height_px
        taken &= detections.score >= self.tracking.faint_score
        return detections if taken.all() else detections.select(taken)

    def look_closer(self, frame: Frame, detections: Detections) -> None:
        """Take better shots of those who are followed from a frame of the main stream; nobody is followed by it."""
        tracks = [track for track in self.open_tracklets.values() if track.expected(frame.captured_at_ms) is not None]
        detections = detections.select(detections.score >= self.tracking.sure_score)
        if not tracks or not len(detections):
            return
        larger = _larger(frame.source_size, tracks[0].frame_size)
        kinds = np.array([track.kind.code for track in tracks])
        expected = np.array([track.expected(frame.captured_at_ms) for track in tracks], np.float32) * larger
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
        if not seen.size:
            return
        boxes, score = tracks.xyxy[seen], tracks.score[seen]
        named = zip(tracks.track_id[seen].tolist(), tracks.class_id[seen].tolist(), strict=True)
        followed = [self._tracklet(frame, track_id, class_id) for track_id, class_id in named]
        worth_it = False
        for track, box, sure in zip(followed, boxes.tolist(), score.tolist(), strict=True):
            track.seen(tuple(box), frame.captured_at_ms)
            least = track.wanted(frame.captured_at_ms, self.settings.shots)
            worth_it = worth_it or most_quality(box[3] - box[1], sure, track.velocity) > _NEARLY * least
        if worth_it:
            velocity = np.array([track.velocity for track in followed], np.float32)
            promise = geometric_quality(boxes, score, velocity, frame.source_size)
            self._shoot(frame, followed, boxes, score, promise)

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
        smaller = 1 / _larger(frame.source_size, tracks[0].frame_size) if tracks else 1.0
        for i, (track, promised) in enumerate(zip(tracks, promise.tolist(), strict=True)):
            if promised <= track.wanted(now_ms, keep):
                continue
            crop = frame.part(*pixels_of(boxes[i].tolist(), frame.source_size))
            left, top, right, bottom = (boxes[i] * smaller).tolist()
            quality = promised * (0.5 + 0.5 * sharpness(crop))
            track.offer(Candidate(now_ms, (left, top, right, bottom), float(score[i]), promised, quality, crop), keep)


def _larger(size: tuple[int, int], than: tuple[int, int]) -> FloatArray:
    """Return how many times larger (4,) a box is in a picture of one (width, height) than in one of the other."""
    return np.array([size[0] / than[0], size[1] / than[1]] * 2, np.float32)
