"""How the detections of one frame look, for telling neighbours apart."""

import numpy as np
from numpy.typing import NDArray

from camera_adapters.frame import Frame
from models.colour_stripes import stripes_of_boxes

FloatArray = NDArray[np.float32]

_SIZE = (12, 24)  # about as many pixels as people have in the picture the detector sees


def looks_of(frame: Frame, xyxy: FloatArray) -> FloatArray | None:
    """Return colour stripes float32 (n, d), rows of length 1, of boxes (n, 4) in source pixels; None without boxes.

    Taken from the picture as the detector saw it: small, but enough, and the full picture need not be converted.
    """
    if not len(xyxy):
        return None
    height, width = frame.image.shape[:2]
    scale = np.array([width / frame.source_size[0], height / frame.source_size[1]] * 2, np.float32)
    return stripes_of_boxes(frame.image, xyxy * scale, _SIZE)
