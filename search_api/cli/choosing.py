"""A photo shows several: who is meant is chosen by a number that stands on a picture."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.pictures import encode_jpeg, read_picture
from pipeline.sighting import Box
from search_api.cli.outputs import whole_file
from search_api.numbered import numbered_picture


def choice_of(photo: Path, boxes: Sequence[Box], option: str = "--person N or --box X1,Y1,X2,Y2") -> str:
    """Write a picture with numbers and return the line that says what to look at and how to choose."""
    listed = "; ".join(f"{n}: {','.join(f'{v:.0f}' for v in box)}" for n, box in enumerate(boxes, 1))
    sheet = _written(photo, boxes)
    look = f"look at {sheet} and " if sheet else ""
    return f"{photo} shows {len(boxes)} of the kind ({listed}): {look}choose one with {option}"


def _written(photo: Path, boxes: Sequence[Box]) -> Path | None:
    """Write the sheet beside the photo, or into the system's temporary folder where that cannot be; None if neither."""
    sheet = encode_jpeg(numbered_picture(read_picture(photo), boxes))
    beside = photo.parent if os.access(photo.parent, os.W_OK) else Path(tempfile.gettempdir())
    path = beside / f"{photo.stem}.numbered.jpg"
    try:
        with whole_file(path) as unfinished:
            unfinished.write_bytes(sheet)
    except OSError:  # a full disk must not hide what the line says
        return None
    return path
