"""Watches (布控): standing queries, evaluated on every sighting that is stored, until they expire."""

from pipeline.alerting.watches.book import WatchBook
from pipeline.alerting.watches.lookout import Lookout
from pipeline.alerting.watches.watch import Target, Watch, WatchState

__all__ = ["Lookout", "Target", "Watch", "WatchBook", "WatchState"]
