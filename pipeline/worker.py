"""One process: cameras in, sightings into the archive."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from camera_adapters.clock import now_ms
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.supervisor import Supervisor
from camera_adapters.table import adapter_for
from pipeline.analysis.analyser import Analyser, frame_request
from pipeline.analysis.camera_flow import Observer
from pipeline.analysis.describe import Describer
from pipeline.analysis.latency import Delays, Latency
from pipeline.analysis.mailbox import Mailbox
from pipeline.analysis.motion_gate import MotionGate
from pipeline.analysis.relief import Relief, Step, Strain
from pipeline.analysis.tracklet import Tracklet
from pipeline.archive.contract import Archive
from pipeline.assembly import Networks, load_networks
from pipeline.coverage import Logbook, LogbookSettings, Reading
from pipeline.retention import Retention
from pipeline.settings import Settings
from pipeline.storekeeper import Storekeeper

log = structlog.get_logger(__name__)
_LIVE_FRAMES = 2  # of a live camera that may wait: the second rides out a batch that took long
_UNKNOWN = Latency(None, None)
_OVER = frozenset({Status.STOPPED, Status.BACKING_OFF})


@dataclass(frozen=True, slots=True)
class CameraReport:
    """A camera's state and counters: received = analysed + dropped + what waits.

    `gated` frames beside these were compared and not analysed, because nothing happened; `idle` is true meanwhile.
    `thinned` frames were left out because the machine has too much to do; `relief` says what has given way.
    Every sighting that began before `watermark_ms` is stored, as of the last beat of the logbook; the newest picture
    was `behind_s` seconds after that then.
    `latency` is from a picture's arrival to its analysis, `stored` to the durable sightings it completed.
    """

    camera: Camera
    state: StreamState
    received: int
    analysed: int
    dropped: int
    sightings: int
    latency: Latency = _UNKNOWN
    stored: Latency = _UNKNOWN
    gated: int = 0
    idle: bool = False
    thinned: int = 0
    relief: Step = Step.NONE
    watermark_ms: int | None = None
    behind_s: float | None = None


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears what happens, each on the thread where it does: all must be quick.

    `tracks` is shown those of every analysed frame, `stored` hears that sightings were, `state` each change of a
    camera.
    """

    tracks: Observer | None = None
    stored: Callable[[], None] = lambda: None
    state: Callable[[StreamState], None] = lambda _: None


NOBODY = Listeners()


