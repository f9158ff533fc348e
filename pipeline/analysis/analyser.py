"""Batches of frames of many cameras in, tracklets out, on one thread."""

from collections.abc import Iterable, Sequence

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stage_clock import Stopwatch
from models.detector import Detector
from pipeline.analysis.camera_flow import Observer
from pipeline.analysis.detecting import Detecting
from pipeline.analysis.following import Following
from pipeline.analysis.tracking import TrackerSettings
from pipeline.analysis.tracklet import Tracklet
from pipeline.settings import AnalysisSettings


class Analyser:
    """Detects and follows, one after the other, for whoever has all frames at hand. Not thread-safe."""

    def __init__(
        self,
        cameras: Iterable[Camera],
        detector: Detector,
        settings: AnalysisSettings,
        tracking: TrackerSettings | None = None,
        observe: Observer | None = None,
        watch: Stopwatch | None = None,
    ) -> None:
        cameras = list(cameras)
        tracking = tracking or TrackerSettings()
        self._detecting = Detecting(detector, max(settings.min_score, tracking.faint_score), watch, cameras)
        self.following = Following(cameras, settings, tracking, observe, watch)

    def analyse(self, frames: Sequence[Frame]) -> list[Tracklet]:
        """Detect on one batch and advance each camera; frames of one camera must stand in order."""
        if not frames:
            return []
        detected = self._detecting.detect(frames)
        return self.following.follow(detected.frames, detected.found)
