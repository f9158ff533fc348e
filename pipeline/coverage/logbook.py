"""Keeps the journal of a running process: hears the streams, counts, and reports every few seconds.

The analysis thread beats: when it hangs or the process is killed nothing is reported any more, and every open span
ends at the last beat.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from camera_adapters.clock import now_ms
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.table import adapter_for
from pipeline.archive.journal import Journal, Span
from pipeline.coverage.camera_log import CameraLog, Reading
from pipeline.errors import ArchiveFull
from pipeline.sighting import Record

log = structlog.get_logger(__name__)
_LEAP_MS = 5_000  # the wall clock ran this much further than time itself: it was set
_FORGET_EVERY_S = 3600.0
_DAY_MS = 86_400_000
_MOST_WAITING = 20_000  # spans that wait for room on the disk, then the oldest are dropped and counted


@dataclass(frozen=True, slots=True)
class LogbookSettings:
    """`beat_s` between reports; more than `shedding_share` of the frames dropped is SHEDDING; how long spans stay."""

    beat_s: float = 10.0
    shedding_share: float = 0.5
    keep_days: int | None = None


class Logbook:
    """One process's reports about its cameras. `hear` may come from any thread, the rest from the analysis thread."""

    def __init__(
        self,
        journal: Journal,
        cameras: Sequence[Camera],
        settings: LogbookSettings | None = None,
        *,
        wall_ms: Callable[[], int] = now_ms,
        clock: Callable[[], float] = time.monotonic,
        run: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._journal = journal
        self._settings = settings or LogbookSettings()
        self._wall_ms, self._clock = wall_ms, clock
        self._lock = threading.Lock()
        self._steps_ms = {camera.id: round(1000 / camera.analysis_fps) for camera in cameras}
        session, share = run(), self._settings.shedding_share
        self._logs = {c.id: CameraLog(c.id, session, adapter_for(c).live, share) for c in cameras}
        self._next_beat_s = self._next_forget_s = clock()
        self._beaten: tuple[int, float] | None = None
        self._waiting: dict[object, Span] = {}
        self.dropped = 0

    def start(self) -> None:
        """Write down that live cameras are being connected to from now on."""
        now = self._wall_ms()
        with self._lock:
            for each in self._logs.values():
                if each.live:
                    each.hear(StreamState(each.camera_id, Status.CONNECTING, now))

    def hear(self, state: StreamState) -> None:
        """Take a change of a stream's state; quick, for any thread. Recordings speak by their frames alone."""
        with self._lock:
            if self._logs[state.camera_id].live:
                self._logs[state.camera_id].hear(state)

    def analysed(self, frames: Iterable[Frame]) -> None:
        """Take frames that went through the analysis."""
        with self._lock:
            for frame in frames:
                step_ms = self._steps_ms[frame.camera_id]
                self._logs[frame.camera_id].analysed(frame.session, frame.captured_at_ms, step_ms)

    def lose(self, record: Record) -> None:
        """Take a record that found no room and never will: its time was not watched after all."""
        sighting = record.sighting
        with self._lock:
            self._logs[sighting.key.camera_id].lose(sighting.first_seen_ms, sighting.last_seen_ms)

    def beat_when_due(self, readings: Callable[[], Iterable[Reading]]) -> bool:
        """Report when the time has come; return whether it had. A full disk delays, nothing is lost."""
        if self._clock() < self._next_beat_s:
            return False
        self.beat(readings())
        return True

    def beat(self, readings: Iterable[Reading]) -> None:
        """Report now: durable on return unless the disk is full, which only delays it."""
        now_ms, now_s = self._wall_ms(), self._clock()
        self._next_beat_s = now_s + self._settings.beat_s
        before, self._beaten = self._beaten, (now_ms, now_s)
        leapt = before is not None and now_ms - before[0] - 1000 * (now_s - before[1]) > _LEAP_MS
        with self._lock:
            for reading in readings:
                each = self._logs[reading.camera_id]
                if leapt:
                    each.reopen(reading, now_ms)
                each.beat(reading, now_ms)
        self._write()
        self._forget_when_due(now_ms, now_s)

    def end(self, readings: Iterable[Reading], ended_ms: int | None = None) -> None:
        """Close every span: nothing more will come. `ended_ms` is where a recording was over, when that is known."""
        readings = list(readings)
        self.beat(readings)
        with self._lock:
            for reading in readings:
                each = self._logs[reading.camera_id]
                each.end(ended_ms)
                each.beat(reading, self._wall_ms())
        self._write()

    def progress(self) -> dict[str, tuple[int | None, float | None]]:
        """Return by camera, as of the last beat, its watermark (UTC epoch ms) and how many seconds it is behind."""
        with self._lock:
            return {camera_id: (each.watermark_ms, each.behind_s) for camera_id, each in self._logs.items()}

    def _write(self) -> None:
        with self._lock:
            for each in self._logs.values():
                self._waiting |= each.to_note
                each.to_note = {}
        surplus = len(self._waiting) - _MOST_WAITING
        for key in list(self._waiting)[: max(surplus, 0)]:
            del self._waiting[key]
            self.dropped += 1
        try:
            self._journal.note(list(self._waiting.values()))
        except ArchiveFull as error:
            log.warning("journal_waits", detail=str(error), waiting=len(self._waiting), dropped=self.dropped)
        else:
            self._waiting = {}

    def _forget_when_due(self, now_ms: int, now_s: float) -> None:
        if self._settings.keep_days is None or now_s < self._next_forget_s:
            return
        self._next_forget_s = now_s + _FORGET_EVERY_S
        with suppress(ArchiveFull):  # no room to make room: another time
            self._journal.forget(now_ms - self._settings.keep_days * _DAY_MS)