class Worker:
    """Owns its cameras from decode to sighting. `start` once, `stop` once; the archive outlives the worker."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        networks: Networks | None = None,
        *,
        listeners: Listeners = NOBODY,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        self.settings = settings
        self._listeners = listeners
        self.archive = archive
        self.networks = networks or load_networks(settings.models)
        for use in self.networks.uses(wall_ms()):
            archive.record_model(use)
        _, cameras = settings.site
        self.stages = StageClock()
        self._watch = self.stages.watch()
        self._mailbox = Mailbox()
        detector = self.networks.detector
        self._analyser = Analyser(cameras, detector, settings.analysis, observe=listeners.tracks, watch=self._watch)
        self._describer = Describer(self.networks.embedders, self.networks.attributes)
        kept = settings.archive
        self._retention = Retention(archive, kept.retention_days, wall_ms, days_by_kind=kept.retention_days_by_kind)
        watching, keep_days = settings.coverage, max(kept.retention_days, *kept.retention_days_by_kind.values(), 1)
        report = LogbookSettings(watching.beat_s, watching.shedding_share, keep_days)
        self._logbook = Logbook(archive.journal, cameras, report, wall_ms=wall_ms)
        self._storekeeper = Storekeeper(archive, on_drop=self._logbook.lose)
        self._sightings: Counter[str] = Counter()
        self._supervisors: dict[str, Supervisor] = {}
        self._live: list[str] = []
        self._gates: dict[str, MotionGate] = {}
        for camera in cameras:
            live = adapter_for(camera).live
            paced = live or camera.pace == "real_time"
            self._mailbox.open_slot(camera.id, "latest" if paced else "block", _LIVE_FRAMES if paced else None)
            self._live += [camera.id] if live else []
            watch = self.stages.watch()
            if paced:
                self._gates[camera.id] = MotionGate(settings.analysis.motion_gate, watch)
            request = frame_request(detector, watch, self._gates.get(camera.id))
            self._supervisors[camera.id] = Supervisor(camera, request, self._admit, on_state=self._hear)
        self._relief = Relief(len(self._live))
        self._busy_s = 0.0
        self._cameras = {camera.id: camera for camera in cameras}
        self._analysed = {camera.id: Delays() for camera in cameras}
        self._stored = {camera.id: Delays() for camera in cameras}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self.failure: BaseException | None = None

    def start(self, apart_s: float = 0.0) -> None:
        """Start analysing, then let the cameras in, one every `apart_s` seconds."""
        self._logbook.start()
        self._thread.start()
        for supervisor in self._supervisors.values():
            supervisor.start()
            if apart_s:
                time.sleep(apart_s)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop intake, drain what waits, store it; returns False when something did not end in time."""
        until = time.monotonic() + timeout_s
        self._mailbox.close()
        self._stopping.set()
        for supervisor in self._supervisors.values():
            supervisor.stop(0)  # all at once: the slowest counts, not the sum
        ended = [s.stop(max(0.1, until - time.monotonic())) for s in self._supervisors.values()]
        if self._thread.is_alive():
            self._thread.join(max(0.1, until - time.monotonic()))
        return all(ended) and not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """True while the analysis thread runs."""
        return self._thread.is_alive()

    def camera_reports(self) -> list[CameraReport]:
        """Return the state of every camera, in the order of the configuration."""
        reports, progress = [], self._logbook.progress()
        for camera_id, camera in self._cameras.items():
            counted = self._mailbox.counters(camera_id)
            state = self._supervisors[camera_id].state
            sightings = self._sightings[camera_id]
            counters = (counted.received, counted.taken, counted.dropped, sightings)
            delays = (self._analysed[camera_id].latency(), self._stored[camera_id].latency())
            watermark_ms, behind_s = progress[camera_id]
            report = CameraReport(camera, state, *counters, *delays, watermark_ms=watermark_ms, behind_s=behind_s)
            if gate := self._gates.get(camera_id):
                idle = gate.enabled and not gate.is_open
                report = replace(report, gated=gate.gated, idle=idle, thinned=gate.thinned, relief=self._relief.step)
            reports.append(report)
        return reports

    def forget_delays(self) -> None:
        """Begin to measure latency anew."""
        for delays in (*self._analysed.values(), *self._stored.values()):
            delays.clear()

    def _run(self) -> None:
        """Take batches until told to stop and nothing waits, then end the tracks."""
        analysis = self.settings.analysis
        deadline_s = analysis.batch_deadline_ms / 1000
        try:
            while not (self._stopping.is_set() and self._mailbox.waiting() == 0):
                batch = self._mailbox.take(analysis.batch_size, deadline_s)
                self._analyse(batch)
                self._logbook.analysed(batch)
                if self._relief.judge_when_due(self._strain):
                    self._relieve()
                self._finish_stopped()
                self._logbook.beat_when_due(self._readings)
                self._retention.sweep_when_due()
            self._store(self._analyser.finish())
            self._storekeeper.flush()
            self._logbook.end(self._readings())
        except Exception as error:
            self.failure = error
            log.exception("analysis_failed")

    def _admit(self, frame: Frame) -> None:
        """Let a frame wait for analysis unless its camera's gate is closed; on the camera's thread."""
        gate = self._gates.get(frame.camera_id)
        if gate is None or gate.admit(frame):
            self._mailbox.put(frame)

    def _analyse(self, batch: Sequence[Frame]) -> None:
        """Analyse one batch, store what it completed and note how long both took since the pictures arrived."""
        began_s = time.monotonic()
        done = self._analyser.analyse(batch)
        analysed_s = time.monotonic()
        self._store(done)
        stored_s = time.monotonic()
        self._busy_s += stored_s - began_s
        completed = {tracklet.key.camera_id for tracklet in done}
        for frame in batch:
            if gate := self._gates.get(frame.camera_id):
                gate.tell(moving=self._analyser.follows(frame.camera_id))
            if frame.late:
                continue  # it was kept back on purpose
            self._analysed[frame.camera_id].add(analysed_s - frame.arrived_s)
            if frame.camera_id in completed:
                self._stored[frame.camera_id].add(stored_s - frame.arrived_s)

    def _strain(self) -> Strain:
        counted = [self._mailbox.counters(camera_id) for camera_id in self._gates]
        return Strain(sum(c.received for c in counted), sum(c.dropped for c in counted), self._busy_s)

    def _relieve(self) -> None:
        """Lower the quality as far as the machine's load asks for, or raise it again: rate, gate, cameras."""
        step, refused = self._relief.step, set(self._live[len(self._live) - self._relief.refused :])
        for camera_id, gate in self._gates.items():
            gate.thin(None if step is Step.NONE else self._cameras[camera_id].analysis_fps * step.rate)
            gate.strict = step >= Step.GATE
            gate.refused = camera_id in refused

    def _store(self, tracklets: list[Tracklet]) -> None:
        records = self._describer.describe(tracklets) if tracklets else []
        self._watch.lap("describe")
        stored = self._storekeeper.keep(records)
        for record in stored:
            if record.sighting.revision == 1:
                self._sightings[record.sighting.key.camera_id] += 1
        self._watch.lap("store")
        if stored:
            self._listeners.stored()

    def _hear(self, state: StreamState) -> None:
        self._logbook.hear(state)
        self._listeners.state(state)

    def _readings(self) -> list[Reading]:
        readings = []
        for camera_id, supervisor in self._supervisors.items():
            last_frame_ms = supervisor.state.last_frame_ms  # first: what comes later is put later
            counted = self._mailbox.counters(camera_id)
            unstored = (self._analyser.pending_ms(camera_id), self._storekeeper.pending_ms(camera_id))
            pending_ms = min((each for each in unstored if each is not None), default=None)
            # What is left out on purpose is footage nobody saw, as much as what is dropped.
            thinned = self._gates[camera_id].thinned if camera_id in self._gates else 0
            lost = (counted.received + thinned, counted.dropped + thinned)
            readings.append(Reading(camera_id, last_frame_ms, *lost, pending_ms, counted.waiting))
        return readings

    def _finish_stopped(self) -> None:
        """End the tracks of cameras that will send no more frames in their session: their sightings must not wait."""
        for camera_id, supervisor in self._supervisors.items():
            counted = self._mailbox.counters(camera_id)
            if supervisor.state.status in _OVER and counted.waiting == 0:
                self._store(self._analyser.finish(camera_id))
