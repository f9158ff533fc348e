"""Notices a camera's thread that hangs inside FFmpeg, where it can tell nobody itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from camera_adapters.errors import Reason
from camera_adapters.site import Camera
from camera_adapters.stream_state import StateBoard, Status, StreamState


class StallWatch:
    """Looks a few times per limit, on a thread of its own, at how long the camera has kept us waiting."""

    def __init__(
        self, camera: Camera, board: StateBoard, stall_s: float, open_stall_s: float, clock: Callable[[], float]
    ) -> None:
        slow = 3.0 / camera.analysis_fps if camera.analysis_fps > 0 else 0.0
        self._stall_s = max(stall_s, slow)
        self._open_stall_s = open_stall_s
        self._board = board
        self._clock = clock
        self._since: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.id}-watch", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; does not wait."""
        self._ended.set()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark the time in which the adapter is asked for a frame; time spent in `deliver` is no stall."""
        self._since = self._clock()
        try:
            yield
        finally:
            self._since = None

    def look(self) -> None:
        """Enter STALLED when the camera has kept us waiting for too long."""
        since = self._since
        if since is None:
            return
        waited = self._clock() - since
        limit = self._stall_s if self._board.state.status is Status.LIVE else self._open_stall_s
        if waited <= limit:
            return
        self._board.enter(
            Status.STALLED, self._moved_on, reason=Reason.TIMEOUT, detail=f"no picture for {waited:.1f} s"
        )

    def _moved_on(self, state: StreamState) -> bool:
        return self._since is None or state.status not in {Status.LIVE, Status.CONNECTING}

    def _run(self) -> None:
        period = min(self._stall_s, self._open_stall_s) / 4
        while not self._ended.wait(period):
            self.look()
