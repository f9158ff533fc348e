"""Whether a picture shows something that was not there before, for a small part of a detector's price."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

_COLUMNS = 208  # half of what the detectors see: a person they can find is still 2 pixels wide
_NEIGHBOURHOOD = 31
_DARKEST = 24.0  # grey levels added before dividing, so that noise in the dark is no contrast
_LEAST_CONTRAST = 0.07
_TIMES_USUAL = 3.5  # deviations
_SHAPE = (3, 5)  # columns, rows of the least thing that counts
_FILLED = 0.8


class ChangeDetector:
    """Compares pictures of one fixed camera with what is usual there.

    Each pixel is taken relative to its neighbourhood (Weber contrast), so that clouds, dusk, exposure and the wide
    beams of headlights change little. The usual value and deviation of each pixel are running means: leaves that always
    move, and flicker, become usual. What remains must fill the shape of a small person: thin streaks of rain and
    single pixels do not. Something that stays, a parked car for instance, becomes usual within a few minutes. Where it
    errs it errs by seeing change: that costs computing time and no sighting.
    """

    def __init__(self, usual_s: float = 15.0, stays_s: float = 90.0) -> None:
        self._usual_s = usual_s
        self._stays_s = stays_s
        self._mean: Floats | None = None
        self._variance: Floats | None = None

    def changed(self, image: Image, elapsed_s: float, *, busy: bool = False) -> bool:
        """Take the next picture uint8 (h, w, 3) BGR, `elapsed_s` after the one before; the first shows no change.

        While `busy`, what is odd is known to be somebody, and nothing is learned from it.
        """
        seen = _contrast(image)
        mean, variance = self._mean, self._variance
        if mean is None or variance is None or mean.shape != seen.shape:
            self._mean, self._variance = seen, np.full_like(seen, (_LEAST_CONTRAST / _TIMES_USUAL) ** 2)
            return False
        away = cv2.subtract(seen, mean)
        away *= away
        odd = cv2.compare(away, cv2.max(variance * _TIMES_USUAL**2, _LEAST_CONTRAST**2), cv2.CMP_GT)
        filled = cv2.boxFilter(odd, cv2.CV_8U, _SHAPE)
        self._learn(mean, variance, seen, away, odd, max(0.0, elapsed_s), busy=busy)
        return int(filled.max()) >= _FILLED * 255

    def _learn(
        self, mean: Floats, variance: Floats, seen: Floats, away: Floats, odd: Image, elapsed_s: float, *, busy: bool
    ) -> None:
        """Move what is usual towards what was seen, in place: its mean slowly where it was odd."""
        quick, slow = (float(1.0 - np.exp(-elapsed_s / seconds)) for seconds in (self._usual_s, self._stays_s))
        even = cv2.bitwise_not(odd)
        cv2.accumulateWeighted(seen, mean, quick, even)
        if not busy:
            cv2.accumulateWeighted(seen, mean, slow, odd)
        # Odd or not at the same rate: what is rarely odd would be forgotten in between.
        cv2.accumulateWeighted(away, variance, slow, even if busy else None)


def _contrast(image: Image) -> Floats:
    """Return float32 (h, w), about -1..1: each pixel relative to the mean of its neighbourhood."""
    rows = max(1, round(image.shape[0] * _COLUMNS / image.shape[1]))
    grey = cv2.cvtColor(cv2.resize(image, (_COLUMNS, rows), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    around = cv2.blur(grey, (_NEIGHBOURHOOD, _NEIGHBOURHOOD))
    difference = cv2.subtract(grey, around, dtype=cv2.CV_32F)
    contrast: Floats = difference / (around + np.float32(_DARKEST))
    return contrast
