"""Frames of many cameras in, what one detector found in them out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from camera_adapters.attention import Attention
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from camera_adapters.stage_clock import Stopwatch
from models.detections import Detections
from models.detector import Detector
from pipeline.analysis.far_region import merged, pixels_of_region


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """A batch of frames and what was found in each, in the same order."""

    frames: Sequence[Frame]
    found: Sequence[Detections]


class Detecting:
    """The detector all cameras share, and where its CPU time is booked. Not thread-safe: one thread owns it.

    Where a camera has a far region, that part of its picture is one more picture of the batch.
    """

    def __init__(
        self, detector: Detector, min_score: float, watch: Stopwatch | None = None, cameras: Iterable[Camera] = ()
    ) -> None:
        self._detector = detector
        self._regions = {camera.id: camera.far_region for camera in cameras if camera.far_region is not None}
        self._min_score = min_score
        self._watch = watch or Stopwatch()

    def detect(self, frames: Sequence[Frame]) -> Detected:
        """Look at one batch; `found` holds nothing scored below `min_score` (0..1)."""
        self._watch.lap("rest")
        elsewhere_s = self._detector.elsewhere_s
        parts = self._parts(frames)
        images = [frame.image for frame in frames] + [frames[i].part(*part) for i, part in parts]
        sizes = [frame.source_size for frame in frames] + [(r - x, b - y) for _, (x, y, r, b) in parts]
        found = self._detector.detect(images, sizes, min_score=self._min_score)
        for (i, part), near in zip(parts, found[len(frames) :], strict=True):
            found[i] = merged(found[i], near, part, frames[i].source_size)
        found = found[: len(frames)]
        self._watch.lap("detect")
        self._watch.book("detect", self._detector.elsewhere_s - elsewhere_s)
        return Detected(frames, found)

    def _parts(self, frames: Sequence[Frame]) -> list[tuple[int, tuple[int, int, int, int]]]:
        """Return which frames have a part to be looked at from near, and its pixels."""
        if not self._regions:
            return []
        asked = [(i, self._regions.get(frame.camera_id)) for i, frame in enumerate(frames) if not frame.main]
        return [(i, pixels_of_region(region, frames[i].source_size)) for i, region in asked if region is not None]


def frame_request(
    detector: Detector, watch: Stopwatch | None = None, attention: Attention | None = None
) -> FrameRequest:
    """Return the size and fit the detector wants, in the adapters' words."""
    return FrameRequest(detector.input.width, detector.input.height, detector.input.fit, watch, attention)
