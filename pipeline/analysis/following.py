"""What was detected in frames of many cameras in, tracklets out."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stage_clock import Stopwatch
from models.detections import Detections
from pipeline.analysis.camera_flow import CameraFlow, Observer
from pipeline.analysis.tracking import TrackerSettings
from pipeline.analysis.tracklet import Tracklet
from pipeline.settings import AnalysisSettings


class Following:
    """One flow per camera. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        cameras: Iterable[Camera],
        settings: AnalysisSettings,
        tracking: TrackerSettings | None = None,
        observe: Observer | None = None,
        watch: Stopwatch | None = None,
    ) -> None:
        self._watch = watch or Stopwatch()
        tracking = tracking or TrackerSettings()
        self._flows = {camera.id: CameraFlow(camera, settings, tracking, observe) for camera in cameras}

    def follow(self, frames: Sequence[Frame], found: Sequence[Detections]) -> list[Tracklet]:
        """Advance each camera by what was found in its frames, which must stand in order; one Detections per frame.

        A frame of a main stream gives those who are followed better pictures, no more. Returns the tracklets that ended
        or are due for an update.
        """
        done: list[Tracklet] = []
        for frame, detections in zip(frames, found, strict=True):
            flow = self._flows[frame.camera_id]
            if frame.main:
                flow.look_closer(frame, detections)
            else:
                done += flow.advance(frame, detections)
        self._watch.lap("track")
        return _latest_revisions(done)

    def pending_ms(self, camera_id: str) -> int | None:
        """When (UTC epoch ms) the camera's earliest tracklet began that nothing is told of yet."""
        return self._flows[camera_id].pending_ms

    def follows(self, camera_id: str) -> bool:
        """Say whether a track moves at the camera, confirmed or not."""
        return self._flows[camera_id].moving > 0

    def steady(self, camera_id: str) -> bool:
        """Say whether somebody is at the camera, and nobody came or went with its last frame."""
        return self._flows[camera_id].steady

    def finish(self, camera_id: str | None = None) -> list[Tracklet]:
        """End the open tracklets of one camera or of all."""
        flows = self._flows.values() if camera_id is None else [self._flows[camera_id]]
        return [tracklet for flow in flows for tracklet in flow.finish()]


def _latest_revisions(tracklets: list[Tracklet]) -> list[Tracklet]:
    """Within one batch only the newest revision of a tracklet is worth describing."""
    by_key = sorted(tracklets, key=lambda t: (t.key, t.revision))
    return [a for a, b in pairwise([*by_key, None]) if a is not None and (b is None or a.key != b.key)]
