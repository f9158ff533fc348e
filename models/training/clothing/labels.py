"""The labels file: crops and the colours of their clothes by eye."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.clothing.colours import COLOURS
from models.detections import Image
from models.pictures import read_picture
from models.training.clothing.alterations import UNSEEN


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Crops uint8 (h, w, 3) BGR and int64 (n, 2): colour numbers of upper and lower, UNSEEN where none was given."""

    crops: Sequence[Image]
    numbers: NDArray[np.int64]


def read_labels(file: Path, shared: Path, part: str) -> Labels:
    """Read one part (development, held-out) of a file `part,picture,box,upper,lower`; raises BadPicture, OSError."""
    crops, numbers = [], []
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["part"] != part:
                continue
            picture = read_picture(shared / row["picture"])
            if row["box"]:
                left, top, right, bottom = (max(0, int(v)) for v in row["box"].split())
                picture = picture[top:bottom, left:right]
            crops.append(picture)
            numbers.append([COLOURS.index(row[at]) if row[at] else UNSEEN for at in ("upper", "lower")])
    return Labels(crops, np.array(numbers, np.int64))


def held_out_sources(file: Path) -> frozenset[str]:
    """Return the source folders that nothing may be learned from."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["part"] == "held-out"]
    return frozenset(row["picture"].split("/")[1] for row in rows)
