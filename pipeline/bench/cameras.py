"""How many cameras this machine carries."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly import Networks
from pipeline.bench.camera_load import LoadFigures, Report, bench_load

MOST_CAMERAS = 512


@dataclass(frozen=True, slots=True)
class CamerasFigures:
    """`load` is the run that counts: the largest that held, or the only one. `tried` are all runs, in order.

    max_cameras: the largest number that was seen to hold; 0 when none did.
    """

    max_cameras: int
    load: LoadFigures
    tried: tuple[LoadFigures, ...]


def bench_cameras(
    source: str,
    least: int,
    most: int,
    fps: float,
    seconds: float,
    *,
    networks: Networks,
    folder: Path | None = None,
    report: Report,
) -> CamerasFigures:
    """Measure `least` cameras, or search `least`..`most` for the largest number that holds.

    Archives are made in temporary folders inside `folder` and removed. Raises like `bench_load`.
    """

    def measure(cameras: int) -> LoadFigures:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            return bench_load(source, cameras, fps, seconds, folder=Path(made), networks=networks, report=report)

    return largest(measure, least, most)


def largest(measure: Callable[[int], LoadFigures], least: int, most: int) -> CamerasFigures:
    """Find the largest number of cameras in `least`..`most` that `measure` says holds, in few measurements.

    The first run tells what a camera costs, and so where to look; then the gap between what held and what did not is
    closed. That more cameras never hold where fewer do not is assumed.
    """
    tried = [measure(least)]
    held, failed = (least, most + 1) if tried[0].sustained else (0, least)
    while least < most and failed - held > 1 and failed > least:
        tried.append(measure(_next(tried, held, failed)))
        if tried[-1].sustained:
            held = tried[-1].cameras
        else:
            failed = tried[-1].cameras
    best = next((each for each in tried if each.cameras == held), tried[0])
    return CamerasFigures(held, best, tuple(tried))


def _next(tried: list[LoadFigures], held: int, failed: int) -> int:
    """Guess from the processor's load where the limit is; halve the gap once the guess was tried."""
    last = tried[-1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if last.sustained and last.cameras == held:
        full = int(0.97 * last.cameras * cores / max(last.cpu_cores, 1e-3))
        if held < full < failed:
            return min(full, 4 * held)
        return held + 1
    return (held + failed) // 2
