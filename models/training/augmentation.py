"""Alterations of a crop, wide on purpose: the teacher labels whatever comes out, so nothing has to look natural.

Every function takes and returns uint8 (192, 96, 3) BGR and draws from the generator it is given.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.detections import Image
from models.training.crops import HEIGHT, WIDTH, Crops
from models.training.recipe import Augmentation, Data

_ROWS = (np.arange(HEIGHT, dtype=np.float32) / HEIGHT)[:, None]
_COLUMNS = (np.arange(WIDTH, dtype=np.float32) / WIDTH)[None, :]
# Mean grey level under which nothing is left to learn.
_DARKEST = 16
_UPPER, _LOWER = (0.34, 0.19), (0.7, 0.22)


class Sampler:
    """Draws batches. Batch i depends on the seed and on i alone, so a run that was cut off goes on as it was."""

    def __init__(self, crops: Crops, data: Data, augmentation: Augmentation, seed: int) -> None:
        self._crops = crops
        self._data = data
        self._chances = augmentation
        self._seed = seed
        self._by_folder = [np.flatnonzero(crops.folders == folder) for folder in np.unique(crops.folders)]
        sizes = np.array([len(rows) for rows in self._by_folder], np.float64)
        self._folder_chance = sizes / sizes.sum()

    def batch(self, number: int, size: int, alteration: float = 1.0) -> Image:
        """Return uint8 (size, 192, 96, 3): batch `number` of the run; `alteration` as in `recipe.Stage`."""
        chances = self._chances.scaled(alteration)
        rng = np.random.default_rng((self._seed, number))
        rows = rng.integers(len(self._crops), size=size)
        near = self._by_folder[rng.choice(len(self._by_folder), p=self._folder_chance)]
        shared = rng.random(size) < self._data.same_folder_share
        rows[shared] = rng.choice(near, size=int(shared.sum()))
        # A twin is the crop before it, altered anew: the same person under another camera.
        twins = np.flatnonzero(rng.random(size) < self._chances.twin)
        rows[twins[twins > 0]] = rows[twins[twins > 0] - 1]
        return np.stack([self.altered(rng, self._crops.pictures[row], chances) for row in rows])

    def altered(self, rng: Generator, picture: Image, chances: Augmentation | None = None) -> Image:
        """Return the picture after a random choice of alterations."""
        chances = chances or self._chances
        steps: tuple[tuple[float, Callable[[Generator, Image], Image]], ...] = (
            (chances.mix_outfit, self._mix_outfit),
            (chances.swap_background, self._swap_background),
            (chances.recolour, recolour),
            (chances.flip, flip),
            (chances.reframe, reframe),
            (chances.occlude, self._occlude),
            (chances.shadow, shadow),
            (chances.light, light),
            (chances.shrink, shrink),
            (chances.blur, blur),
            (chances.noise, noise),
            (chances.jpeg, jpeg),
        )
        for chance, alter in steps:
            if rng.random() < chance:
                picture = alter(rng, picture)
        return picture

    def _other(self, rng: Generator) -> Image:
        other: Image = self._crops.pictures[rng.integers(len(self._crops))]
        return other

    def _mix_outfit(self, rng: Generator, picture: Image) -> Image:
        """Put the upper half of one person on the lower half of another."""
        waist, softness = rng.uniform(0.35, 0.6), rng.uniform(0.01, 0.05)
        return _blend(picture, self._other(rng), 1 / (1 + np.exp((waist - _ROWS) / softness)))

    def _swap_background(self, rng: Generator, picture: Image) -> Image:
        """Keep an upright ellipse around the person, take the rest from another crop, upside down half of the time."""
        other = self._other(rng)
        if rng.random() < 0.5:
            other = other[::-1]
        distance = ((_COLUMNS - 0.5) / rng.uniform(0.3, 0.45)) ** 2 + ((_ROWS - 0.5) / rng.uniform(0.46, 0.55)) ** 2
        return _blend(picture, other, 1 / (1 + np.exp((1 - distance) / rng.uniform(0.05, 0.3))))

    def _occlude(self, rng: Generator, picture: Image) -> Image:
        """Hide a rectangle or one side: behind a piece of another crop, flat grey, or noise."""
        altered = picture.copy()
        height, width = int(HEIGHT * rng.uniform(0.1, 0.45)), int(WIDTH * rng.uniform(0.15, 0.6))
        top = int(rng.integers(HEIGHT - height + 1))
        left = (0, WIDTH - width, int(rng.integers(WIDTH - width + 1)))[int(rng.integers(3))]
        area = altered[top : top + height, left : left + width]
        filling = rng.random()
        if filling < 0.6:
            area[:] = self._other(rng)[top : top + height, left : left + width]
        elif filling < 0.8:
            area[:] = rng.integers(256, size=3)
        else:
            area[:] = rng.integers(256, size=area.shape)
        return altered


def recolour(rng: Generator, picture: Image) -> Image:
    """Give the clothes of the upper or lower body, or both, another hue, saturation and brightness."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV_FULL).astype(np.float32)
    for middle, reach in (_UPPER, _LOWER) if rng.random() < 0.5 else ((_UPPER, _LOWER)[int(rng.integers(2))],):
        mask = np.exp(-((((_ROWS - middle) / reach) ** 4) + (((_COLUMNS - 0.5) / 0.36) ** 4)))
        changed = hsv.copy()
        changed[..., 0] = (changed[..., 0] + rng.uniform(0, 256)) % 256
        changed[..., 1] = np.clip(changed[..., 1] * rng.uniform(0.2, 1.8) + rng.uniform(-40, 90), 0, 255)
        changed[..., 2] = np.clip(changed[..., 2] * rng.uniform(0.5, 1.5) + rng.uniform(-50, 50), 0, 255)
        recoloured = cv2.cvtColor(changed.astype(np.uint8), cv2.COLOR_HSV2BGR_FULL)
        picture = _blend(picture, recoloured, mask)
        hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV_FULL).astype(np.float32)
    return picture


