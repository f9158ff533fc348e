"""Recordings and folders of recordings, with the time at which they were filmed."""

import hashlib
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog
from av.error import FFmpegError

from camera_adapters.errors import BadSource, DecodeFailed, SourceError
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.frame_stream import FrameStream, Stamp
from camera_adapters.pacing import MediaClock, RatePicker, RealTime
from camera_adapters.picture import FrameMaker
from camera_adapters.recordings import (
    Recording,
    RecordingFacts,
    open_recording,
    probe,
    recording_path,
    recordings_in,
)
from camera_adapters.site import Camera

__all__ = ["FileAdapter", "RecordingFacts", "probe"]
log = structlog.get_logger(__name__)


class FileAdapter:
    """Reads a recording, or the recordings of a folder by name, one after the other.

    Each recording is one session, named after camera, file name, size and start: reading it again names it the same.
    The first recording starts at `camera.start_ms`, each next one where the one before ends; without `start_ms` each
    starts at its modification time less its duration, but not before the one before ends. An unreadable recording in a
    folder is skipped with a warning; it is an error when none can be read. One that is damaged yields what can be
    decoded, and the damage is logged and counted in `corrupt_packets`. `ended_ms` is when (UTC epoch ms) the last
    recording read to its end was over.
    """

    live = False

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.corrupt_packets = 0
        self.ended_ms: int | None = None
        self._clock = clock
        self._sleep = sleep

    def frames(self, camera: Camera, request: FrameRequest) -> Iterator[Frame]:
        """Yield frames until the recordings are used up; raises BadSource, NoVideo or DecodeFailed."""
        path = recording_path(camera.analysed_source)
        paths = recordings_in(path)
        next_ms, read = camera.start_ms, 0
        for one in paths:
            try:
                next_ms = yield from self._play(one, camera, request, next_ms)
                read += 1
                self.ended_ms = next_ms
            except SourceError as error:
                if len(paths) == 1:
                    raise
                log.warning("recording_skipped", camera=camera.id, recording=str(one), why=str(error))
        if read == 0:
            raise BadSource(f"none of the {len(paths)} recordings in {path} can be read")

    def _play(
        self, path: Path, camera: Camera, request: FrameRequest, next_ms: int | None
    ) -> Generator[Frame, None, int]:
        """Yield the frames of one recording and return when (epoch ms) the one after it starts."""
        recording = open_recording(path)
        with closing(recording.container):
            facts = recording.facts
            start_ms = _start_ms(camera, path, facts, next_ms)
            media = MediaClock(facts.fps)
            decoded = yield from self._read(recording, camera, request, start_ms, media)
        if decoded == 0:
            raise DecodeFailed(f"nothing in {path} can be decoded")
        return start_ms + round(1000 * max(media.end_s, facts.duration_s or 0.0))

    def _read(
        self, recording: Recording, camera: Camera, request: FrameRequest, start_ms: int, media: MediaClock
    ) -> Generator[Frame, None, int]:
        """Yield the frames that are due, tell of damage, and return how many pictures were decoded."""
        facts, damaged_before = recording.facts, self.corrupt_packets
        # A recording no faster than the analysis is taken whole, whatever its timestamps are like.
        picker = RatePicker(0 if 0 < facts.fps <= camera.analysis_fps * 1.001 else camera.analysis_fps)
        film = RealTime(self._clock, self._sleep) if camera.pace == "real_time" else None
        stream = FrameStream(
            recording.container,
            recording.stream,
            self,
            request,
            FrameMaker(camera.id, request),
            _session(camera.id, recording.path, start_ms),
            media,
            picker,
            _FilmTiming(start_ms, film, self._clock),
        )
        try:
            yield from stream.frames()
        except FFmpegError as error:
            self.corrupt_packets += 1
            log.warning("recording_unreadable", recording=str(recording.path), why=str(error.strerror))
        decoded = stream.seq
        damaged = self.corrupt_packets - damaged_before
        missing = max(0, recording.stream.frames - decoded - stream.skipped) if request.attention is None else 0
        if damaged or missing:
            where = {"camera": camera.id, "recording": str(recording.path)}
            log.warning("recording_damaged", **where, decoded=decoded, missing=missing, corrupt_packets=damaged)
        return decoded


@dataclass(frozen=True, slots=True)
class _FilmTiming:
    """Time on film: `film` plays it at the speed at which it was filmed, None as fast as it can be read."""

    start_ms: int
    film: RealTime | None
    clock: Callable[[], float]

    def read(self, at_s: float, *, idle: bool) -> Stamp:
        if idle and self.film:
            self.film.wait_until(at_s)
        return Stamp(0, 0.0)

    def due(self, at_s: float, read: Stamp, *, late: bool) -> Stamp:  # noqa: ARG002
        captured_at_ms = self.start_ms + round(1000 * at_s)
        if self.film is None:
            return Stamp(captured_at_ms, self.clock())
        return Stamp(captured_at_ms, self.film.scheduled(at_s) if late else self.film.wait_until(at_s))


def _start_ms(camera: Camera, path: Path, facts: RecordingFacts, next_ms: int | None) -> int:
    """Return when the first picture was filmed; `next_ms` is where the recording before ended, or the given start."""
    if camera.start_ms is not None and next_ms is not None:
        return next_ms
    filmed_ms = path.stat().st_mtime_ns // 1_000_000 - round(1000 * (facts.duration_s or 0.0))
    return filmed_ms if next_ms is None else max(filmed_ms, next_ms)


def _session(camera_id: str, path: Path, start_ms: int) -> str:
    text = f"{camera_id}\x1f{path.name}\x1f{path.stat().st_size}\x1f{start_ms}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
