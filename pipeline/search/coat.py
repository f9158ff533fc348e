"""Looking for somebody who may have put on another coat: what is worn above the waist is made to count for little.

The archive's vectors are as they are, so the question changes: the upper garment of the photo is dyed in many colours
and once painted over, and the mean of all those looks is searched for. What stays the same in all of them, from shoes
and trousers to build and hair, is what the mean is about.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.search.question import Embedder
from pipeline.search.subject import Image

FloatArray = NDArray[np.float32]

WIDTH, HEIGHT = 96, 192  # as the person embedders see a crop
# Of a standing person's box, measured on body parts: shoulders to hips, and arms hanging down.
TOP, BOTTOM, SIDE = 0.17, 0.50, 0.14
SOFT_PX = 4.0
PAINT = 128
PAINTED_SAY = 0.5  # beside the mean of all dyed ones: `python -m benchmarks coat`
# CIELAB of common coats.
DYES = (
    (12, 0, 0),  # black
    (88, 0, 2),  # white
    (55, 0, 0),  # grey
    (42, 55, 35),  # red
    (38, 8, -42),  # blue
    (80, 2, 65),  # yellow
    (35, 14, 22),  # brown
    (42, -28, 22),  # green
    (36, 30, -28),  # purple
    (70, 32, 4),  # pink
)
SHADING, TINGE = 0.7, 0.3  # how much of folds and pattern shows through the dye


def coatless(crops: Sequence[Image], embedder: Embedder) -> FloatArray:
    """Return float32 (n, d) of length 1: how the people of crops (uint8 (h, w, 3) BGR) look whatever coat they wear."""
    rows = []
    for crop in crops:
        vectors = embedder.embed(recoated(crop)).vectors
        mean = vectors[:-1].mean(axis=0)
        mean = mean / max(float(np.linalg.norm(mean)), 1e-12) + PAINTED_SAY * vectors[-1]
        rows.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
    return np.array(rows, np.float32)


def recoated(crop: Image) -> list[Image]:
    """Return the crop, WIDTH x HEIGHT, in a coat of each of DYES, and last with the coat painted over in grey."""
    fitted = np.asarray(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    share = _coat_share()
    lab = cv2.cvtColor(fitted.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    mean = (lab * share).sum(axis=(0, 1)) / share.sum()
    folds = (lab - mean) * np.array([SHADING, TINGE, TINGE], np.float32)
    dyed = [lab * (1 - share) + (np.array(dye, np.float32) + folds) * share for dye in DYES]
    pictures = [cv2.cvtColor(each.astype(np.float32), cv2.COLOR_LAB2BGR) * 255 for each in dyed]
    pictures.append(fitted * (1 - share) + PAINT * share)
    return [np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures]


def _coat_share() -> FloatArray:
    """Return float32 (HEIGHT, WIDTH, 1), 0..1: how much of each pixel is coat."""
    share = np.zeros((HEIGHT, WIDTH), np.float32)
    share[round(TOP * HEIGHT) : round(BOTTOM * HEIGHT), round(SIDE * WIDTH) : round((1 - SIDE) * WIDTH)] = 1
    soft: FloatArray = cv2.GaussianBlur(share, (0, 0), SOFT_PX)[..., None].astype(np.float32)
    return soft
