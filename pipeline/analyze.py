"""Recordings into an archive, as fast as the machine can."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from camera_adapters.errors import SourceError
from camera_adapters.file import FileAdapter
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from models.detector import Detector
from models.kinds import Kind
from pipeline.analysis.analyser import Analyser, frame_request
from pipeline.analysis.describe import AttributeReader, Describer, Embedding
from pipeline.analysis.tracklet import Tracklet
from pipeline.archive.contract import Archive
from pipeline.settings import AnalysisSettings


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recording is: `at_ms` is the wall-clock time in the footage (UTC epoch ms)."""

    source: Path
    frames: int
    at_ms: int
    sightings: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it: analysed frames, stored sightings per kind, seconds it took."""

    frames: int
    sightings: Mapping[Kind, int]
    elapsed_s: float


@dataclass(slots=True)
class _Run:
    archive: Archive
    describer: Describer
    stored: dict[str, Kind] = field(default_factory=dict)
    frames: int = 0

    def store(self, tracklets: Sequence[Tracklet]) -> None:
        """Describe and append; a tracklet stored twice counts once."""
        if not tracklets:
            return
        records = self.describer.describe(tracklets)
        self.archive.append(records)
        self.stored.update({record.sighting.id: record.sighting.kind for record in records})


def analyze(
    sources: Sequence[Path],
    *,
    archive: Archive,
    camera: Camera,
    detector: Detector,
    embedders: Mapping[Kind, Embedding],
    attributes: Mapping[Kind, AttributeReader] | None = None,
    settings: AnalysisSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Analyse recordings one after the other as footage of `camera` and append their sightings to `archive`.

    `camera.start_ms` is when the first recording starts; the next ones follow on. Every analysed frame counts: nothing
    is dropped. Analysing the same recording twice stores nothing twice. Raises SourceError for what cannot be read and
    ArchiveError when storing fails; what was stored before stays.
    """
    settings = settings or AnalysisSettings()
    began = time.monotonic()
    run = _Run(archive, Describer(embedders, attributes))
    start_ms = camera.start_ms
    for source in sources:
        recording = replace(camera, source=str(source), substream=None, pace="fast", start_ms=start_ms)
        last_ms = _analyse_one(recording, source, detector, settings, run, progress)
        start_ms = last_ms if start_ms is not None else None
    return Summary(run.frames, Counter(run.stored.values()), time.monotonic() - began)


def _analyse_one(
    camera: Camera,
    source: Path,
    detector: Detector,
    settings: AnalysisSettings,
    run: _Run,
    progress: Callable[[Progress], None] | None,
) -> int | None:
    analyser = Analyser([camera], detector, settings)
    frames = FileAdapter().frames(camera, frame_request(detector))
    last_ms = None
    try:
        for batch in _batches(frames, settings.batch_size):
            run.store(analyser.analyse(batch))
            run.frames += len(batch)
            last_ms = batch[-1].captured_at_ms
            if progress:
                progress(Progress(source, run.frames, last_ms, len(run.stored)))
    except SourceError:
        run.store(analyser.finish())  # what was seen before the damage is kept
        raise
    run.store(analyser.finish())
    return last_ms


def _batches(frames: Iterator[Frame], size: int) -> Iterator[list[Frame]]:
    while batch := list(islice(frames, size)):
        yield batch
