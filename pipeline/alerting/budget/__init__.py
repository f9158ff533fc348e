"""Thresholds from what people can bear: at most so many false alerts a day."""

from pipeline.alerting.budget.calibration import Calibration, Evidence, calibrate
from pipeline.alerting.budget.scores import BINS, Scores
from pipeline.alerting.budget.tail import Tail

__all__ = ["BINS", "Calibration", "Evidence", "Scores", "Tail", "calibrate"]
