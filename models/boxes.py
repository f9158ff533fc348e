"""Boxes (xyxy: left, top, right, bottom; float32; right and bottom exclusive) and how pictures are fitted."""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Real = TypeVar("Real", bound=np.floating)
Fit = Literal["stretch", "within"]
Sizes = tuple[int, int] | NDArray[np.integer]


def area(xyxy: NDArray[Real]) -> NDArray[Real]:
    """Return (n,): area in square pixels; 0 for a box turned inside out. Floats of any width, kept."""
    size = np.maximum(xyxy[:, 2:4] - xyxy[:, 0:2], 0)
    product: NDArray[Real] = size[:, 0] * size[:, 1]
    return product


def intersection(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """Return the shared area (n, m) in square pixels of every pair of xyxy (n, 4) and (m, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    high -= low
    np.maximum(high, 0, out=high)
    shared: NDArray[Real] = high[..., 0] * high[..., 1]
    return shared


def iou(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """Intersection over union of every pair: (n, m) in 0..1 for xyxy (n, 4) and (m, 4), in the inputs' float width.

    Two empty boxes have 0 in common.
    """
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)
    union -= shared
    found: NDArray[Real] = shared / np.maximum(union, np.finfo(union.dtype).tiny)
    return found


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The picture a network wants, in the words of camera_adapters.frame_request.FrameRequest."""

    width: int
    height: int
    fit: Fit

    def fitted_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the (width, height) in which a picture of (width, height) is laid into the input.

        "stretch": the input's own size. "within": the largest size of the same aspect ratio that fits; small pictures
        are enlarged, at least one pixel on each side.
        """
        if self.fit == "stretch":
            return self.width, self.height
        scale = min(self.width / width, self.height / height)
        return (
            min(self.width, max(1, round(width * scale))),
            min(self.height, max(1, round(height * scale))),
        )

    def is_fitted(self, width: int, height: int) -> bool:
        """Tell whether a picture of this size goes in as it is.

        "within": it touches the input's width or height and exceeds neither, as the camera side delivers it.
        """
        if self.fit == "stretch":
            return (width, height) == (self.width, self.height)
        touches = width == self.width or height == self.height
        return touches and width <= self.width and height <= self.height


def to_source(xyxy: FloatArray, fitted: Sizes, source: Sizes) -> FloatArray:
    """Carry boxes (n, 4) from pictures fitted at the top left of the input back to source pixels, cut to the source.

    `fitted` and `source` are (width, height), of one picture for all boxes or (n, 2) of each box's.
    """
    limit = np.asarray(source, np.float32)
    scale = (np.asarray(source) / np.asarray(fitted)).astype(np.float32)
    corners = xyxy.reshape(-1, 2, 2) * scale[..., None, :]
    np.maximum(corners, 0, out=corners)
    np.minimum(corners, limit[..., None, :], out=corners)
    moved: FloatArray = corners.reshape(-1, 4)
    return moved
