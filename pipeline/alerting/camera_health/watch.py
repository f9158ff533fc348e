"""The health of all cameras of one process: from their pictures, and from the states of their streams."""

import threading
from collections.abc import Callable, Iterable, Sequence

from camera_adapters.clock import now_ms
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from pipeline.alerting.alert import Alert, Source, alert_id
from pipeline.alerting.camera_health.measures import measure
from pipeline.alerting.camera_health.settings import SEVERITIES, HealthSettings
from pipeline.alerting.camera_health.troubles import Lasting, Troubles
from pipeline.analysis.tracking import Tracks

_EVERY_MS = 1000
_DOWN = frozenset({Status.CONNECTING, Status.STALLED, Status.BACKING_OFF})


class SightWatch:
    """Judges the pictures the analysis has anyway, one a second of each camera; for the analysis thread."""

    def __init__(self, cameras: Iterable[Camera], settings: HealthSettings) -> None:
        self._cameras = {camera.id: camera for camera in cameras}
        self._troubles = {camera_id: Troubles(settings) for camera_id in self._cameras}
        self._looked_ms: dict[str, int] = {}

    def observe(self, frame: Frame, _: Tracks) -> list[Alert]:
        """Return the troubles that became certain with this frame; frames of one camera come in order."""
        camera = self._cameras.get(frame.camera_id)
        if camera is None or frame.captured_at_ms - self._looked_ms.get(camera.id, -_EVERY_MS) < _EVERY_MS:
            return []
        self._looked_ms[camera.id] = frame.captured_at_ms
        began = self._troubles[camera.id].update(measure(frame.image), frame.captured_at_ms)
        return [alert_of(camera, f"camera_{trouble}", frame.captured_at_ms) for trouble in began]

    def present(self, camera_id: str) -> list[str]:
        """Return the troubles a camera has now: frozen, covered, moved, defocused."""
        return self._troubles[camera_id].present if camera_id in self._troubles else []


class OfflineWatch:
    """Tells when a camera sends nothing for long, once until it was live again for as long.

    A recording that ended, or a camera that was stopped, is not offline. `hear` takes each change of a stream, on any
    thread; `catch_up` judges and hands the alerts to `take`, every second or so on one thread.
    """

    def __init__(
        self,
        cameras: Iterable[Camera],
        settings: HealthSettings,
        take: Callable[[Sequence[Alert]], None],
        *,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._cameras = {camera.id: camera for camera in cameras}
        self._settings, self._take, self._wall_ms = settings, take, wall_ms
        self._states: dict[str, StreamState] = {}
        self._down: dict[str, tuple[Lasting, int | None]] = {}
        self._waiting: list[Alert] = []
        self._lock = threading.Lock()

    def hear(self, state: StreamState) -> None:
        """Take a change of a camera's stream."""
        with self._lock:
            self._states[state.camera_id] = state

    def catch_up(self) -> int:
        """Look at every camera and return how many alerts that gave."""
        now = self._wall_ms()
        with self._lock:
            known = [(self._cameras[key], state) for key, state in self._states.items() if key in self._cameras]
        self._waiting += [alert for camera, state in known if (alert := self._judged(camera, state, now))]
        if not self._waiting:
            return 0
        self._take(self._waiting)  # what cannot be kept now waits for the next time
        told, self._waiting = len(self._waiting), []
        return told

    def save(self) -> None:
        """Nothing is kept: after a restart a camera that is still down is told of anew."""

    def _judged(self, camera: Camera, state: StreamState, now: int) -> Alert | None:
        lasting, began_ms = self._down.get(camera.id, (Lasting(self._settings.offline_s), None))
        down = state.status in _DOWN
        if down and began_ms is None:
            began_ms = now
        began = lasting.update(down, now)
        self._down[camera.id] = (lasting, began_ms if down or lasting.on else None)
        if not began:
            return None
        why = {"reason": str(state.reason)} if state.reason is not None else {}
        return alert_of(camera, "camera_offline", began_ms if began_ms is not None else now, **why)


def alert_of(camera: Camera, kind: str, at_ms: int, **facts: str) -> Alert:
    """Return the alert about a camera's trouble; those of one camera belong together."""
    return Alert(
        id=alert_id(Source.CAMERA, camera.id, kind, at_ms),
        source=Source.CAMERA,
        name=camera.name or camera.id,
        kind=kind,
        severity=SEVERITIES[kind],
        at_ms=at_ms,
        camera_id=camera.id,
        community=camera.community,
        subject=f"{camera.id}/camera",
        facts=facts,
    )
