"""What was watched: the journal of a running process, and the honest answer made of it."""

from pipeline.coverage.answer import CameraCoverage, archive_coverage, coverage
from pipeline.coverage.camera_log import Reading
from pipeline.coverage.intervals import Interval, State
from pipeline.coverage.logbook import Logbook, LogbookSettings

__all__ = [
    "CameraCoverage",
    "Interval",
    "Logbook",
    "LogbookSettings",
    "Reading",
    "State",
    "archive_coverage",
    "coverage",
]
