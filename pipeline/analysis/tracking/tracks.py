"""What the tracker says of one frame, and what it remembers between frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.tracking.motion import Motion

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """The n living tracks after one update; compared by identity.

    track_id int64 (n,), unique; xyxy float32 (n, 4) in source pixels; score float32 (n,) in 0..1, of the detection or,
    for a predicted box, of the last one; class_id int64 (n,), index into `models.kinds.KINDS`; detection int64 (n,),
    index into the given detections or -1 for a predicted box; confirmed bool (n,).
    ended: ids that ended with this update; they never come back.
    """

    track_id: IntArray
    xyxy: FloatArray
    score: FloatArray
    class_id: IntArray
    detection: IntArray
    confirmed: BoolArray
    ended: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.track_id)


@dataclass(slots=True, eq=False)
class Memory:
    """Living tracks as a struct of arrays.

    seen_ms: int64 (n,) UTC epoch milliseconds of the last observation, seen_xyxy: float32 (n, 4) its box. hits: int64
    (n,) observations. looks: float32 (n, d), running mean of length 1, zeros where unknown; d = 0 without features.
    """

    motion: Motion
    track_id: IntArray
    class_id: IntArray
    score: FloatArray
    hits: IntArray
    seen_ms: IntArray
    seen_xyxy: FloatArray
    confirmed: BoolArray
    looks: FloatArray

    def __len__(self) -> int:
        return len(self.track_id)

    def select(self, index: BoolArray | NDArray[np.intp]) -> "Memory":
        """Return the chosen rows."""
        return Memory(self.motion.select(index), *(getattr(self, name)[index] for name in _ARRAYS))

    def joined(self, other: "Memory") -> "Memory":
        """Return the rows of both."""
        both = (np.concatenate([getattr(self, name), getattr(other, name)]) for name in _ARRAYS)
        return Memory(self.motion.joined(other.motion), *both)


_ARRAYS = ("track_id", "class_id", "score", "hits", "seen_ms", "seen_xyxy", "confirmed", "looks")
