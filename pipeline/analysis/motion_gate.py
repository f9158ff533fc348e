"""The gate before the detector: pictures of a place where nothing happens are looked at, not analysed."""

import threading

from camera_adapters.frame import Frame
from camera_adapters.stage_clock import Stopwatch
from pipeline.analysis.change import ChangeDetector
from pipeline.settings import MotionGateSettings

_NEVER_MS = -(10**12)
_BACKGROUND_MS = 1000  # how often a busy camera's picture is compared, so that what is usual stays known


class MotionGate:
    """Decides for one camera which frames are analysed; it is the `Attention` its adapter asks.

    Open while something changes, while a track moves, and for `linger_s` after; the detector sees every frame then.
    Closed, one frame every `heartbeat_s` passes, so that who stands still is followed on, and who came unnoticed is
    found. While `strict` only moving tracks open it, while `refused` the camera is let go: for machines that have too
    much to do. The camera's thread asks, the analysis thread tells; times are those of the frames.
    """

    def __init__(self, settings: MotionGateSettings, watch: Stopwatch | None = None) -> None:
        self._linger_ms = round(settings.linger_s * 1000)
        self._heartbeat_ms = round(settings.heartbeat_s * 1000)
        self.enabled = settings.enabled
        self._adaptive = settings.enabled and settings.key_frames
        self._step_ms = self._steady_step_ms = 0.0
        self._steady = False
        self._watch = watch or Stopwatch()
        self._change = ChangeDetector()
        self._lock = threading.Lock()
        self._moving = False
        self._open_until_ms: int | None = None
        self._looked_ms: int | None = None
        self._passed_ms = _NEVER_MS
        self._now_ms = 0
        self.gated = 0
        self.thinned = 0
        self.refused = False
        self.strict = False

    @property
    def is_open(self) -> bool:
        """True when every frame is analysed now."""
        with self._lock:
            return self._moving or self._open_until_ms is None or self._now_ms <= self._open_until_ms

    @property
    def idle(self) -> bool:
        """True when key frames suffice."""
        return self._adaptive and not self.is_open

    def glance(self, frame: Frame) -> bool:
        """Look at a key frame of an idle camera; True opens the gate."""
        self._look(frame)
        return self.is_open

    def admit(self, frame: Frame) -> bool:
        """Say whether a frame is analysed; one that is not is counted in `gated`."""
        if (self.enabled or self.strict) and not frame.late and self._worth_a_look(frame):
            self._look(frame)
        with self._lock:
            if self._too_soon(frame):
                self.thinned += 1
                return False
            due = frame.captured_at_ms >= self._passed_ms + self._heartbeat_ms
            closed = not (self._moving or self._open_until_ms is None or self._now_ms <= self._open_until_ms)
            if closed and not due and (self.enabled or self.strict):
                self.gated += 1
                return False
            self._passed_ms = frame.captured_at_ms
            return True

    def thin(self, fps: float | None, *, steady_fps: float | None = None) -> None:
        """Admit at most so many frames a second from now on, and `steady_fps` while tracks are steady; None: all.

        Those left out are counted in `thinned`.
        """
        with self._lock:
            self._step_ms = 0.0 if fps is None else 1000.0 / fps
            self._steady_step_ms = self._step_ms if steady_fps is None else 1000.0 / steady_fps

    def _worth_a_look(self, frame: Frame) -> bool:
        """A frame of a busy camera need not be compared, it is analysed in any case: now and then is enough."""
        return not self._moving or frame.captured_at_ms >= (self._looked_ms or 0) + _BACKGROUND_MS

    def _too_soon(self, frame: Frame) -> bool:
        """Tell, within a tenth, whether the last admitted frame is too near for a thinned rate."""
        step_ms = self._steady_step_ms if self._steady else self._step_ms
        return 0 <= frame.captured_at_ms - self._passed_ms < 0.9 * step_ms

    def tell(self, *, moving: bool, steady: bool = False) -> None:
        """Say, after a frame was analysed, whether a track moves at this camera, and whether all tracks are steady."""
        with self._lock:
            self._steady = steady
            if self._moving and not moving:
                self._open_until_ms = self._now_ms + self._linger_ms
            self._moving = moving

    def _look(self, frame: Frame) -> None:
        """Compare a frame with what is usual; the first ones only teach."""
        at_ms = frame.captured_at_ms
        if self._looked_ms is not None and at_ms <= self._looked_ms:
            return
        self._watch.lap("rest")
        elapsed_s = 0.0 if self._looked_ms is None else (at_ms - self._looked_ms) / 1000
        changed = self._change.changed(frame.image, elapsed_s, busy=self._moving)
        self._watch.lap("gate")
        with self._lock:
            self._looked_ms = self._now_ms = at_ms
            if (changed and not self.strict) or self._open_until_ms is None:
                self._open_until_ms = at_ms + self._linger_ms
