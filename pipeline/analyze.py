"""Recordings into an archive, as fast as the machine can."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from camera_adapters.clock import now_ms
from camera_adapters.errors import SourceError
from camera_adapters.file import FileAdapter, probe
from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from models.kinds import Kind
from pipeline.analysis.analyser import Analyser
from pipeline.analysis.camera_flow import Observer
from pipeline.analysis.describe import Describer
from pipeline.analysis.detecting import frame_request
from pipeline.analysis.tracklet import Tracklet
from pipeline.archive.contract import Archive
from pipeline.assembly import Networks
from pipeline.coverage import Reading
from pipeline.coverage.logbook import Logbook
from pipeline.settings import AnalysisSettings


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the analysis is.

    `frames` of about `expected` are done (None: nobody knows, as with folders); `at_ms` is the wall-clock time in the
    footage (UTC epoch ms).
    """

    source: Path
    frames: int
    expected: int | None
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
    networks: Networks
    settings: AnalysisSettings
    expected: int | None
    report: Callable[[Progress], None] | None
    describer: Describer
    observe: Observer | None
    adapter: FileAdapter = field(default_factory=FileAdapter)
    stored: dict[str, Kind] = field(default_factory=dict)
    frames: int = 0

    def analyse(self, camera: Camera, source: Path) -> None:
        """Analyse one source from beginning to end; what was seen before damage is kept."""
        networks = self.networks
        analyser = Analyser([camera], networks.detector, self.settings, observe=self.observe)
        logbook = Logbook(self.archive.journal, [camera])

        def readings() -> list[Reading]:
            return [Reading(camera.id, None, self.frames, 0, analyser.following.pending_ms(camera.id))]

        try:
            for batch in _batches(self.adapter.frames(camera, frame_request(networks.detector)), self.settings):
                self._store(analyser.analyse(batch))
                self.frames += len(batch)
                logbook.analysed(batch)
                logbook.beat_when_due(readings)
                if self.report:
                    at_ms = batch[-1].captured_at_ms
                    self.report(Progress(source, self.frames, self.expected, at_ms, len(self.stored)))
        except SourceError:
            self._store(analyser.following.finish())
            logbook.end(readings())
            raise
        self._store(analyser.following.finish())
        logbook.end(readings(), self.adapter.ended_ms)

    def _store(self, tracklets: Sequence[Tracklet]) -> None:
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
    networks: Networks,
    settings: AnalysisSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
    wall_ms: Callable[[], int] = now_ms,
    observe: Observer | None = None,
) -> Summary:
    """Analyse recordings, or folders of them, one after the other as footage of `camera` into `archive`.

    `camera.start_ms` is when the first recording starts; each next one starts where the one before ends. Every
    analysed frame counts: nothing is dropped; `observe` is shown the tracks of each. Analysing the same recording twice
    stores nothing twice. Raises SourceError for what cannot be read (before anything is analysed, where the container
    already tells) and ArchiveError when storing fails; what was stored before stays.
    """
    began = time.monotonic()
    expected = _expected(sources, camera.analysis_fps)
    for use in networks.uses(wall_ms()):
        archive.record_model(use)
    describer = Describer(networks.embedders, networks.attributes)
    run = _Run(archive, networks, settings or AnalysisSettings(), expected, progress, describer, observe)
    start_ms = camera.start_ms
    for source in sources:
        run.analyse(replace(camera, source=str(source), substream=None, pace="fast", start_ms=start_ms), source)
        start_ms = None if start_ms is None else run.adapter.ended_ms
    return Summary(run.frames, Counter(run.stored.values()), time.monotonic() - began)


def _expected(sources: Sequence[Path], fps: float) -> int | None:
    counts = [None if source.is_dir() else probe(source).analysed_frames(fps) for source in sources]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _batches(frames: Iterator[Frame], settings: AnalysisSettings) -> Iterator[list[Frame]]:
    while batch := list(islice(frames, settings.batch_size)):
        yield batch
