"""The cameras' side of a running process: their threads, their gates, the mailbox, and what gives way under load."""

import time
from collections.abc import Callable, Iterable, Sequence

from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.supervisor import Supervisor
from camera_adapters.table import adapter_for
from pipeline.analysis.mailbox import Mailbox, SlotCounters
from pipeline.analysis.motion_gate import MotionGate
from pipeline.analysis.relief import Relief, Step, Strain
from pipeline.close_ups import CloseUps
from pipeline.settings import MotionGateSettings

_LIVE_FRAMES = 2  # of a live camera that may wait: the second rides out a batch that took long
_OVER = frozenset({Status.STOPPED, Status.BACKING_OFF})


class Intake:
    """Lets the frames that are worth it into `mailbox`. `start` once, `stop` once.

    `close_ups`: read main streams as well, for pictures. `request(watch, gate)` says what the analysis wants of a
    camera's frames, `on_state` hears each change of a camera and `on_frame` is shown its frames, both on its thread.
    The analysis calls `looked` after each frame and `relieve_when_due` between batches.
    """

    def __init__(
        self,
        cameras: Sequence[Camera],
        gate: MotionGateSettings,
        close_ups: bool,
        request: Callable[..., FrameRequest],
        stages: StageClock,
        on_state: Callable[[StreamState], None],
        on_frame: Callable[[Frame], None] = lambda _: None,
    ) -> None:
        self.mailbox = Mailbox()
        self._on_frame = on_frame
        self.gates: dict[str, MotionGate] = {}
        self._cameras = {camera.id: camera for camera in cameras}
        self._supervisors: dict[str, Supervisor] = {}
        self._live = [camera.id for camera in cameras if adapter_for(camera).live]
        for camera in cameras:
            paced = camera.id in self._live or camera.pace == "real_time"
            self.mailbox.open_slot(camera.id, "latest" if paced else "block", _LIVE_FRAMES if paced else None)
            watch = stages.watch()
            if paced:
                self.gates[camera.id] = MotionGate(gate, watch)
            wanted = request(watch, self.gates.get(camera.id))
            self._supervisors[camera.id] = Supervisor(camera, wanted, self._admit, on_state=on_state)
        seen_small = [camera for camera in cameras if camera.id in self.gates] if close_ups else []
        self._close_ups = CloseUps(seen_small, self.mailbox, request, stages)
        self._relief = Relief(len(self._live))

    def start(self, apart_s: float = 0.0) -> None:
        """Let the cameras in, one every `apart_s` seconds."""
        for supervisor in self._supervisors.values():
            supervisor.start()
            if apart_s:
                time.sleep(apart_s)
        self._close_ups.start()

    def stop(self, until_s: float) -> bool:
        """End the cameras' threads; False when one did not end by then (time.monotonic)."""
        for supervisor in self._supervisors.values():
            supervisor.stop(0)  # all at once: the slowest counts, not the sum
        ended = [self._close_ups.stop(until_s)]
        ended += [s.stop(max(0.1, until_s - time.monotonic())) for s in self._supervisors.values()]
        return all(ended)

    @property
    def step(self) -> Step:
        """How far the quality has been lowered."""
        return self._relief.step

    def state(self, camera_id: str) -> StreamState:
        """Return the state of a camera's stream."""
        return self._supervisors[camera_id].state

    def main_state(self, camera_id: str) -> StreamState | None:
        """Return the state of a camera's main stream where it is read beside the sub-stream, else None."""
        return self._close_ups.state(camera_id)

    def counters(self, camera_id: str) -> SlotCounters:
        """Return what became of a camera's frames so far."""
        return self.mailbox.counters(camera_id)

    def over(self) -> Iterable[str]:
        """Name the cameras that send no more frames in their session, all of whose frames are analysed.

        Nobody is followed there any more: their main streams are let go, whoever was moving when it ended.
        """
        for camera_id, supervisor in self._supervisors.items():
            # The state first: what was put before it changed is counted then.
            if supervisor.state.status in _OVER and self.mailbox.counters(camera_id).waiting == 0:
                self._close_ups.want(camera_id, wanted=False)
                yield camera_id

    def looked(self, frame: Frame, *, moving: bool, steady: bool) -> None:
        """Say, after a frame was analysed, whether a track moves at its camera, and whether all are steady."""
        if gate := self.gates.get(frame.camera_id):
            gate.tell(moving=moving, steady=steady)
        self._close_ups.want(frame.camera_id, wanted=moving and self._relief.step is Step.NONE)

    def relieve_when_due(self, busy_s: Callable[[], tuple[float, ...]]) -> None:
        """Lower the quality as far as the load asks for, or raise it again: rate, gate, cameras.

        `busy_s` tells how many seconds each thread of the analysis was at work so far.
        """
        if not self._relief.judge_when_due(lambda: self._strain(busy_s())):
            return
        step, refused = self._relief.step, set(self._live[len(self._live) - self._relief.refused :])
        for camera_id, gate in self.gates.items():
            fps = self._cameras[camera_id].analysis_fps
            steady_fps = None if step is Step.NONE else fps * step.steady_rate
            gate.thin(fps * step.rate if step >= Step.HALF_RATE else None, steady_fps=steady_fps)
            gate.strict = step >= Step.GATE
            gate.refused = camera_id in refused

    def _strain(self, busy_s: tuple[float, ...]) -> Strain:
        counted = [self.mailbox.counters(camera_id) for camera_id in self.gates]
        return Strain(sum(c.received for c in counted), sum(c.dropped for c in counted), busy_s)

    def _admit(self, frame: Frame) -> None:
        """Let a frame wait for analysis unless its camera's gate is closed; on the camera's thread."""
        self._on_frame(frame)
        gate = self.gates.get(frame.camera_id)
        if gate is None or gate.admit(frame):
            self.mailbox.put(frame)
