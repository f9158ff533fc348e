"""Frames of many cameras in, what one detector found in them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from camera_adapters.attention import Attention
from camera_adapters.frame import Frame, FrameRequest
from camera_adapters.stage_clock import Stopwatch
from models.detections import Detections
from models.detector import Detector


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """A batch of frames and what was found in each, in the same order."""

    frames: Sequence[Frame]
    found: Sequence[Detections]


class Detecting:
    """The detector all cameras share, and where its CPU time is booked. Not thread-safe: one thread owns it."""

    def __init__(self, detector: Detector, min_score: float, watch: Stopwatch | None = None) -> None:
        self._detector = detector
        self._min_score = min_score
        self._watch = watch or Stopwatch()

    def detect(self, frames: Sequence[Frame]) -> Detected:
        """Look at one batch; `found` holds nothing scored below `min_score` (0..1)."""
        self._watch.lap("rest")
        elsewhere_s = self._detector.elsewhere_s
        found = self._detector.detect(
            [frame.image for frame in frames], [frame.source_size for frame in frames], min_score=self._min_score
        )
        self._watch.lap("detect")
        self._watch.book("detect", self._detector.elsewhere_s - elsewhere_s)
        return Detected(frames, found)


def frame_request(
    detector: Detector, watch: Stopwatch | None = None, attention: Attention | None = None
) -> FrameRequest:
    """Return the size and fit the detector wants, in the adapters' words."""
    return FrameRequest(detector.input.width, detector.input.height, detector.input.fit, watch, attention)
