"""`zhian track`: the tracks of one recording, with hindsight, in MOTChallenge rows."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from camera_adapters.errors import BadSource
from camera_adapters.file import FileAdapter, probe
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from models.detector import Detector
from models.kinds import Kind
from pipeline.analysis.looks import looks_of
from pipeline.analysis.tracking import History, RecordedTracker, TrackerSettings

_BATCH = 4
_EVERY_FRAME = 1000.0  # frames per second that no recording has


class TrackRow(NamedTuple):
    """One box of one track: `frame` counts from 1 in the video, x y w h are source pixels (left, top, size)."""

    frame: int
    track_id: int
    x: float
    y: float
    w: float
    h: float
    score: float


def track_recording(
    video: Path,
    *,
    detector: Detector,
    kind: Kind,
    fps: float | None,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[TrackRow]:
    """Track one kind of object through a recording; rows ordered by frame, then track.

    fps: how many frames per second of footage are analysed, None for all; rows exist for analysed frames only.
    Short gaps are filled and pieces of one way joined, since the whole recording is known at the end.
    progress is called after each batch with the frames analysed so far and about how many there will be, or None.
    Raises SourceError for what cannot be read.
    """
    if video.is_dir():
        raise BadSource(f"{video} is a folder: name one recording")
    total = probe(video).analysed_frames(fps)
    camera = Camera(id="recording", source=str(video), pace="fast", start_ms=0, analysis_fps=fps or _EVERY_FRAME)
    request = FrameRequest(detector.input.width, detector.input.height, detector.input.fit)
    faint = TrackerSettings().faint_score
    tracker: RecordedTracker | None = None
    done = 0
    for batch in _batches(FileAdapter().frames(camera, request)):
        found = detector.detect([f.image for f in batch], [f.source_size for f in batch], min_score=faint)
        for frame, detections in zip(batch, found, strict=True):
            tracker = tracker or RecordedTracker(frame.source_size)
            wanted = detections.of_kind(kind)
            tracker.update(wanted, frame.seq + 1, frame.captured_at_ms, looks_of(frame, wanted.xyxy))
        done += len(batch)
        if progress:
            progress(done, None if total is None else max(total, done))
    return _rows(tracker.finish()) if tracker else []


def write_mot(rows: Sequence[TrackRow], path: Path) -> None:
    """Write MOTChallenge text: `frame,id,x,y,w,h,score,-1,-1,-1`, a line a row."""
    lines = (f"{r.frame},{r.track_id},{r.x:.2f},{r.y:.2f},{r.w:.2f},{r.h:.2f},{r.score:.4f},-1,-1,-1\n" for r in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _batches(frames: Iterator[Frame]) -> Iterator[list[Frame]]:
    while batch := list(islice(frames, _BATCH)):
        yield batch


def _rows(histories: Sequence[History]) -> list[TrackRow]:
    """Number the tracks from 1 in the order given and sort by frame."""
    rows = []
    for number, history in enumerate(histories, start=1):
        size = history.xyxy[:, 2:] - history.xyxy[:, :2]
        for i, frame in enumerate(history.frame.tolist()):
            x, y = history.xyxy[i, :2].tolist()
            w, h = size[i].tolist()
            rows.append(TrackRow(frame, number, x, y, w, h, float(history.score[i])))
    return sorted(rows)