def flip(_: Generator, picture: Image) -> Image:
    """Mirror left and right."""
    return picture[:, ::-1]


def reframe(rng: Generator, picture: Image) -> Image:
    """Move, stretch and turn a little, as a careless detector or a tilted camera does."""
    scale_x, scale_y = rng.uniform(0.8, 1.25), rng.uniform(0.85, 1.3)
    angle, shear = np.deg2rad(rng.normal(0, 4)), rng.normal(0, 0.04)
    turn = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    matrix = np.diag([scale_x, scale_y]) @ turn
    centre = np.array([WIDTH / 2, HEIGHT / 2])
    shift = centre - matrix @ centre + rng.uniform(-0.1, 0.1, 2) * (WIDTH, HEIGHT)
    border = cv2.BORDER_REPLICATE if rng.random() < 0.7 else cv2.BORDER_REFLECT
    return _image(cv2.warpAffine(picture, np.column_stack([matrix, shift]), (WIDTH, HEIGHT), borderMode=border))


def shadow(rng: Generator, picture: Image) -> Image:
    """Darken or light up one side of a straight line."""
    angle = rng.uniform(0, 2 * np.pi)
    distance = np.cos(angle) * (_COLUMNS - rng.uniform(0.2, 0.8)) + np.sin(angle) * (_ROWS - rng.uniform(0.2, 0.8))
    mask = 1 / (1 + np.exp(-distance / rng.uniform(0.01, 0.1)))
    changed = np.clip(picture.astype(np.float32) * rng.uniform(0.35, 1.5), 0, 255).astype(np.uint8)
    return _blend(picture, changed, mask)


def light(rng: Generator, picture: Image) -> Image:
    """Change contrast, brightness, gamma, white balance and saturation of the whole picture."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    levels = levels ** rng.uniform(0.6, 1.5, 1) * rng.uniform(0.7, 1.35) + rng.uniform(-0.08, 0.12)
    table = np.clip(levels * rng.uniform(0.82, 1.22, 3) * 255, 0, 255).astype(np.uint8)
    changed = cv2.LUT(picture, table.reshape(1, 256, 3))
    if changed.mean() < _DARKEST:
        return picture
    if rng.random() < 0.5:
        grey = cv2.cvtColor(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        saturation = rng.uniform(0.3, 1.5)
        changed = cv2.addWeighted(changed, saturation, grey, 1 - saturation, 0)
    return _image(changed)


def shrink(rng: Generator, picture: Image) -> Image:
    """Make the picture as small as a far person, and large again."""
    factor = rng.uniform(0.15, 0.7)
    small = cv2.resize(
        picture, (max(8, int(WIDTH * factor)), max(16, int(HEIGHT * factor))), interpolation=cv2.INTER_AREA
    )
    how = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    return _image(cv2.resize(small, (WIDTH, HEIGHT), interpolation=how))


def blur(rng: Generator, picture: Image) -> Image:
    """Out of focus, or moved while the shutter was open."""
    if rng.random() < 0.5:
        return _image(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 2.5)))
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    return _image(cv2.filter2D(picture, -1, kernel))


def noise(rng: Generator, picture: Image) -> Image:
    """Grain of a camera at night."""
    grain = rng.standard_normal((HEIGHT, WIDTH, 1 if rng.random() < 0.5 else 3), np.float32) * rng.uniform(3, 20)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def jpeg(rng: Generator, picture: Image) -> Image:
    """Blocks and smears of a strongly compressed stream."""
    _, written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 75))])
    return _image(np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR)))


def _blend(picture: Image, other: Image, mask: NDArray[np.floating]) -> Image:
    """Take `other` where the mask is 1."""
    weight = np.asarray(mask, np.float32)[..., None]
    return _image(picture + (other.astype(np.float32) - picture) * weight)


def _image(array: NDArray[np.generic]) -> Image:
    return np.asarray(array).astype(np.uint8, copy=False)
