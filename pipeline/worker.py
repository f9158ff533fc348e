"""One process: cameras in, sightings into the archive."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from camera_adapters.clock import now_ms
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stage_clock import StageClock
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.supervisor import Supervisor
from camera_adapters.table import adapter_for
from pipeline.analysis.analyser import Analyser, frame_request
from pipeline.analysis.describe import Describer
from pipeline.analysis.latency import Delays, Latency
from pipeline.analysis.mailbox import Mailbox
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
    watermark_ms: int | None = None
    behind_s: float | None = None


class Worker:
    """Owns its cameras from decode to sighting. `start` once, `stop` once; the archive outlives the worker."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        networks: Networks | None = None,
        *,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        self.settings = settings
        self.archive = archive
        self.networks = networks or load_networks(settings.models)
        for use in self.networks.uses(wall_ms()):
            archive.record_model(use)
        _, cameras = settings.site
        self.stages = StageClock()
        self._watch = self.stages.watch()
        self._mailbox = Mailbox()
        self._analyser = Analyser(cameras, self.networks.detector, settings.analysis, watch=self._watch)
        self._describer = Describer(self.networks.embedders, self.networks.attributes)
        kept = settings.archive
        self._retention = Retention(archive, kept.retention_days, wall_ms, days_by_kind=kept.retention_days_by_kind)
        watching, keep_days = settings.coverage, max(kept.retention_days, *kept.retention_days_by_kind.values(), 1)
        report = LogbookSettings(watching.beat_s, watching.shedding_share, keep_days)
        self._logbook = Logbook(archive.journal, cameras, report, wall_ms=wall_ms)
        self._storekeeper = Storekeeper(archive, on_drop=self._logbook.lose)
        self._sightings: Counter[str] = Counter()
        self._supervisors: dict[str, Supervisor] = {}
        for camera in cameras:
            live = adapter_for(camera).live
            paced = live or camera.pace == "real_time"
            self._mailbox.open_slot(camera.id, "latest" if paced else "block", _LIVE_FRAMES if paced else None)
            request = frame_request(self.networks.detector, self.stages.watch())
            self._supervisors[camera.id] = Supervisor(camera, request, self._mailbox.put, on_state=self._logbook.hear)
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
                self._finish_stopped()
                self._logbook.beat_when_due(self._readings)
                self._retention.sweep_when_due()
            self._store(self._analyser.finish())
            self._storekeeper.flush()
            self._logbook.end(self._readings())
        except Exception as error:
            self.failure = error
            log.exception("analysis_failed")

    def _analyse(self, batch: Sequence[Frame]) -> None:
        """Analyse one batch, store what it completed and note how long both took since the pictures arrived."""
        done = self._analyser.analyse(batch)
        analysed_s = time.monotonic()
        self._store(done)
        stored_s = time.monotonic()
        completed = {tracklet.key.camera_id for tracklet in done}
        for frame in batch:
            self._analysed[frame.camera_id].add(analysed_s - frame.arrived_s)
            if frame.camera_id in completed:
                self._stored[frame.camera_id].add(stored_s - frame.arrived_s)

    def _store(self, tracklets: list[Tracklet]) -> None:
        records = self._describer.describe(tracklets) if tracklets else []
        self._watch.lap("describe")
        for record in self._storekeeper.keep(records):
            if record.sighting.revision == 1:
                self._sightings[record.sighting.key.camera_id] += 1
        self._watch.lap("store")

    def _readings(self) -> list[Reading]:
        readings = []
        for camera_id, supervisor in self._supervisors.items():
            last_frame_ms = supervisor.state.last_frame_ms  # first: what comes later is put later
            counted = self._mailbox.counters(camera_id)
            unstored = (self._analyser.pending_ms(camera_id), self._storekeeper.pending_ms(camera_id))
            pending_ms = min((each for each in unstored if each is not None), default=None)
            counters = (counted.received, counted.dropped)
            readings.append(Reading(camera_id, last_frame_ms, *counters, pending_ms, counted.waiting))
        return readings

    def _finish_stopped(self) -> None:
        """End the tracks of cameras that will send no more frames in their session: their sightings must not wait."""
        for camera_id, supervisor in self._supervisors.items():
            counted = self._mailbox.counters(camera_id)
            if supervisor.state.status in _OVER and counted.waiting == 0:
                self._store(self._analyser.finish(camera_id))
