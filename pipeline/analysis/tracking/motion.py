"""Constant-velocity Kalman filters of many boxes at once, in real time.

Centre x, centre y, width and height are filtered as four independent (value, rate) pairs, so that a covariance is
three numbers and no matrix is inverted. Noise is proportional to the object's height (as in deep_sort, Wojke 2017),
and grows with elapsed seconds, so that the frame rate cancels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.tracking.settings import TrackerSettings

Array = NDArray[np.float64]

# Size follows the detector's whims and perspective, not limbs: it accelerates less than position, and forgets its rate.
_SIZE_ACCELERATION = 0.25
_SIZE_RATE_MEMORY_S = 0.5
_FIRST_SPEED = 1.0  # heights per second: a walk is about 0.8


@dataclass(slots=True, eq=False)
class Motion:
    """State of n boxes; every array is float64 (n, 4) over (centre x, centre y, width, height) in pixels, seconds."""

    value: Array
    rate: Array
    var: Array
    cov: Array
    rate_var: Array

    @classmethod
    def start(cls, xyxy: NDArray[np.float32], settings: TrackerSettings) -> "Motion":
        """Begin n boxes at rest with an uncertain speed."""
        value = to_centre(xyxy)
        scale = value[:, 3:4] * np.array([1.0, 1.0, 0.2, 0.2])
        var = np.square(np.broadcast_to(settings.position_noise * value[:, 3:4], value.shape))
        return cls(value, np.zeros_like(value), var.copy(), np.zeros_like(value), np.square(_FIRST_SPEED * scale))

    def predict(self, dt_s: float, settings: TrackerSettings) -> None:
        """Advance all boxes by `dt_s` seconds."""
        scale = self.value[:, 3:4] * np.array([1.0, 1.0, _SIZE_ACCELERATION, _SIZE_ACCELERATION])
        q = np.square(settings.acceleration * scale)
        self.value += self.rate * dt_s
        self.value[:, 2:] = np.maximum(self.value[:, 2:], 1.0)
        self.var += dt_s * (2.0 * self.cov + dt_s * self.rate_var) + q * dt_s**3 / 3.0
        self.cov += dt_s * self.rate_var + q * dt_s**2 / 2.0
        self.rate_var += q * dt_s
        self.rate[:, 2:] *= np.exp(-dt_s / _SIZE_RATE_MEMORY_S)

    def correct(self, rows: NDArray[np.intp], xyxy: NDArray[np.float32], noise: Array) -> None:
        """Fold one observation into each of `rows`; `noise` (k,) is the measurement deviation in heights."""
        seen = to_centre(xyxy)
        var, cov = self.var[rows], self.cov[rows]
        total = var + np.square(noise[:, None] * seen[:, 3:4])
        gain, rate_gain = var / total, cov / total
        off = seen - self.value[rows]
        self.value[rows] += gain * off
        self.rate[rows] += rate_gain * off
        self.var[rows] = (1.0 - gain) * var
        self.cov[rows] = (1.0 - gain) * cov
        self.rate_var[rows] -= rate_gain * cov

    def xyxy(self) -> Array:
        """Boxes float64 (n, 4), left top right bottom."""
        half = self.value[:, 2:] / 2.0
        return np.concatenate([self.value[:, :2] - half, self.value[:, :2] + half], axis=1)

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Motion":
        """Return the chosen rows."""
        return Motion(self.value[index], self.rate[index], self.var[index], self.cov[index], self.rate_var[index])

    def joined(self, other: "Motion") -> "Motion":
        """Return the rows of both."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("value", "rate", "var", "cov", "rate_var")]
        return Motion(*(np.concatenate(pair) for pair in pairs))


def to_centre(xyxy: NDArray[np.floating]) -> Array:
    """Return float64 (n, 4) centre x, centre y, width, height (at least one pixel) of (n, 4) corners."""
    box = np.asarray(xyxy, np.float64)
    size = np.maximum(box[:, 2:] - box[:, :2], 1.0)
    return np.concatenate([(box[:, :2] + box[:, 2:]) / 2.0, size], axis=1)
