"""The contact sheet of a search: one HTML file with the pictures inside, to read, to send and to print."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.pictures import encode_jpeg
from pipeline.archive.contract import Hit, SightingFilter
from pipeline.sighting import Box
from pipeline.words.explaining import in_chinese
from search_api import __version__

Image = NDArray[np.uint8]
TEMPLATES = Path(__file__).resolve().parent / "templates"
PHOTO_SIDE = 960
_SIGNS = {"agree": "✓", "disagree": "✗", "unseen": "?"}


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What stands on a contact sheet. `photo` is uint8 (h, w, 3) BGR, `box` is in its pixels, `at_ms` the time of the
    search (UTC epoch ms); times are printed in the local zone of this machine. `words` is what words were taken for.
    """

    photo: Image | None
    box: Box | None
    hits: Sequence[Hit]
    where: SightingFilter
    at_ms: int
    who: str
    reason: str
    archive: str
    words: str | None = None


def render_report(sheet: Sheet, picture: Callable[[str], bytes]) -> str:
    """Return the HTML; `picture` gives the JPEG of a sighting id."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    height, width = (0, 0) if sheet.photo is None else sheet.photo.shape[:2]
    return environment.get_template("report.html.j2").render(
        version=__version__,
        photo=None if sheet.photo is None else _data_address(_small_jpeg(sheet.photo)),
        photo_size=(width, height),
        box=None if sheet.box is None else _percent(sheet.box, width, height),
        hits=[_entry(hit, picture(hit.sighting.id)) for hit in sheet.hits],
        at=_local(sheet.at_ms),
        from_=None if sheet.where.from_ms is None else _local(sheet.where.from_ms),
        to=None if sheet.where.to_ms is None else _local(sheet.where.to_ms),
        sheet=sheet,
    )


def _entry(hit: Hit, jpeg: bytes) -> dict[str, object]:
    sighting = hit.sighting
    first, last = _local(sighting.first_seen_ms), _local(sighting.last_seen_ms)
    return {
        "rank": hit.rank,
        "score": f"{hit.score:.3f}",
        "bar": round(100 * min(1.0, max(0.0, hit.score))),
        "picture": _data_address(jpeg),
        "camera": sighting.key.camera_id,
        "community": sighting.community,
        "date": first[:10],
        "first": first[11:],
        "last": last[11:] if last[:10] == first[:10] else last,
        "seconds": round((sighting.last_seen_ms - sighting.first_seen_ms) / 1000),
        "id": sighting.id,
        "attributes": ", ".join(sighting.attributes.values()),
        "looks": [
            {"sign": _SIGNS[verdict], "name": _in_chinese(name), "verdict": verdict}
            for name, verdict in hit.reasons.items()
        ],
    }


def _in_chinese(look: str) -> str:
    name = look.removeprefix("not ")
    return f"非{in_chinese(name)}" if name != look else in_chinese(name)


def _small_jpeg(image: Image) -> bytes:
    scale = PHOTO_SIDE / max(image.shape[:2])
    if scale < 1:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(image, 85)


def _percent(box: Box, width: int, height: int) -> dict[str, float]:
    x1, y1, x2, y2 = box
    return {
        "left": round(100 * x1 / width, 2),
        "top": round(100 * y1 / height, 2),
        "width": round(100 * (x2 - x1) / width, 2),
        "height": round(100 * (y2 - y1) / height, 2),
    }


def _data_address(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
