"""Recordings on disk: opening them, what they hold, and what is wrong with them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from camera_adapters.address import scheme_of
from camera_adapters.decoding import video_stream
from camera_adapters.errors import BadSource, NoVideo

_CONTAINERS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".flv", ".wmv", ".asf", ".3gp"}
_STREAMS = {".ts", ".mts", ".m2ts", ".ps", ".dav", ".264", ".h264", ".avc", ".265", ".h265", ".hevc"}
SUFFIXES = frozenset(_CONTAINERS | _STREAMS)
# The demuxers of recordings, by FFmpeg's names. Left to itself it also takes pictures, text and playlists for videos,
# and a playlist may make it read other files, call other machines, or wait minutes for the next part.
_FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,live_flv,asf,h264,hevc,dhav,nut,ogg,mxf,wtv"


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What a container says of its video: `frames` is an estimate, None (like `duration_s`) when it says nothing."""

    width: int
    height: int
    fps: float
    frames: int | None
    duration_s: float | None

    def analysed_frames(self, fps: float | None) -> int | None:
        """About how many frames an analysis at `fps` (None: every frame) will see; None when nothing is known."""
        if self.frames is None or fps is None or not 0 < fps < self.fps:
            return self.frames
        return round(self.frames * fps / self.fps)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """An open recording; the caller closes `container`."""

    path: Path
    container: InputContainer
    stream: VideoStream

    @property
    def facts(self) -> RecordingFacts:
        """What the container says."""
        fps = float(self.stream.average_rate or self.stream.guessed_rate or 0)
        duration_s = self._duration_s()
        frames: int | None = self.stream.frames or None
        if frames is None and duration_s and fps:
            frames = max(1, round(duration_s * fps))
        if duration_s is None and frames and fps:
            duration_s = frames / fps
        return RecordingFacts(self.stream.width, self.stream.height, fps, frames, duration_s)

    def _duration_s(self) -> float | None:
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return self.container.duration / av.time_base if self.container.duration else None


def recording_path(source: str) -> Path:
    """Return the path that a source names: a path as it is, or a `file://` address."""
    if scheme_of(source) != "file":
        return Path(source)
    parts = urlsplit(source)
    if parts.netloc not in {"", "localhost"}:
        raise BadSource(f"{source}: a file:// address names a file on this machine, with three slashes")
    return Path(unquote(parts.path))


def recordings_in(path: Path) -> list[Path]:
    """Return the recordings that a path names: itself, or those of a folder by name; raises BadSource for none."""
    try:
        if not path.is_dir():
            return [path]
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError as error:
        raise BadSource(f"{path} cannot be read: {error.strerror}") from error
    if not found:
        raise BadSource(f"{path} holds no recordings (files such as .mp4, .mkv, .avi, .ts)")
    return found


def open_recording(path: Path) -> Recording:
    """Open a recording; raises BadSource or NoVideo with a sentence that says what is wrong with it."""
    _check_file(path)
    try:
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file", "format_whitelist": _FORMATS})
    except FFmpegError as error:
        raise BadSource(_why_not(path, error)) from error
    stream = video_stream(container)
    if stream is None:
        container.close()
        raise NoVideo(f"{path} has no video in it")
    return Recording(path, container, stream)


def probe(path: Path) -> RecordingFacts:
    """Return what a recording says of itself without decoding it; raises like `open_recording`."""
    recording = open_recording(path)
    try:
        return recording.facts
    finally:
        recording.container.close()


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise BadSource(f"{path} is a folder, a recording is wanted")
        if not path.exists():
            raise BadSource(f"{path} does not exist")
        if not path.is_file():
            raise BadSource(f"{path} is not a file")
        if path.stat().st_size == 0:
            raise BadSource(f"{path} is empty")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise BadSource(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _why_not(path: Path, error: FFmpegError) -> str:
    if isinstance(error, PermissionError):
        return f"{path} cannot be read: no permission"
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as unreadable:
        return f"{path} cannot be read: {unreadable.strerror}"
    if head[4:8] == b"ftyp":
        return f"{path} is cut off: its index (moov) is missing and nothing in it can be played; copy it again"
    return f"{path} is not a video that can be read"
