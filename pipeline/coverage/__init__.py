"""What was watched: the journal of a running process, and the honest answer made of it."""

from pipeline.coverage.answer import CameraCoverage, Watching, archive_coverage, coverage, recent_coverage
from pipeline.coverage.camera_log import Reading
from pipeline.coverage.intervals import Interval, State
from pipeline.coverage.lanes import Intervals
from pipeline.coverage.logbook import Logbook, LogbookSettings

__all__ = [
    "CameraCoverage",
    "Interval",
    "Intervals",
    "Logbook",
    "LogbookSettings",
    "Reading",
    "State",
    "Watching",
    "archive_coverage",
    "coverage",
    "recent_coverage",
]
