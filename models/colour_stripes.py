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
_AT_ONCE = 8  # crops in one product: a larger one would start threads, which wait for each other on busy cores
_COLOURFUL = np.arange(256) / 255.0
_OF = (slice(0, 16), slice(16, 24), slice(24, 32))


def stripes(crops: Sequence[Image], size: tuple[int, int] = SIZE) -> FloatArray:
    """Return float32 (n, DIM), rows of length 1, for crops uint8 (h, w, 3) BGR of any size; raises BadPicture.

    `size` is (width, height) in pixels, the height a multiple of 6: vectors of different sizes are near each other, but
    only those of SIZE live in SPACE.
    """
    for crop in crops:
        check_picture(crop)
    return _stripes(crops, size)


def stripes_of_boxes(image: Image, xyxy: FloatArray, size: tuple[int, int] = SIZE) -> FloatArray:
    """Return float32 (n, DIM) for boxes (n, 4) in pixels of one picture; raises BadPicture.

    Boxes are cut to the picture; at least the pixel nearest to the box is looked at.
    """
    check_picture(image)
    height, width = image.shape[:2]
    places = np.concatenate([np.floor(xyxy[:, :2]), np.ceil(xyxy[:, 2:4])], axis=1)
    np.maximum(places, 0, out=places)
    np.minimum(places, np.array([width - 1, height - 1, width, height], np.float32), out=places)
    crops = [
        image[top : max(bottom, top + 1), left : max(right, left + 1)]
        for left, top, right, bottom in places.astype(np.int64).tolist()
    ]
    return _stripes(crops, size)


def _stripes(crops: Sequence[Image], size: tuple[int, int]) -> FloatArray:
    if not crops:
        return np.empty((0, DIM), np.float32)
    width, height = size
    small = np.empty((len(crops), height, width, 3), np.uint8)
    for crop, target in zip(crops, small, strict=True):
        cv2.resize(crop, size, dst=target, interpolation=cv2.INTER_LINEAR)
    hsv = cv2.cvtColor(small.reshape(-1, width, 3), cv2.COLOR_BGR2HSV_FULL)
    histogram = _histogram(hsv.reshape(len(crops) * _STRIPES, -1, 3), _pixel_weight(width, height))
    histogram = histogram.reshape(len(crops), DIM)
    histogram /= histogram.sum(axis=1, keepdims=True)
    return np.sqrt(histogram).astype(np.float32)


@cache
def _pixel_weight(width: int, height: int) -> NDArray[np.float64]:
    """Return the weight of each pixel of a stripe, row by row."""
    column = np.exp(-0.5 * (((np.arange(width) + 0.5) / width - 0.5) / _MIDDLE) ** 2)
    return np.tile(column, height // _STRIPES)


def _histogram(hsv: Image, pixel_weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (stripes, bins of all channels) for stripes (stripes, pixels, 3), pixels shared between nearest bins.

    Pixels are counted by byte value first and shared between bins afterwards: 256 values are fewer than the pixels.
    """
    count = len(hsv)
    places = hsv.transpose(2, 0, 1).astype(np.intp, order="C")
    weight = np.empty(places.shape)
    weight[...] = pixel_weight
    # Grey has no hue: a pixel's vote on hue is as strong as its colour.
    weight[0] *= _COLOURFUL.take(places[1])
    places += np.arange(0, places.shape[0] * count * 256, 256).reshape(-1, count, 1)
    votes = np.bincount(places.reshape(-1), weight.reshape(-1), 3 * count * 256).reshape(3, count, 256)
    found = np.empty((count, sum(_BINS)))
    for start in range(0, count, _AT_ONCE * _STRIPES):
        part = slice(start, start + _AT_ONCE * _STRIPES)
        for own, shares, bins in zip(votes, _SHARES, _OF, strict=True):
            np.matmul(own[part], shares, out=found[part, bins])
    return found
