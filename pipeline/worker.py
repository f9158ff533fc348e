"""One process: cameras in, sightings into the archive."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from camera_adapters.clock import now_ms
from camera_adapters.frame import Frame
from camera_adapters.stage_clock import StageClock
from camera_adapters.stream_state import StreamState
from pipeline.analysis.camera_flow import Observer
from pipeline.analysis.describe import Describer
from pipeline.analysis.detecting import Detected, Detecting, frame_request
from pipeline.analysis.detection_thread import DetectionThread
from pipeline.analysis.following import Following
from pipeline.analysis.latency import Delays
from pipeline.analysis.tracking import TrackerSettings
from pipeline.analysis.tracklet import Tracklet
from pipeline.archive.contract import Archive
from pipeline.assembly import Networks, load_networks
from pipeline.camera_report import CameraReport
from pipeline.coverage import Reading
from pipeline.coverage.logbook import Logbook, LogbookSettings
from pipeline.heap import Heap
from pipeline.intake import Intake
from pipeline.retention import Retention
from pipeline.settings import Settings
from pipeline.storekeeper import Storekeeper

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears what happens, each on the thread where it does: all must be quick.

    `tracks` is shown those of every analysed frame, `stored` hears that sightings were, `state` each change of a
    camera, `frame` is shown every decoded frame before it is decided whether it is analysed.
    """

    tracks: Observer | None = None
    stored: Callable[[], None] = lambda: None
    state: Callable[[StreamState], None] = lambda _: None
    frame: Callable[[Frame], None] = lambda _: None


NOBODY = Listeners()


