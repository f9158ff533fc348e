"""Following people and vehicles through the pictures of one camera."""

from pipeline.analysis.tracking.features import Features
from pipeline.analysis.tracking.history import History
from pipeline.analysis.tracking.linking import LinkSettings, link
from pipeline.analysis.tracking.recording import HindsightSettings, RecordedTracker
from pipeline.analysis.tracking.settings import TrackerSettings
from pipeline.analysis.tracking.tracker import Tracker
from pipeline.analysis.tracking.tracks import Tracks

__all__ = [
    "Features",
    "HindsightSettings",
    "History",
    "LinkSettings",
    "RecordedTracker",
    "Tracker",
    "TrackerSettings",
    "Tracks",
    "link",
]
