"""What a detector found in one picture, as a struct of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kinds import KINDS, Kind

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """n detections, best score first; compared by identity.

    xyxy: float32 (n, 4), left top right bottom in source pixels, inside the picture, right > left, bottom > top.
    score: float32 (n,) in 0..1. class_id: int64 (n,), index into `models.kinds.KINDS`.
    Raises ValueError when shapes or dtypes differ from this.
    """

    xyxy: FloatArray
    score: FloatArray
    class_id: IntArray

    def __post_init__(self) -> None:
        """Check at the door, so that nothing behind it has to."""
        n = len(self.score)
        if self.xyxy.shape != (n, 4) or self.score.shape != (n,) or self.class_id.shape != (n,):
            raise ValueError(
                f"shapes {self.xyxy.shape}, {self.score.shape}, {self.class_id.shape} do not belong together"
            )
        if self.xyxy.dtype != np.float32 or self.score.dtype != np.float32 or self.class_id.dtype != np.int64:
            raise ValueError(
                f"dtypes {self.xyxy.dtype}, {self.score.dtype}, {self.class_id.dtype}: expected f4, f4, i8"
            )

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def empty(cls) -> "Detections":
        """No detections."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Detections":
        """Return the rows chosen by a mask (n,) or by indices (k,), in that order."""
        return Detections(self.xyxy[index], self.score[index], self.class_id[index])

    def of_kind(self, kind: Kind) -> "Detections":
        """Return the rows of one kind."""
        return self.select(self.class_id == kind.code)

    def kinds(self) -> list[Kind]:
        """Return the kind of each row."""
        return [KINDS[i] for i in self.class_id]
