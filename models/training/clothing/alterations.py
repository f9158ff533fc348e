"""Labelled crops seen anew every time, and garments dyed in the colours of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.clothing.colours import COLOURS
from models.clothing.preparation import HEIGHT, WIDTH
from models.detections import Image
from models.training.clothing.network import SHIN, THIGH, TRUNK

FloatArray = NDArray[np.float32]
UNSEEN = -1
# How often a garment is dyed so: greys and blacks depend on the light of their own picture and are left to real ones.
_DYES = np.array([0.3, 0.7, 0.3, 1, 0.6, 1, 0.7, 1, 1, 1, 0.7, 1])


@dataclass(frozen=True, slots=True, eq=False)
class Dyes:
    """CIELAB of labelled garments, float32 (n, 3) per colour number."""

    garments: Mapping[int, FloatArray]

    def pick(self, colour: int, rng: np.random.Generator) -> FloatArray:
        """Return one garment's colour, a little changed."""
        known = self.garments[colour]
        picked: FloatArray = known[rng.integers(len(known))] + rng.normal(size=3) * (4, 2, 2)
        return picked.astype(np.float32)


def altered(crop: Image, rng: np.random.Generator) -> Image:
    """Return uint8 (HEIGHT, WIDTH, 3): framing, mirror, light, white balance, blur, noise and JPEG changed."""
    framed = _framed(crop, rng)
    light = framed.astype(np.float32) / 255
    light = light ** np.exp(rng.normal() * 0.15) * np.exp(rng.normal() * 0.12) * np.exp(rng.normal(size=3) * 0.05)
    if rng.random() < 0.3:
        grey = light.mean(axis=2, keepdims=True)
        light = grey + (light - grey) * np.exp(rng.normal() * 0.15)
    if rng.random() < 0.3:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.4, 1.3))
    if rng.random() < 0.4:
        light = light + rng.normal(size=(HEIGHT, WIDTH, 1)) * rng.uniform(0.005, 0.03)
    shown: Image = (np.clip(light, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, packed = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(35, 90))])
        shown = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return shown


def _framed(crop: Image, rng: np.random.Generator) -> Image:
    height, width = crop.shape[:2]
    if height > 1.5 * HEIGHT:
        # Bilinear warping reads four pixels: what is much larger is brought near the size first.
        size = (max(WIDTH, width * HEIGHT * 3 // (2 * height)), HEIGHT * 3 // 2)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = crop.shape[:2]
    left, right = rng.uniform(-0.12, 0.12, 2) * width
    top, bottom = rng.uniform(-0.08, 0.08, 2) * height
    across, down = WIDTH / (width - left - right), HEIGHT / (height - top - bottom)
    move = np.array([[across, 0, -left * across], [0, down, -top * down]], np.float32)
    framed = cv2.warpAffine(crop, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(framed[:, ::-1] if rng.random() < 0.5 else framed, np.uint8)


def relit(pictures: Image, rng: np.random.Generator) -> Image:
    """Return uint8 (n, h, w, 3) under other light; the framing stays, so that masks still fit."""
    count = len(pictures)
    light = (pictures.astype(np.float32) / 255) ** np.exp(rng.normal(size=(count, 1, 1, 1)) * 0.2)
    light *= np.exp(rng.normal(size=(count, 1, 1, 1)) * 0.15) * np.exp(rng.normal(size=(count, 1, 1, 3)) * 0.08)
    shown: Image = (np.clip(light, 0, 1) * 255).astype(np.uint8)
    return shown


def dyed(picture: Image, shares: FloatArray, dyes: Dyes, rng: np.random.Generator) -> tuple[Image, tuple[int, int]]:
    """Return the body (HEIGHT, WIDTH, 3) in dyed clothes, altered, and its colour numbers, UNSEEN where left alone."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    short = rng.random() < 0.45
    garments: Sequence[FloatArray] = (shares[TRUNK], shares[THIGH] if short else shares[THIGH] + shares[SHIN])
    numbers = [UNSEEN, UNSEEN]
    for which, garment in enumerate(garments):
        if rng.random() < 0.15 or garment.sum() < 6:
            continue
        numbers[which] = int(rng.choice(len(COLOURS), p=_DYES / _DYES.sum()))
        lab = _dye(lab, garment, dyes.pick(numbers[which], rng), dyes, rng)
    if short and numbers[1] != UNSEEN and rng.random() < 0.65:
        lab = _bare(lab, shares[SHIN], rng)
    shown = np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2BGR), 0, 1)
    return altered((shown * 255).astype(np.uint8), rng), (numbers[0], numbers[1])


def _dye(lab: FloatArray, garment: FloatArray, target: FloatArray, dyes: Dyes, rng: np.random.Generator) -> FloatArray:
    inside = cv2.resize(garment, (WIDTH, HEIGHT))
    mean = (lab * inside[..., None]).sum((0, 1)) / inside.sum()
    near = np.exp(-((lab - mean) ** 2).sum(-1) / (2 * 14**2))
    around = cv2.blur(cv2.dilate(inside, np.ones((7, 5), np.uint8)), (3, 3))
    share = np.clip(np.maximum(inside * 1.6 * np.maximum(near, 0.75), around * near), 0, 1)[..., None]
    cloth = target + (lab - mean) * np.array([rng.uniform(0.5, 1), 0.6, 0.6], np.float32)
    if rng.random() < 0.12:
        period = int(rng.integers(3, 8))
        striped = ((np.arange(HEIGHT) + rng.integers(9)) % period < max(1, period // 3))[:, None, None]
        cloth = np.where(striped, dyes.pick(int(rng.integers(3)), rng), cloth)
    result: FloatArray = (lab * (1 - share) + cloth * share).astype(np.float32)
    return result


def _bare(lab: FloatArray, shins: FloatArray, rng: np.random.Generator) -> FloatArray:
    share = np.clip(cv2.resize(shins, (WIDTH, HEIGHT)) * 1.5, 0, 1)[..., None]
    skin = np.array([rng.uniform(35, 82), rng.uniform(6, 18), rng.uniform(8, 24)], np.float32)
    leg = skin + (lab - lab.mean((0, 1))) * 0.3
    result: FloatArray = (lab * (1 - share) + leg * share).astype(np.float32)
    return result
