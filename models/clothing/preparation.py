"""Crops of a person as the clothing network takes them, and which of them show nothing."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Image
from models.preparation import check_picture

WIDTH, HEIGHT = 32, 64
MIN_ROWS, MIN_COLUMNS = 16, 6
_DARKEST = 16  # of 255: where even the brightest part of a picture is darker, only noise is left of the colours


def blob(crops: Sequence[Image]) -> NDArray[np.float32]:
    """Return float32 (n, 3, HEIGHT, WIDTH), BGR 0..255, of crops uint8 (h, w, 3) of any size; raises BadPicture.

    A pixel is the mean of the area it stands for: colour noise of sensor and JPEG averages out. The brighter side is
    turned to the left, so that a crop and its mirror image read the same.
    """
    fitted = np.empty((len(crops), 3, HEIGHT, WIDTH), np.float32)
    for target, crop in zip(fitted, crops, strict=True):
        check_picture(crop)
        target[:] = cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    left, right = fitted[..., : WIDTH // 2].sum(axis=(1, 2, 3)), fitted[..., WIDTH // 2 :].sum(axis=(1, 2, 3))
    turned = right > left
    fitted[turned] = fitted[turned, :, :, ::-1]
    return fitted


def readable(crops: Sequence[Image], fitted: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return bool (n,): false for a crop too small to hold a person, or black all over.

    `fitted` is the `blob` of the same crops.
    """
    large = np.array([crop.shape[0] >= MIN_ROWS and crop.shape[1] >= MIN_COLUMNS for crop in crops], bool)
    brightest = np.percentile(fitted.max(axis=1).reshape(len(fitted), HEIGHT * WIDTH), 98, axis=1)
    lit: NDArray[np.bool_] = brightest >= _DARKEST
    return large & lit
