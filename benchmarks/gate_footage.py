"""Footage for the gate: 1080p25 H.264, a key frame every two seconds, no B-frames, as cameras send it."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.evaluation_set import SHARED
from models.detections import Image

FPS, GOP = 25, 50
_BLOCK = np.ones((4, 4, 1), np.uint8)
PETS = SHARED / "data" / "mot" / "PETS09-S2L1" / "vtest.avi"
PETS_FPS = 7.0  # the container says 10, the real rate is 7


def pictures(path: Path) -> list[Image]:
    with av.open(str(path)) as film:
        return [picture.to_ndarray(format="bgr24") for picture in film.decode(video=0)]


def encode(path: Path, shown: Iterator[Image], size: tuple[int, int] = (1920, 1080), bit_rate: int = 4_000_000) -> Path:
    """Write pictures at 25 a second, scaled to fill the height, with the noise of a sensor."""
    width, height = size
    rng = np.random.default_rng(0)
    grain = [np.kron(rng.integers(0, 8, (height // 4, width // 4, 3), np.uint8), _BLOCK) for _ in range(4)]
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "bf": "0", "sc_threshold": "0", "g": str(GOP), "keyint_min": str(GOP)}
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", bit_rate
        for number, picture in enumerate(shown):
            inside = (round(picture.shape[1] * height / picture.shape[0]) & ~1, height)
            canvas = np.zeros((height, width, 3), np.uint8)
            left = (width - inside[0]) // 2
            canvas[:, left : left + inside[0]] = cv2.resize(picture, inside)
            noisy = cv2.add(canvas, grain[number % 4])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="bgr24")))
        out.mux(stream.encode())
    return path


def spliced(films: list[Image], busy_s: float, quiet_s: float, rounds: int) -> Iterator[Image]:
    """PETS with people for `busy_s`, its empty background for `quiet_s`, again and again.

    The background is the median of the whole film. People walk in and out as filmed only within the busy parts; at
    the seams they appear at once.
    """
    empty = np.median(np.stack(films[:: max(1, len(films) // 60)]), axis=0).astype(np.uint8)
    for turn in range(rounds):
        for n in range(round(quiet_s * FPS)):
            yield lit(empty, n / FPS)
        for n in range(round(busy_s * FPS)):
            yield films[(round(turn * busy_s * PETS_FPS) + int(n / FPS * PETS_FPS)) % len(films)]


def lit(picture: Image, at_s: float) -> Image:
    """Clouds: brightness goes up and down by 10 % in half a minute."""
    scaled: Image = cv2.convertScaleAbs(picture, alpha=1.0 + 0.1 * np.sin(2 * np.pi * at_s / 30))
    return scaled
