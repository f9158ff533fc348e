"""Pictures of any size into one batch for a network."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import InputSpec
from models.card import InputLayout
from models.detections import Image
from models.errors import BadPicture

FloatArray = NDArray[np.float32]


def check_picture(image: Image) -> None:
    """Raise BadPicture unless the array is uint8 (h, w, 3) with at least one pixel."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise BadPicture(f"a picture is uint8 (height, width, 3) BGR, not {image.dtype} {image.shape}")


class Preparation:
    """Fits, lays out and normalises pictures for one network."""

    def __init__(self, layout: InputLayout) -> None:
        self._layout = layout
        self.spec = InputSpec(layout.width, layout.height, layout.fit)
        self._mean = _per_channel(layout.mean)
        self._deviation = _per_channel(layout.std)

    def batch(self, images: Sequence[Image]) -> tuple[FloatArray, list[tuple[int, int]]]:
        """Return float32 (n, 3, height, width), and per picture the (width, height) it fills from the top left.

        A picture that already has a fitting size is not resized. Raises BadPicture.
        """
        shape = (len(images), 3, self._layout.height, self._layout.width)
        blob = np.empty(shape, np.float32)
        if self.spec.fit == "within":
            blob.fill(self._layout.pad)
        fitted: list[tuple[int, int]] = []
        for target, image in zip(blob, images, strict=True):
            picture = self._fit(image)
            height, width = picture.shape[:2]
            target[:, :height, :width] = picture.transpose(2, 0, 1)
            fitted.append((width, height))
        if self._mean is not None:
            blob -= self._mean
        if self._deviation is not None:
            blob /= self._deviation
        return blob, fitted

    def pixels(self, images: Sequence[Image]) -> tuple[Image, list[tuple[int, int]]]:
        """Return uint8 (n, height, width, 3) not normalised, and per picture the (width, height) it fills.

        For networks that begin with the rest of the preparation (`models.picture_network`). Raises BadPicture.
        """
        pictures = [self._fit(image) for image in images]
        fitted = [(picture.shape[1], picture.shape[0]) for picture in pictures]
        blob = np.empty((len(pictures), self._layout.height, self._layout.width, 3), np.uint8)
        for target, picture, (width, height) in zip(blob, pictures, fitted, strict=True):
            target[:height, :width] = picture
            target[height:] = target[:height, width:] = round(self._layout.pad)
        return blob, fitted

    def _fit(self, image: Image) -> Image:
        check_picture(image)
        height, width = image.shape[:2]
        if self.spec.is_fitted(width, height):
            return image
        resized: Image = cv2.resize(image, self.spec.fitted_size(width, height), interpolation=cv2.INTER_LINEAR)
        return resized


def _per_channel(values: tuple[float, float, float] | None) -> FloatArray | None:
    return None if values is None else np.array(values, np.float32).reshape(3, 1, 1)
