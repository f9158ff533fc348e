"""Constant-velocity Kalman filters of many boxes at once, in real time.

Centre x, centre y, width and height are filtered as four independent (value, rate) pairs, so that a covariance is
three numbers and no matrix is inverted. Noise is proportional to the object's height (as in deep_sort, Wojke 2017),
and grows with elapsed seconds, so that the frame rate cancels.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.tracking.settings import TrackerSettings

Array = NDArray[np.float64]

# Size follows the detector's whims and perspective, not limbs: it accelerates less than position, and forgets its rate.
_ACCELERATION = np.array([1.0, 1.0, 0.25, 0.25])
_SIZE_RATE_MEMORY_S = 0.5
_FIRST_SPEED = np.array([1.0, 1.0, 0.2, 0.2])  # heights per second: a walk is about 0.8
_LEAST = np.array([-np.inf, -np.inf, 1.0, 1.0])
_VALUE, _RATE, _VAR, _COV, _RATE_VAR = range(5)


@dataclass(slots=True, eq=False)
class Motion:
    """State of n boxes, float64 (5, n, 4): value, rate, their variances and covariance in the order of the properties.

    Each is (n, 4) over (centre x, centre y, width, height), in pixels and seconds; one block, so that a step is few
    operations on all of it.
    """

    state: Array

    @classmethod
    def start(cls, xyxy: NDArray[np.float32], settings: TrackerSettings) -> "Motion":
        """Begin n boxes at rest with an uncertain speed."""
        value = to_centre(xyxy)
        state = np.zeros((5, *value.shape))
        state[_VALUE] = value
        state[_VAR] = np.square(settings.position_noise * value[:, 3:])
        state[_RATE_VAR] = np.square(_FIRST_SPEED * value[:, 3:])
        return cls(state)

    @property
    def value(self) -> Array:
        """Where the boxes are."""
        return self._row(_VALUE)

    @property
    def rate(self) -> Array:
        """How they move and grow, a second."""
        return self._row(_RATE)

    @property
    def var(self) -> Array:
        """Variance of the value."""
        return self._row(_VAR)

    @property
    def cov(self) -> Array:
        """Covariance of value and rate."""
        return self._row(_COV)

    @property
    def rate_var(self) -> Array:
        """Variance of the rate."""
        return self._row(_RATE_VAR)

    def _row(self, which: int) -> Array:
        row: Array = self.state[which]
        return row

    def predict(self, dt_s: float, settings: TrackerSettings) -> None:
        """Advance all boxes by `dt_s` seconds."""
        step = _step(dt_s)
        value, rate = self.value, self.rate
        noise = np.square(settings.acceleration * _ACCELERATION * value[:, 3:])
        spread = step.spread @ self.state[_VAR:].reshape(3, -1)
        self.state[_VAR:] = spread.reshape(3, *value.shape)
        self.state[_VAR:] += step.noise * noise
        value += rate * dt_s
        np.maximum(value, _LEAST, out=value)
        rate *= step.rate_kept

    def correct(self, rows: NDArray[np.intp], xyxy: NDArray[np.float32], noise: Array) -> None:
        """Fold one observation into each of `rows`; `noise` (k,) is the measurement deviation in heights."""
        seen = to_centre(xyxy)
        part = self.state[:, rows]
        total = part[_VAR] + np.square(noise[:, None] * seen[:, 3:])
        gain = part[_VAR : _COV + 1] / total
        part[: _RATE + 1] += gain * (seen - part[_VALUE])
        part[_RATE_VAR] -= gain[1] * part[_COV]
        part[_VAR : _COV + 1] *= 1.0 - gain[0]
        self.state[:, rows] = part

    def xyxy(self) -> Array:
        """Boxes float64 (n, 4), left top right bottom."""
        value = self.value
        half = value[:, 2:] / 2.0
        return np.concatenate([value[:, :2] - half, value[:, :2] + half], axis=1)

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Motion":
        """Return the chosen rows."""
        return Motion(self.state[:, index])

    def joined(self, other: "Motion") -> "Motion":
        """Return the rows of both."""
        return Motion(np.concatenate([self.state, other.state], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What a length of time does: `spread` (3, 3) to the variances, `noise` (3, 1, 1) times the acceleration's,
    `rate_kept` (4,) to the rates.
    """

    spread: Array
    noise: Array
    rate_kept: Array


@lru_cache(maxsize=128)
def _step(dt_s: float) -> _Step:
    kept = np.exp(-dt_s / _SIZE_RATE_MEMORY_S)
    return _Step(
        np.array([[1.0, 2.0 * dt_s, dt_s**2], [0.0, 1.0, dt_s], [0.0, 0.0, 1.0]]),
        np.array([dt_s**3 / 3.0, dt_s**2 / 2.0, dt_s]).reshape(3, 1, 1),
        np.array([1.0, 1.0, kept, kept]),
    )


def to_centre(xyxy: NDArray[np.floating]) -> Array:
    """Return float64 (n, 4) centre x, centre y, width, height (at least one pixel) of (n, 4) corners."""
    box = np.asarray(xyxy, np.float64)
    size = np.maximum(box[:, 2:] - box[:, :2], 1.0)
    return np.concatenate([(box[:, :2] + box[:, 2:]) / 2.0, size], axis=1)
