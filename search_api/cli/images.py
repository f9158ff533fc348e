"""Pictures named on the command line: files as given, folders by their picture files, sorted, not deeper."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import BadPicture
from models.pictures import read_picture
from search_api.errors import BadInput

Image = NDArray[np.uint8]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture to read: `name` is the file's name, or the path where two files share a name.

    `explicit` is true when the caller named the file itself: then it must be readable.
    """

    path: Path
    name: str
    explicit: bool


def list_images(places: Sequence[Path]) -> list[Listed]:
    """Return the pictures of files and folders in the order given; raises BadInput."""
    found = [pair for place in places for pair in _of_place(place)]
    shared = Counter(path.name for path, _ in found)
    return [Listed(p, p.name if shared[p.name] == 1 else str(p), explicit) for p, explicit in found]


def _of_place(place: Path) -> list[tuple[Path, bool]]:
    if not place.is_dir():
        if not place.exists():
            raise BadInput(f"{place} does not exist")
        return [(place, True)]
    inside = sorted(p for p in place.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not inside:
        raise BadInput(f"the folder {place} holds no picture (jpg, jpeg, png, bmp, webp)")
    return [(path, False) for path in inside]


def read_images(listed: Sequence[Listed], warn: Callable[[str], None]) -> Iterator[tuple[Listed, Image]]:
    """Read one picture after the other.

    One that cannot be read is passed over with a warning when it came from a folder. Raises BadPicture when the caller
    named it, and BadInput when none could be read.
    """
    good = 0
    for entry in listed:
        try:
            image = read_picture(entry.path)
        except BadPicture as error:
            if entry.explicit:
                raise
            warn(f"passed over: {error}")
            continue
        good += 1
        yield entry, image
    if not good:
        raise BadInput("none of the pictures could be read")


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most `size` items."""
    while batch := list(islice(items, size)):
        yield batch
