"""The pictures a network is trained on, and which of them it never sees."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.detections import Image
from models.errors import BadRecipe
from models.pictures import read_picture
from models.training.recipe import Data

WIDTH, HEIGHT = 96, 192
_SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """pictures: uint8 (n, 192, 96, 3) BGR; folders: int (n,), which source each comes from."""

    pictures: Image
    folders: np.ndarray[tuple[int], np.dtype[np.int64]]

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Crops to train on, crops held out of the same sources, crops of sources that are never trained on."""

    train: Crops
    held_out: Crops
    unseen: Crops


def read_split(root: Path, data: Data) -> Split:
    """Read `root`/SOURCE/PICTURE. Which crops are held out depends on their names alone, not on their order.

    Raises BadRecipe when a folder that the recipe names is missing, or there is nothing to train on.
    """
    folders = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    missing = sorted({*data.held_out, *data.excluded} - set(folders))
    if missing:
        raise BadRecipe(f"{root} has no folder {missing[0]}, which the recipe names")
    parts: dict[str, list[tuple[Path, int]]] = {"train": [], "held_out": [], "unseen": []}
    for number, folder in enumerate(folders):
        if folder in data.excluded:
            continue
        for path in sorted(path for path in (root / folder).iterdir() if path.suffix.lower() in _SUFFIXES):
            seen = "held_out" if _is_held_out(f"{folder}/{path.name}", data.held_out_share) else "train"
            parts["unseen" if folder in data.held_out else seen].append((path, number))
    if not parts["train"]:
        raise BadRecipe(f"{root} holds no pictures to train on")
    return Split(**{name: _read(rows) for name, rows in parts.items()})


def _is_held_out(name: str, share: float) -> bool:
    return zlib.crc32(name.encode()) % 10_000 < share * 10_000


def _read(rows: Sequence[tuple[Path, int]]) -> Crops:
    pictures = np.empty((len(rows), HEIGHT, WIDTH, 3), np.uint8)
    for target, (path, _) in zip(pictures, rows, strict=True):
        target[:] = cv2.resize(read_picture(path), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return Crops(pictures, np.array([number for _, number in rows], np.int64))
