"""Batches of frames of many cameras in, tracklets out."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from camera_adapters.attention import Attention
from camera_adapters.frame import Frame, FrameRequest
from camera_adapters.site import Camera
from camera_adapters.stage_clock import Stopwatch
from models.detector import Detector
from pipeline.analysis.camera_flow import CameraFlow, Observer
from pipeline.analysis.tracking import TrackerSettings
from pipeline.analysis.tracklet import Tracklet
from pipeline.settings import AnalysisSettings


def frame_request(
    detector: Detector, watch: Stopwatch | None = None, attention: Attention | None = None
) -> FrameRequest:
    """Return the size and fit the detector wants, in the adapters' words."""
    return FrameRequest(detector.input.width, detector.input.height, detector.input.fit, watch, attention)


class Analyser:
    """One detector shared by all cameras, one flow per camera. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        cameras: Iterable[Camera],
        detector: Detector,
        settings: AnalysisSettings,
        tracking: TrackerSettings | None = None,
        observe: Observer | None = None,
        watch: Stopwatch | None = None,
    ) -> None:
        self._detector = detector
        self._settings = settings
        self._watch = watch or Stopwatch()
        tracking = tracking or TrackerSettings()
        self._flows = {camera.id: CameraFlow(camera, settings, tracking, observe) for camera in cameras}

    def analyse(self, frames: Sequence[Frame]) -> list[Tracklet]:
        """Detect on one batch and advance each camera; frames of one camera must stand in order."""
        if not frames:
            return []
        self._watch.lap("rest")
        elsewhere_s = self._detector.elsewhere_s
        found = self._detector.detect(
            [frame.image for frame in frames],
            [frame.source_size for frame in frames],
            min_score=self._settings.min_score,
        )
        self._watch.lap("detect")
        self._watch.book("detect", self._detector.elsewhere_s - elsewhere_s)
        done: list[Tracklet] = []
        for frame, detections in zip(frames, found, strict=True):
            done += self._flows[frame.camera_id].advance(frame, detections)
        self._watch.lap("track")
        return _latest_revisions(done)

    def pending_ms(self, camera_id: str) -> int | None:
        """When (UTC epoch ms) the camera's earliest tracklet began that nothing is told of yet."""
        return self._flows[camera_id].pending_ms

    def follows(self, camera_id: str) -> bool:
        """Say whether a track moves at the camera, confirmed or not."""
        return self._flows[camera_id].moving > 0

    def finish(self, camera_id: str | None = None) -> list[Tracklet]:
        """End the open tracklets of one camera or of all."""
        flows = self._flows.values() if camera_id is None else [self._flows[camera_id]]
        return [tracklet for flow in flows for tracklet in flow.finish()]


def _latest_revisions(tracklets: list[Tracklet]) -> list[Tracklet]:
    """Within one batch only the newest revision of a tracklet is worth describing."""
    by_key = sorted(tracklets, key=lambda t: (t.key, t.revision))
    return [a for a, b in pairwise([*by_key, None]) if a is not None and (b is None or a.key != b.key)]
