"""A photo of several as a picture with numbers: who cannot see which box is whose cannot choose."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.sighting import Box

Image = NDArray[np.uint8]

LONG_SIDE = 1600  # of the photo on the sheet: small ones are enlarged, so that numbers leave room for faces
CELL = (120, 200)  # width and height of one person in the rows below the photo
_MARK, _PAPER, _GROUND = (12, 65, 194), (255, 255, 255), (237, 233, 230)  # BGR


def numbered_picture(image: Image, boxes: Sequence[Box]) -> Image:
    """Return the photo with a numbered frame round each box, and below it each of them alone, large, with the number.

    `image` is uint8 (h, w, 3) BGR, `boxes` are left, top, right, bottom in its pixels, numbered from 1 in their order.
    """
    scale = LONG_SIDE / max(image.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    photo = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    beside = max(0, CELL[0] - photo.shape[1])
    photo = np.asarray(cv2.copyMakeBorder(photo, 0, 0, 0, beside, cv2.BORDER_CONSTANT, value=_GROUND), np.uint8)
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = (round(scale * value) for value in box)
        cv2.rectangle(photo, (left, top), (right, bottom), _MARK, 2)
        _number(photo, number, left, top)
    return np.concatenate([photo, _rows(image, boxes, photo.shape[1])])


def _rows(image: Image, boxes: Sequence[Box], width: int) -> Image:
    """Return everyone alone, as many a row as fit into `width`."""
    cell_width, cell_height = CELL
    a_row = width // cell_width
    rows = -(-len(boxes) // a_row)
    sheet = np.full((rows * cell_height, width, 3), _GROUND, np.uint8)
    for place, box in enumerate(boxes):
        top, left = (place // a_row) * cell_height, (place % a_row) * cell_width
        alone = _fitted(image, box, cell_width - 8, cell_height - 8)
        height, breadth = alone.shape[:2]
        sheet[top + 4 : top + 4 + height, left + 4 : left + 4 + breadth] = alone
        _number(sheet, place + 1, left + 4, top + 4)
    return sheet


def _fitted(image: Image, box: Box, width: int, height: int) -> Image:
    """Return what is inside a box, as large as fits."""
    across, down = image.shape[1], image.shape[0]
    x1, y1 = min(max(int(box[0]), 0), across - 1), min(max(int(box[1]), 0), down - 1)
    x2, y2 = min(max(round(box[2]), x1 + 1), across), min(max(round(box[3]), y1 + 1), down)
    crop = image[y1:y2, x1:x2]
    scale = min(width / (x2 - x1), height / (y2 - y1))
    size = max(1, int(scale * (x2 - x1))), max(1, int(scale * (y2 - y1)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _number(sheet: Image, number: int, left: int, top: int) -> None:
    """Write a number above a place, or at the upper edge where there is no room above."""
    text = f"{number}"
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 2)
    x, y = min(max(left, 0), sheet.shape[1] - width - 8), max(top, height + 8)
    cv2.rectangle(sheet, (x, y - height - 8), (x + width + 8, y), _MARK, cv2.FILLED)
    cv2.putText(sheet, text, (x + 4, y - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.7, _PAPER, 2, cv2.LINE_AA)
