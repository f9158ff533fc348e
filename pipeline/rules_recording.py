"""`zhian rules`: what rules notice in one recording, with hindsight."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from camera_adapters.errors import BadSource
from camera_adapters.file import FileAdapter, RecordingFacts, probe
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from models.detector import Detector
from models.kinds import KINDS
from pipeline.alerting.rules.camera_rules import CameraRules
from pipeline.alerting.rules.live import scene_of
from pipeline.alerting.rules.rule_file import check_inside
from pipeline.alerting.rules.scene import Event, Scene
from pipeline.alerting.rules.settings import RuleSettings
from pipeline.alerting.rules.table import SEEING
from pipeline.analysis.looks import looks_of
from pipeline.analysis.tracking import History, RecordedTracker, TrackerSettings

_BATCH = 4
_EVERY_FRAME = 1000.0  # frames per second that no recording has


@dataclass(frozen=True, slots=True)
class RecordingClock:
    """Which frames are analysed and when they were filmed.

    analysis_fps is in the container's time. recorded_fps: the frames follow each other at this true rate, whatever the
    container says; None: the container's own times count.
    """

    analysis_fps: float
    recorded_fps: float | None = None

    def at_ms(self, frame: Frame) -> int:
        """Return the milliseconds since the first frame of the recording."""
        if self.recorded_fps is None:
            return frame.captured_at_ms
        return round(1000.0 * frame.seq / self.recorded_fps)


def recording_clock(container_fps: float, fps: float | None, recorded_fps: float | None) -> RecordingClock:
    """Decide how a recording is read.

    fps: how many frames per second are to be analysed; recorded_fps: its true rate, None when nothing is known but
    what the container says. Containers of cameras often lie about the rate, and nobody thins 10 frames a second to 7:
    an `fps` above half the container's rate, without `recorded_fps`, is the true rate, and every frame is analysed.
    """
    if recorded_fps is None and fps is not None and container_fps / 2.0 < fps < container_fps:
        recorded_fps = fps
    if recorded_fps is None:
        return RecordingClock(fps or _EVERY_FRAME)
    if fps is None or fps >= recorded_fps or container_fps <= 0.0:
        return RecordingClock(_EVERY_FRAME, recorded_fps)
    return RecordingClock(fps * container_fps / recorded_fps, recorded_fps)


def run_rules(
    video: Path,
    rules: Sequence[RuleSettings],
    *,
    detector: Detector,
    fps: float | None = None,
    recorded_fps: float | None = None,
    start_ms: int = 0,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[Event]:
    """Run rules over a recording; events ordered by frame, `t_ms` counts from its first frame.

    fps and recorded_fps as in `recording_clock`; start_ms: when the recording starts (UTC epoch ms), for schedules.
    The tracks are those of the whole recording: short gaps are filled and pieces of one way joined before any rule
    sees them; rules that look at pictures are shown these as they come. progress is called after each batch with the
    frames analysed so far and about how many there will be.
    Raises SourceError for what cannot be read, BadRules for a rule that does not fit the picture.
    """
    if video.is_dir():
        raise BadSource(f"{video} is a folder: name one recording")
    facts = probe(video)
    check_inside(rules, (facts.width, facts.height))
    clock = recording_clock(facts.fps, fps, recorded_fps)
    seeing = [rule for rule in rules if rule.kind in SEEING]
    tell = _counted(facts, clock, progress)
    tracked, events = _track(video, rules, CameraRules(seeing), detector, clock, start_ms, tell)
    seen = CameraRules([rule for rule in rules if rule.kind not in SEEING])
    for scene in _scenes(tracked, start_ms):
        events += seen.observe(scene)
    return sorted((replace(e, t_ms=e.t_ms - start_ms) for e in events), key=lambda e: (e.frame, e.rule, e.track_id))


@dataclass(slots=True)
class _Tracked:
    """What was seen of a whole recording: the time of each analysed frame, and who was in them."""

    size: tuple[int, int]
    times_ms: dict[int, int]
    histories: Sequence[History] = ()


def _track(
    video: Path,
    rules: Sequence[RuleSettings],
    seeing: CameraRules,
    detector: Detector,
    clock: RecordingClock,
    start_ms: int,
    tell: Callable[[int], None],
) -> tuple[_Tracked, list[Event]]:
    """Follow all that the rules want; return who was seen, and what the rules noticed that look at pictures."""
    wanted = range(len(KINDS)) if seeing.kept else {kind.code for rule in rules for kind in rule.objects}
    camera = Camera(id="recording", source=str(video), pace="fast", start_ms=0, analysis_fps=clock.analysis_fps)
    request = FrameRequest(detector.input.width, detector.input.height, detector.input.fit)
    faint = TrackerSettings().faint_score
    tracker: RecordedTracker | None = None
    seen = _Tracked((0, 0), {})
    events: list[Event] = []
    for batch in _batches(FileAdapter().frames(camera, request)):
        found = detector.detect([f.image for f in batch], [f.source_size for f in batch], min_score=faint)
        for frame, everything in zip(batch, found, strict=True):
            tracker = tracker or RecordedTracker(frame.source_size)
            detections, t_ms = everything.select(np.isin(everything.class_id, sorted(wanted))), clock.at_ms(frame)
            seen.size, seen.times_ms[frame.seq + 1] = frame.source_size, t_ms
            tracks = tracker.update(detections, frame.seq + 1, t_ms, looks_of(frame, detections.xyxy))
            if seeing.kept:
                events += seeing.observe(replace(scene_of(frame, tracks), t_ms=start_ms + t_ms))
        tell(len(seen.times_ms))
    seen.histories = tracker.finish() if tracker else ()
    return seen, events


def _scenes(tracked: _Tracked, start_ms: int) -> Iterator[Scene]:
    """Yield the analysed frames with the tracks in them, numbered from 1 in the order of their beginning."""
    rows: dict[int, list[tuple[int, int, int]]] = {}
    ends: dict[int, list[int]] = {}
    for number, history in enumerate(tracked.histories, start=1):
        for i, frame in enumerate(history.frame.tolist()):
            rows.setdefault(frame, []).append((number, history.class_id, i))
        ends.setdefault(int(history.frame[-1]), []).append(number)
    ended: tuple[int, ...] = ()
    for frame, t_ms in tracked.times_ms.items():
        own = rows.get(frame, [])
        boxes = [tracked.histories[number - 1].xyxy[i] for number, _, i in own]
        yield Scene(
            frame=frame,
            t_ms=start_ms + t_ms,
            track_id=np.array([number for number, _, _ in own], np.int64),
            class_id=np.array([class_id for _, class_id, _ in own], np.int64),
            xyxy=np.array(boxes, np.float64).reshape(-1, 4),
            frame_size=tracked.size,
            ended=ended,
        )
        ended = tuple(ends.get(frame, ()))


def _counted(
    facts: RecordingFacts, clock: RecordingClock, progress: Callable[[int, int | None], None] | None
) -> Callable[[int], None]:
    total = facts.analysed_frames(clock.analysis_fps)

    def tell(done: int) -> None:
        if progress:
            progress(done, None if total is None else max(total, done))

    return tell


def _batches(frames: Iterator[Frame]) -> Iterator[list[Frame]]:
    while batch := list(islice(frames, _BATCH)):
        yield batch