class Worker:
    """Owns its cameras from decode to sighting. `start` once, `stop` once; the archive outlives the worker.

    Cameras decode on threads of their own, detection has one, and this is the last: it follows, describes, stores.
    """

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
        self._cameras = {camera.id: camera for camera in cameras}
        self.stages = StageClock()
        self._watch = self.stages.watch()
        analysis, detector = settings.analysis, self.networks.detector
        request = partial(frame_request, detector)
        told = (self._hear, listeners.frame)
        self._intake = Intake(cameras, analysis.motion_gate, analysis.close_ups, request, self.stages, *told)
        tracking = TrackerSettings()
        least = max(analysis.min_score, tracking.faint_score)  # the tracker has no use for what is fainter
        detecting = Detecting(detector, least, self.stages.watch(), cameras)
        deadline_s = analysis.batch_deadline_ms / 1000
        self._detection = DetectionThread(self._intake.mailbox, detecting, analysis.batch_size, deadline_s)
        self._following = Following(cameras, analysis, tracking, listeners.tracks, self._watch)
        self._describer = Describer(self.networks.embedders, self.networks.attributes)
        kept = settings.archive
        self._retention = Retention(archive, kept.retention_days, wall_ms, days_by_kind=kept.retention_days_by_kind)
        watching, keep_days = settings.coverage, max(kept.retention_days, *kept.retention_days_by_kind.values(), 1)
        report = LogbookSettings(watching.beat_s, watching.shedding_share, keep_days)
        self._logbook = Logbook(archive.journal, cameras, report, wall_ms=wall_ms)
        self._storekeeper = Storekeeper(archive, on_drop=self._logbook.lose)
        self._sightings: Counter[str] = Counter()
        self._analysed = {camera.id: Delays() for camera in cameras}
        self._stored = {camera.id: Delays() for camera in cameras}
        self._busy_s = 0.0
        self._heap = Heap()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self.failure: BaseException | None = None

    def start(self, apart_s: float = 0.0) -> None:
        """Start analysing, then let the cameras in, one every `apart_s` seconds."""
        self._logbook.start()
        self._detection.start()
        self._thread.start()
        self._intake.start(apart_s)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop intake, drain what waits, store it; returns False when something did not end in time."""
        until_s = time.monotonic() + timeout_s
        self._intake.mailbox.close()
        self._detection.finish()
        ended = self._intake.stop(until_s)
        if self._thread.is_alive():
            self._thread.join(max(0.1, until_s - time.monotonic()))
        return ended and not self._thread.is_alive()

    @property
    def unstored(self) -> int:
        """How many sightings wait because the disk is full."""
        return self._storekeeper.unstored

    @property
    def alive(self) -> bool:
        """True while the analysis runs: it ends when detection does."""
        return self._thread.is_alive()

    def camera_reports(self) -> list[CameraReport]:
        """Return the state of every camera, in the order of the configuration."""
        reports, progress = [], self._logbook.progress()
        for camera_id, camera in self._cameras.items():
            counted = self._intake.counters(camera_id)
            sightings = self._sightings[camera_id]
            counters = (counted.received, counted.analysed, counted.dropped, sightings)
            delays = (self._analysed[camera_id].latency(), self._stored[camera_id].latency())
            watermark_ms, behind_s = progress[camera_id]
            state, main = self._intake.state(camera_id), self._intake.main_state(camera_id)
            report = CameraReport(camera, state, *counters, *delays, main=main)
            report = replace(report, watermark_ms=watermark_ms, behind_s=behind_s)
            if gate := self._intake.gates.get(camera_id):
                idle = gate.enabled and not gate.is_open
                report = replace(report, gated=gate.gated, idle=idle, thinned=gate.thinned, relief=self._intake.step)
            reports.append(report)
        return reports

    def forget_delays(self) -> None:
        """Begin to measure latency anew."""
        for delays in (*self._analysed.values(), *self._stored.values()):
            delays.clear()

    def _run(self) -> None:
        """Take what was detected until nothing more comes, then end the tracks."""
        try:
            while not self._detection.ended:
                detected = self._detection.take()
                if detected is not None:
                    self._analyse(detected)
                self._intake.relieve_when_due(lambda: (self._detection.busy_s, self._busy_s))
                for camera_id in self._intake.over():  # their sightings must not wait
                    self._store(self._following.finish(camera_id))
                self._logbook.beat_when_due(self._readings)
                self._retention.sweep_when_due()
                self._heap.trim_when_due()
            self._store(self._following.finish())
            self._storekeeper.flush()
            self._logbook.end(self._readings())
        except Exception as error:
            self.failure = error
            log.exception("analysis_failed")
        finally:
            self._detection.abandon()

    def _analyse(self, detected: Detected) -> None:
        """Follow one batch, store what it completed and note how long both took since the pictures arrived."""
        began_s = time.monotonic()
        self._watch.lap("rest")
        done = self._following.follow(detected.frames, detected.found)
        analysed_s = time.monotonic()
        self._store(done)
        stored_s = time.monotonic()
        self._busy_s += stored_s - began_s
        self._intake.mailbox.done(detected.frames)
        followed = [frame for frame in detected.frames if not frame.main]
        self._logbook.analysed(followed)
        completed = {tracklet.key.camera_id for tracklet in done}
        for frame in followed:
            moving, steady = self._following.follows(frame.camera_id), self._following.steady(frame.camera_id)
            self._intake.looked(frame, moving=moving, steady=steady)
            if frame.late:
                continue  # it was kept back on purpose
            self._analysed[frame.camera_id].add(analysed_s - frame.arrived_s)
            if frame.camera_id in completed:
                self._stored[frame.camera_id].add(stored_s - frame.arrived_s)

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
        for camera_id in self._cameras:
            last_frame_ms = self._intake.state(camera_id).last_frame_ms  # first: what comes later is put later
            counted = self._intake.counters(camera_id)
            unstored = (self._following.pending_ms(camera_id), self._storekeeper.pending_ms(camera_id))
            pending_ms = min((each for each in unstored if each is not None), default=None)
            # What is left out on purpose is footage nobody saw, as much as what is dropped.
            thinned = self._intake.gates[camera_id].thinned if camera_id in self._intake.gates else 0
            lost = (counted.received + thinned, counted.dropped + thinned)
            readings.append(Reading(camera_id, last_frame_ms, *lost, pending_ms, counted.waiting))
        return readings
