"""What was watched, honestly told; `logbook` is what a running process keeps its journal with."""

from pipeline.coverage.answer import CameraCoverage, Watching, archive_coverage, coverage, recent_coverage
from pipeline.coverage.camera_log import Reading
from pipeline.coverage.intervals import Interval, State
from pipeline.coverage.lanes import Intervals

__all__ = [
    "CameraCoverage",
    "Interval",
    "Intervals",
    "Reading",
    "State",
    "Watching",
    "archive_coverage",
    "coverage",
    "recent_coverage",
]
