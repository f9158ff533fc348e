"""Appearance as colour histograms of six horizontal stripes: no network, no file, a fraction of a millisecond.

After Gray and Tao, "Viewpoint Invariant Pedestrian Recognition with an Ensemble of Localized Features" (2008), with the
Hellinger map of Arandjelović and Zisserman (2012): the square root makes the dot product compare distributions.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Image
from models.embeddings import EmbeddingSpace
from models.preparation import check_picture

FloatArray = NDArray[np.float32]

SIZE = (24, 48)  # width and height every crop is brought to, in pixels
_STRIPES = 6
_BINS = (16, 8, 8)  # hue (a circle), saturation, value
_MIDDLE = 0.2  # standard deviation of the column weight, in widths: what is at the sides is mostly background
DIM = _STRIPES * sum(_BINS)
SPACE = EmbeddingSpace("colour_stripes", "1-fp32", DIM)


def _soft_bins(bins: int, *, circle: bool) -> NDArray[np.float64]:
    """Return the share (256, bins) of every byte value in its two nearest bins."""
    position = np.arange(256) * bins / 256 - 0.5
    low = np.floor(position).astype(np.int64)
    shares = np.zeros((256, bins))
    for near, share in ((low, 1 - (position - low)), (low + 1, position - low)):
        np.add.at(shares, (np.arange(256), near % bins if circle else near.clip(0, bins - 1)), share)
    return shares


_SHARES = tuple(_soft_bins(bins, circle=channel == 0) for channel, bins in enumerate(_BINS))
_COLOURFUL = np.arange(256) / 255.0


def stripes(crops: Sequence[Image], size: tuple[int, int] = SIZE) -> FloatArray:
    """Return float32 (n, DIM), rows of length 1, for crops uint8 (h, w, 3) BGR of any size; raises BadPicture.

    `size` is (width, height) in pixels, the height a multiple of 6: vectors of different sizes are near each other, but
    only those of SIZE live in SPACE.
    """
    if not crops:
        return np.empty((0, DIM), np.float32)
    for crop in crops:
        check_picture(crop)
    small = np.concatenate([cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR) for crop in crops])
    weight = _pixel_weight(*size)
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV_FULL).reshape(len(crops), _STRIPES, -1, 3)
    histogram = np.concatenate([_channel(hsv, channel, weight) for channel in range(3)], axis=2).reshape(
        len(crops), DIM
    )
    root = np.sqrt(histogram)
    vectors: FloatArray = (root / np.linalg.norm(root, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def stripes_of_boxes(image: Image, xyxy: FloatArray, size: tuple[int, int] = SIZE) -> FloatArray:
    """Return float32 (n, DIM) for boxes (n, 4) in pixels of one picture; raises BadPicture.

    Boxes are cut to the picture; at least the pixel nearest to the box is looked at.
    """
    check_picture(image)
    height, width = image.shape[:2]
    low = np.floor(xyxy[:, :2]).clip(0, [width - 1, height - 1]).astype(np.int64)
    high = np.maximum(np.ceil(xyxy[:, 2:4]).clip(0, [width, height]).astype(np.int64), low + 1)
    return stripes(
        [image[top:bottom, left:right] for (left, top), (right, bottom) in zip(low, high, strict=True)], size
    )


@cache
def _pixel_weight(width: int, height: int) -> NDArray[np.float64]:
    """Return the weight of each pixel of a stripe, row by row."""
    column = np.exp(-0.5 * (((np.arange(width) + 0.5) / width - 0.5) / _MIDDLE) ** 2)
    return np.tile(column, height // _STRIPES)


def _channel(hsv: Image, channel: int, pixel_weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the histogram (n, stripes, bins) of one channel, every pixel shared between its two nearest bins.

    Pixels are counted by byte value first and shared between bins afterwards: 256 values are fewer than the pixels.
    """
    count, _, pixels, _ = hsv.shape
    weight = np.broadcast_to(pixel_weight, (count, _STRIPES, pixels))
    if channel == 0:
        # Grey has no hue: a pixel's vote on hue is as strong as its colour.
        weight = weight * _COLOURFUL[hsv[..., 1]]
    places = hsv[..., channel] + (np.arange(count * _STRIPES) * 256).reshape(count, _STRIPES, 1)
    votes = np.bincount(places.ravel(), weight.ravel(), count * _STRIPES * 256)
    # One small product a crop: a large one would start threads, which wait for each other on busy cores.
    return np.asarray(votes.reshape(count, _STRIPES, 256) @ _SHARES[channel], np.float64)
