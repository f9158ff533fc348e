"""Which tracks move, and which have come to rest."""

import numpy as np

from pipeline.analysis.tracking import Tracks
from pipeline.analysis.tracking.tracks import BoolArray, FloatArray, IntArray

_STEP = 0.25  # box heights from where it rested: less is the jitter of a detector's box


class Stillness:
    """Remembers for each living track of a camera where and since when it rests.

    A parked car and somebody on a bench are followed for hours; neither is a reason to look five times a second.
    """

    def __init__(self, rest_s: float = 3.0) -> None:
        self._rest_ms = round(rest_s * 1000)
        self._track_id: IntArray = np.empty(0, np.int64)
        self._anchor: FloatArray = np.empty((0, 2), np.float32)
        self._since_ms: IntArray = np.empty(0, np.int64)

    def moving(self, tracks: Tracks, t_ms: int) -> BoolArray:
        """Return bool (n,): False for tracks that stayed within a quarter of their height for `rest_s`.

        A new track counts as moving until it has been watched for that long. t_ms: UTC epoch ms, never falling.
        """
        centre: FloatArray = (tracks.xyxy[:, :2] + tracks.xyxy[:, 2:]) / np.float32(2)
        if not np.array_equal(tracks.track_id, self._track_id):
            self._take_on(tracks.track_id, centre, t_ms)
        away = centre - self._anchor
        left = np.hypot(away[:, 0], away[:, 1]) > _STEP * (tracks.xyxy[:, 3] - tracks.xyxy[:, 1])
        np.copyto(self._anchor, centre, where=left[:, None])
        self._since_ms[left] = t_ms
        return np.asarray(t_ms - self._since_ms < self._rest_ms, np.bool_)

    def _take_on(self, track_id: IntArray, centre: FloatArray, t_ms: int) -> None:
        """Forget tracks that ended, and let new ones rest where they are."""
        anchor, since_ms = centre.copy(), np.full(len(track_id), t_ms, np.int64)
        _, now, before = np.intersect1d(track_id, self._track_id, assume_unique=True, return_indices=True)
        anchor[now], since_ms[now] = self._anchor[before], self._since_ms[before]
        self._track_id, self._anchor, self._since_ms = track_id, anchor, since_ms
