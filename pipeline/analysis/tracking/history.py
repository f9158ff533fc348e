"""What a finished recording knows of its tracks: every observation, and the gaps filled afterwards."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BLOCK = 512  # smoothed at a time: memory stays small on tracks that last for hours
_REACH = 4.0  # deviations after which a neighbour counts for nothing


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Observations of one object, oldest first; compared by identity.

    frame int64 (n,) 1-based in the video, strictly rising; t_ms int64 (n,); xyxy float64 (n, 4) in source pixels;
    score float64 (n,); looks float16 (n, d), rows of about length 1, d = 0 without features.
    """

    track_id: int
    class_id: int
    frame: IntArray
    t_ms: IntArray
    xyxy: Array
    score: Array
    looks: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def height(self) -> float:
        """Median height in pixels."""
        return float(np.median(self.xyxy[:, 3] - self.xyxy[:, 1]))

    def followed_by(self, later: "History") -> "History":
        """Return both as one object under the id of the first; where both were seen the earlier one counts."""
        new = ~np.isin(later.frame, self.frame)
        names = ("frame", "t_ms", "xyxy", "score", "looks")
        both = [np.concatenate([getattr(self, name), getattr(later, name)[new]]) for name in names]
        order = np.argsort(both[0], kind="stable")
        return History(self.track_id, self.class_id, *(part[order] for part in both))


def fill(history: History, frames: IntArray, times_ms: IntArray, longest_s: float) -> History:
    """Add boxes on the straight line where an analysed frame lies in a gap of at most `longest_s` seconds.

    frames and times_ms (m,) are all analysed frames, rising. The score of a filled box is the lower of its ends'.
    """
    first, last = np.searchsorted(frames, [history.frame[0], history.frame[-1]])
    frame, when = frames[first:last], times_ms[first:last]
    after = np.searchsorted(history.frame, frame)  # its frame is this one or the next that was seen
    gap_s = (history.t_ms[after] - history.t_ms[after - 1]) / 1000.0
    missing = (history.frame[after] != frame) & (gap_s <= longest_s)
    if not missing.any():
        return history
    frame, when, after = frame[missing], when[missing], after[missing]
    xyxy = np.stack([np.interp(when, history.t_ms, history.xyxy[:, i]) for i in range(4)], axis=1)
    score = np.minimum(history.score[after - 1], history.score[after])
    parts = (frame, when, xyxy, score, history.looks[after])
    return history.followed_by(History(history.track_id, history.class_id, *parts))


def smooth(history: History, sigma_s: float) -> History:
    """Average each box with its neighbours in time under a Gaussian of `sigma_s`, along straight lines.

    The value at each time is that of a local linear fit, so a steady walk is not held back at its ends.
    """
    if sigma_s <= 0.0 or len(history) < 3:
        return history
    t = (history.t_ms - history.t_ms[0]) / 1000.0
    xyxy = np.empty_like(history.xyxy)
    for start in range(0, len(t), _BLOCK):
        own = slice(start, start + _BLOCK)
        low, high = np.searchsorted(t, [t[own][0] - _REACH * sigma_s, t[own][-1] + _REACH * sigma_s])
        xyxy[own] = _local_weights(t[own], t[low : high + 1], sigma_s) @ history.xyxy[low : high + 1]
    return replace(history, xyxy=xyxy)


def _local_weights(at: Array, t: Array, sigma_s: float) -> Array:
    """Weights (n, m) of the observations at `t` (m,) in a local linear fit at each of `at` (n,), rows sum to 1."""
    away = t[None, :] - at[:, None]
    weight = np.exp(-0.5 * np.square(away / sigma_s))
    s0, s1, s2 = weight.sum(1), (weight * away).sum(1), (weight * away**2).sum(1)
    ridge = 1e-3 * sigma_s**2 * s0  # with one neighbour in reach there is no slope to fit
    local = weight * ((s2 + ridge)[:, None] - s1[:, None] * away)
    return np.asarray(local / local.sum(1, keepdims=True), np.float64)
