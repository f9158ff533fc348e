"""Main streams beside the analysed sub-streams: their key frames, while somebody is there, for better pictures."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from camera_adapters.frame import Frame, main_stream
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from camera_adapters.stream_state import StreamState
from camera_adapters.supervisor import Supervisor, SupervisorSettings
from pipeline.analysis.mailbox import Mailbox

# No picture for hours is no fault where nobody comes; a main stream that falls silent is noticed by its adapter.
_PATIENCE_S = 86_400.0


class _Wanted:
    """The attention paid to a main stream: none until somebody moves on the sub-stream.

    `refused` ends a stream that shows nothing: nobody asks it for a picture, so it could not see that it is to stop.
    """

    def __init__(self) -> None:
        self.idle = True
        self.refused = False

    def glance(self, frame: Frame) -> bool:  # noqa: ARG002
        """Key frames change nothing here."""
        return False


class CloseUps:
    """Reads the main streams of those cameras that are analysed by a sub-stream, one thread each.

    What fails here costs pictures, not sightings: it is logged, shown in the camera's report and tried again.
    `start` once, `stop` once.
    """

    def __init__(
        self, cameras: Iterable[Camera], mailbox: Mailbox, request: Callable[..., FrameRequest], stages: StageClock
    ) -> None:
        self._mailbox = mailbox
        self._wanted: dict[str, _Wanted] = {}
        self._supervisors: dict[str, Supervisor] = {}
        for camera in cameras:
            if camera.substream is None:
                continue
            wanted = self._wanted[camera.id] = _Wanted()
            mailbox.open_slot(main_stream(camera.id), "latest")
            self._supervisors[camera.id] = Supervisor(
                replace(camera, substream=None),
                replace(request(stages.watch(), wanted), main=True),
                self._admit,
                settings=SupervisorSettings(stall_s=_PATIENCE_S, open_stall_s=_PATIENCE_S),
            )

    def start(self) -> None:
        """Start connecting."""
        for supervisor in self._supervisors.values():
            supervisor.start()

    def stop(self, until_s: float) -> bool:
        """End the threads; False when one did not end by then (time.monotonic)."""
        for camera_id, supervisor in self._supervisors.items():
            supervisor.stop(0)
            self._wanted[camera_id].refused = True
        ended = [s.stop(max(0.1, until_s - time.monotonic())) for s in self._supervisors.values()]
        return all(ended)

    def want(self, camera_id: str, *, wanted: bool) -> None:
        """Say whether pictures of the camera's main stream are of use now."""
        if camera_id in self._wanted:
            self._wanted[camera_id].idle = not wanted

    def state(self, camera_id: str) -> StreamState | None:
        """Return the state of a camera's main stream; None when none is read."""
        supervisor = self._supervisors.get(camera_id)
        return None if supervisor is None else supervisor.state

    def _admit(self, frame: Frame) -> None:
        """Leave out the first key frame, which only shows that the stream is alive, unless somebody is there."""
        if not self._wanted[frame.camera_id].idle:
            self._mailbox.put(frame)
