"""One measurement of N cameras through the real pipeline, in real time."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from camera_adapters.address import scheme_of
from camera_adapters.file import probe
from camera_adapters.recordings import recording_path
from camera_adapters.stream_state import Status
from pipeline.archive import open_archive
from pipeline.assembly import Networks
from pipeline.camera_report import CameraReport
from pipeline.errors import BenchFailed
from pipeline.settings import ArchiveSettings, CameraSettings, Settings
from pipeline.worker import Worker

LATEST_P95_MS = 500.0
MOST_DROPPED = 0.01
HELD_RATE = 0.97
STAGES = ("decode", "scale", "gate", "detect", "track", "describe", "store", "rest")
_LIVE_WITHIN_S = 30.0
_SPREAD_S = 2.0  # cameras of a site are not in step: key frames and analysed pictures fall at different times

Report = Callable[[str, float, float], None]


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """One camera over the measurement: frames per second, frames dropped and why, latency from arrival on.

    `gated` frames came and were found to show nothing new: they count as looked at, not as dropped. `why` names the
    camera's last trouble or is empty. `stored_*` is the time until the sightings a frame completed were durable.
    """

    camera: str
    fps_in: float
    fps_analysed: float
    dropped: int
    gated: int
    why: str
    sightings: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    stored_p50_ms: float | None
    stored_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """N cameras over `seconds`; `cpu_share` is of all CPU time this process used and sums to 1."""

    cameras: int
    fps: float
    seconds: float
    sustained: bool
    why_not: str
    cpu_cores: float
    cpu_share: Mapping[str, float]
    memory_mb: float
    threads: int
    per_camera: tuple[CameraFigures, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    at_s: float
    cpu_s: float
    stages: Mapping[str, float]
    reports: Sequence[CameraReport]


def bench_load(
    source: str, cameras: int, fps: float, seconds: float, *, folder: Path, networks: Networks, report: Report
) -> LoadFigures:
    """Run `cameras` copies of `source` (a path or an rtsp:// address) for `seconds` after all are live.

    `folder` is empty and takes the archive. A recording shorter than the measurement is played again and again.
    Raises SourceError for what cannot be read, BenchFailed when the cameras do not become live.
    """
    settings = _settings(source, cameras, fps, seconds, folder)
    with open_archive(folder / "archive", writable=True) as archive:
        worker = Worker(settings, archive, networks)
        networks.prepare(settings.analysis.batch_size)
        try:
            worker.start(apart_s=_SPREAD_S / cameras)
            _wait_until_live(worker)
            first = _moment(worker)
            _watch(worker, cameras, seconds, report)
            last = _moment(worker)
            memory_mb, threads = _memory_mb(), _threads()
        finally:
            worker.stop()
    return _figures(first, last, fps, memory_mb, threads)


def _settings(source: str, cameras: int, fps: float, seconds: float, folder: Path) -> Settings:
    played = source if scheme_of(source).startswith("rtsp") else str(_endless(source, seconds, folder / "clips"))
    names = [f"camera-{number:03d}" for number in range(1, cameras + 1)]
    return Settings(
        cameras=tuple(CameraSettings(id=name, source=played, analysis_fps=fps) for name in names),
        archive=ArchiveSettings(path=folder / "archive"),
    )


def _endless(source: str, seconds: float, folder: Path) -> Path:
    """Return a folder that plays the recording for as long as the measurement can take."""
    path = recording_path(source).resolve()
    facts = probe(path)
    needed_s = seconds + _LIVE_WITHIN_S + _SPREAD_S + 10
    folder.mkdir()
    for number in range(1 + round(needed_s / max(facts.duration_s or 1.0, 0.1))):
        (folder / f"{number:06d}{path.suffix}").symlink_to(path)
    return folder


def _wait_until_live(worker: Worker) -> None:
    """Return when every camera is live and had a second to settle."""
    until = time.monotonic() + _LIVE_WITHIN_S
    while True:
        reports = worker.camera_reports()
        if worker.failure:
            raise worker.failure
        if all(each.state.status is Status.LIVE and each.analysed for each in reports):
            break
        if time.monotonic() > until:
            dark = next(each for each in reports if each.state.status is not Status.LIVE or not each.analysed)
            detail = dark.state.detail or "no frame was analysed"
            raise BenchFailed(f"{dark.camera.id} gave no picture within {_LIVE_WITHIN_S:.0f} s: {detail}")
        time.sleep(0.1)
    time.sleep(1.0)
    worker.forget_delays()


def _watch(worker: Worker, cameras: int, seconds: float, report: Report) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if worker.failure:
            raise worker.failure
        report(f"{cameras} cameras", passed, seconds)
        time.sleep(min(0.5, seconds - passed))


def _moment(worker: Worker) -> _Moment:
    return _Moment(time.monotonic(), time.process_time(), worker.stages.totals(), worker.camera_reports())


def _figures(first: _Moment, last: _Moment, fps: float, memory_mb: float, threads: int) -> LoadFigures:
    took_s, cpu_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    spent = {stage: last.stages.get(stage, 0.0) - first.stages.get(stage, 0.0) for stage in STAGES}
    spent["rest"] += max(0.0, cpu_s - sum(spent.values()))
    whole = sum(spent.values()) or 1.0
    each = tuple(_camera(a, b, took_s) for a, b in zip(first.reports, last.reports, strict=True))
    why_not = next((f"{one.camera}: {why}" for one in each if (why := _why_not(one, fps, took_s))), "")
    return LoadFigures(
        cameras=len(each),
        fps=fps,
        seconds=round(took_s, 1),
        sustained=not why_not,
        why_not=why_not,
        cpu_cores=round(cpu_s / took_s, 3),
        cpu_share={stage: round(seconds / whole, 4) for stage, seconds in spent.items()},
        memory_mb=round(memory_mb, 1),
        threads=threads,
        per_camera=each,
    )


def _camera(before: CameraReport, after: CameraReport, took_s: float) -> CameraFigures:
    return CameraFigures(
        camera=after.camera.id,
        fps_in=round((after.received - before.received) / took_s, 2),
        fps_analysed=round((after.analysed - before.analysed) / took_s, 2),
        dropped=after.dropped - before.dropped,
        gated=after.gated - before.gated,
        why=after.state.detail or ("replaced by later frames" if after.dropped > before.dropped else ""),
        sightings=after.sightings - before.sightings,
        latency_p50_ms=after.latency.p50_ms,
        latency_p95_ms=after.latency.p95_ms,
        stored_p50_ms=after.stored.p50_ms,
        stored_p95_ms=after.stored.p95_ms,
    )


def _why_not(camera: CameraFigures, fps: float, took_s: float) -> str:
    """Return why the camera does not count as sustained, or nothing."""
    looked_at = camera.fps_analysed + camera.gated / took_s
    if camera.dropped > MOST_DROPPED * camera.fps_in * took_s:
        return f"{camera.dropped} frames were dropped"
    if looked_at < HELD_RATE * fps and camera.gated == 0:
        return f"{looked_at:.2f} frames a second in place of {fps:g}"
    if camera.latency_p95_ms is not None and camera.latency_p95_ms > LATEST_P95_MS:
        return f"latency p95 {camera.latency_p95_ms:.0f} ms"
    return ""


def _memory_mb() -> float:
    """Return the resident memory of this process, where the system tells (Linux), else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return sum(1 for _ in tasks.iterdir()) if tasks.is_dir() else 0
