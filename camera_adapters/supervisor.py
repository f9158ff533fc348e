"""Keeps one camera alive: the only place that tries again."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from camera_adapters.adapter import Adapter
from camera_adapters.backoff import BY_REASON, Backoff, Random, Waits
from camera_adapters.clock import now_ms
from camera_adapters.errors import DecodeFailed, EndOfStream, Reason, SourceError
from camera_adapters.frame import Frame, main_stream
from camera_adapters.frame_request import FrameRequest
from camera_adapters.masking import mask
from camera_adapters.site import Camera
from camera_adapters.stall_watch import StallWatch
from camera_adapters.state_log import StateLog
from camera_adapters.stream_state import Changes, StateBoard, Status, StreamState
from camera_adapters.table import adapter_for

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SupervisorSettings:
    """Waits and limits in seconds.

    A live stream without a frame for `stall_s` (at least three analysis intervals) is STALLED, and so is a try to
    connect that takes longer than `open_stall_s`; the adapter's own limits then end it. A stream that was live for
    `settled_s` is tried quickly again when it fails.
    """

    stall_s: float = 3.0
    open_stall_s: float = 15.0
    settled_s: float = 10.0
    waits: Mapping[Reason, Waits] = field(default_factory=lambda: BY_REASON)


class Supervisor:
    """Reads one camera on one thread and hands each Frame to `deliver`, for ever or until a recording is used up.

    `deliver` runs on the camera's thread and may block; what it raises costs that frame, not the camera. `on_state`
    hears every change of status or reason, and must return quickly. `start` once, `stop` once. A recording is not
    played twice: after its first frame, its end and its failure both mean STOPPED.
    Raises BadSource when no adapter knows the camera's scheme.
    """

    def __init__(
        self,
        camera: Camera,
        request: FrameRequest,
        deliver: Callable[[Frame], None],
        *,
        adapter: Adapter | None = None,
        on_state: Callable[[StreamState], None] | None = None,
        settings: SupervisorSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ms: Callable[[], int] = now_ms,
        rng: Random | None = None,
    ) -> None:
        self._camera = camera
        self._request = request
        self._deliver = deliver
        self._adapter = adapter or adapter_for(camera)
        self._settings = settings or SupervisorSettings()
        self._clock = clock
        # Jitter hides no secret.
        self._backoff = Backoff(rng or random.Random(), self._settings.waits)  # noqa: S311
        self._on_state = on_state
        self._state_log = StateLog(clock)
        name = main_stream(camera.id) if request.main else camera.id
        self._log = log.bind(camera=name)
        self._board = StateBoard(StreamState(name, Status.CONNECTING, wall_ms()), wall_ms, self._tell)
        self._stopping = threading.Event()
        self._watch = StallWatch(camera, self._board, self._settings.stall_s, self._settings.open_stall_s, clock)
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.id}", daemon=True)

    @property
    def state(self) -> StreamState:
        """What is known now."""
        return self._board.state

    def start(self) -> None:
        """Start connecting."""
        self._watch.start()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Ask the camera's thread to end and wait for it; returns False when it still hangs after `timeout_s`."""
        self._stopping.set()
        self._watch.stop()
        if self._thread.ident is None:
            self._leave()
        else:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        """Try, wait, try again. The top of the camera's thread: nothing may end it but `stop` and a used up film."""
        try:
            while not self._stopping.is_set():
                failure = self._attempt()
                if failure is None or self._stopping.is_set():
                    break
                self._wait_after(failure)
        finally:
            self._watch.stop()
            self._leave()

    def _attempt(self) -> SourceError | None:
        """Read until the source fails; returns why, or None when there is nothing more to read."""
        before = self.state
        self._board.enter(Status.CONNECTING, session="", connects=before.connects + 1, next_try_s=None)
        failure: SourceError | None = None
        try:
            self._read()
        except SourceError as error:
            # Without its traceback, which would keep the last picture in memory for as long as we wait.
            failure = error.with_traceback(None)
        except Exception as error:  # noqa: BLE001
            # An adapter that breaks its contract must not take the camera down for good.
            self._unexpected("adapter_failed", error)
            failure = DecodeFailed(f"internal error in the adapter: {type(error).__name__}")
        self._board.count(corrupt_packets=self._adapter.corrupt_packets)
        if failure is None:
            return EndOfStream("the stream ended") if self._adapter.live else None
        if not self._adapter.live and self.state.frames_delivered > before.frames_delivered:
            self._board.count(failures=before.failures + 1, reason=failure.reason, detail=mask(str(failure)))
            self._log.warning("recording_failed", reason=failure.reason, detail=mask(str(failure)))
            return None
        return failure

    def _read(self) -> None:
        frames = self._adapter.frames(self._camera, self._request)
        try:
            self._hand_on_all(frames)
        finally:
            # Not left to the garbage collector: an exception's traceback would keep the socket open.
            if close := getattr(frames, "close", None):
                close()

    def _hand_on_all(self, frames: Iterator[Frame]) -> None:
        live_since: float | None = None
        decoded_before = self.state.frames_decoded
        while not self._stopping.is_set():
            with self._watch.waiting():
                frame = next(frames, None)
            if frame is None or self._stopping.is_set():
                return
            now = self._clock()
            live_since = now if live_since is None else live_since
            if now - live_since >= self._settings.settled_s:
                self._backoff.settled()
            if frame.session != self.state.session:
                decoded_before = self.state.frames_decoded
            self._live(frame, decoded_before + frame.seq + 1)
            self._hand_on(frame)

    def _live(self, frame: Frame, decoded: int) -> None:
        changes: Changes = {
            "session": frame.session,
            "frames_decoded": decoded,
            "corrupt_packets": self._adapter.corrupt_packets,
            "last_frame_ms": frame.captured_at_ms,
        }
        if self.state.status is Status.LIVE:
            self._board.count(**changes)
        else:
            changes["reason"], changes["detail"] = None, ""
            self._board.enter(Status.LIVE, **changes)

    def _hand_on(self, frame: Frame) -> None:
        try:
            self._deliver(frame)
        except Exception as error:  # noqa: BLE001
            # The analysis has a fault; the camera goes on, because the next frame may do better.
            self._unexpected("deliver_failed", error)
        else:
            self._board.count(frames_delivered=self.state.frames_delivered + 1)

    def _unexpected(self, event: str, error: Exception) -> None:
        self._board.count(errors=self.state.errors + 1)
        # Every one is counted, the 1st, 2nd, 4th, 8th … is written with its traceback.
        if self.state.errors & (self.state.errors - 1) == 0:
            self._log.error(event, error=mask(repr(error)), errors=self.state.errors, exc_info=True)

    def _wait_after(self, failure: SourceError) -> None:
        wait_s = self._backoff.next_wait_s(failure.reason)
        self._board.enter(
            Status.BACKING_OFF,
            reason=failure.reason,
            detail=mask(str(failure)),
            failures=self.state.failures + 1,
            next_try_s=wait_s,
        )
        self._stopping.wait(wait_s)

    def _leave(self) -> None:
        if self._stopping.is_set():
            reason, detail = Reason.ASKED, ""
        else:
            reason, detail = self.state.reason or Reason.END_OF_STREAM, self.state.detail
        self._board.enter(Status.STOPPED, reason=reason, detail=detail, session="", next_try_s=None)

    def _tell(self, state: StreamState) -> None:
        """Log a change and pass it on; a listener's fault is counted and goes no further."""
        self._state_log.write(state)
        if self._on_state is None:
            return
        try:
            self._on_state(state)
        except Exception as error:  # noqa: BLE001
            self._unexpected("state_listener_failed", error)
