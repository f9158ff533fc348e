"""How the detections of one frame look, for telling neighbours apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_adapters.frame import Frame
from models.colour_stripes import DIM, stripes_of_boxes

FloatArray = NDArray[np.float32]

_SIZE = (12, 24)  # about as many pixels as people have in the picture the detector sees


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Colour stripes of boxes float32 (n, 4) in source pixels, of those that are asked for.

    Taken from the picture as the detector saw it: small, but enough, and the full picture need not be converted.
    """

    frame: Frame
    xyxy: FloatArray

    @property
    def dim(self) -> int:
        """How many numbers describe one."""
        return DIM

    def of(self, rows: NDArray[np.intp]) -> FloatArray:
        """Return float32 (k, dim), rows of length 1, of the boxes `rows` (k,)."""
        (height, width), (across, down) = self.frame.image.shape[:2], self.frame.source_size
        scale = np.array([width / across, height / down] * 2, np.float32)
        return stripes_of_boxes(self.frame.image, self.xyxy[rows] * scale, _SIZE)


def looks_of(frame: Frame, xyxy: FloatArray) -> FloatArray | None:
    """Return the looks (n, dim) of all boxes (n, 4) in source pixels; None without boxes."""
    return Looks(frame, xyxy).of(np.arange(len(xyxy))) if len(xyxy) else None
