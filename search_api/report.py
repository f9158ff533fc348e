"""The contact sheet of a search: one HTML file with the pictures inside, to read, to send and to print."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.pictures import encode_jpeg
from pipeline.archive.contract import SightingFilter
from pipeline.search import HitGroup
from pipeline.search.confidence import IN_CHINESE
from pipeline.sighting import Box, Sighting
from pipeline.words.explaining import in_chinese
from search_api import __version__
from search_api.coverage_bars import Bars
from search_api.latest import latest_of

Image = NDArray[np.uint8]
TEMPLATES = Path(__file__).resolve().parent / "templates"
PHOTO_SIDE = 960
ASIDE_ROWS = 96
MOST_SHOTS = 4
_SIGNS = {"agree": "✓", "disagree": "✗", "unseen": "?"}


@dataclass(frozen=True, slots=True)
class Told:
    """Words as they were typed, and what they were taken for, a line in each language."""

    text: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What stands on a contact sheet.

    `photos` are uint8 (h, w, 3) BGR with the box of the one meant in its pixels, `at_ms` the time of the search (UTC
    epoch ms); times are printed in the local zone of this machine. `searched` sightings passed the filter. `words` are
    those of the search, `coverage` what was watched where the search looked, `names` what cameras and communities are
    called.
    """

    photos: Sequence[tuple[Image, Box]]
    groups: Sequence[HitGroup]
    where: SightingFilter
    at_ms: int
    who: str
    reason: str
    archive: str
    searched: int = 0
    words: Told | None = None
    coverage: Bars | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def render_report(sheet: Sheet, picture: Callable[[str], bytes]) -> str:
    """Return the HTML; `picture` gives the JPEG of a sighting id."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        version=__version__,
        photos=[_photo(image, box) for image, box in sheet.photos],
        hits=[_entry(group, picture, sheet.names) for group in sheet.groups],
        at=_local(sheet.at_ms),
        from_=None if sheet.where.from_ms is None else _local(sheet.where.from_ms),
        to=None if sheet.where.to_ms is None else _local(sheet.where.to_ms),
        cameras=[sheet.names.get(each, each) for each in sheet.where.cameras],
        communities=[sheet.names.get(each, each) for each in sheet.where.communities],
        coverage=sheet.coverage,
        latest=_latest(sheet),
        sheet=sheet,
    )


def _latest(sheet: Sheet) -> dict[str, object] | None:
    found = latest_of(sheet.groups)
    if found is None:
        return None
    group, seen = found
    camera = sheet.names.get(seen.key.camera_id, seen.key.camera_id)
    return {"camera": camera, "at": _local(seen.last_seen_ms), "confidence": _confidence(group)}


def _photo(image: Image, box: Box) -> dict[str, object]:
    height, width = image.shape[:2]
    return {"jpeg": _data_address(_small_jpeg(image)), "size": (width, height), "box": _percent(box, width, height)}


def _entry(group: HitGroup, picture: Callable[[str], bytes], names: Mapping[str, str]) -> dict[str, object]:
    hit, sighting = group.hit, group.hit.sighting
    camera = sighting.key.camera_id
    others = [other.sighting for other in group.others[:MOST_SHOTS]]
    first, last = _local(sighting.first_seen_ms), _local(sighting.last_seen_ms)
    return {
        "rank": hit.rank,
        "score": f"{hit.score:.3f}",
        "bar": round(100 * min(1.0, max(0.0, hit.score))),
        "confidence": _confidence(group),
        "picture": _data_address(picture(sighting.id)),
        "shots": [_aside(each, picture, "" if each.key.camera_id == camera else each.key.camera_id) for each in others],
        "cameras": group.cameras,
        "more_shots": max(0, len(group.others) - MOST_SHOTS),
        "before": None if group.before is None else _aside(group.before, picture),
        "after": None if group.after is None else _aside(group.after, picture),
        "camera": names.get(camera, camera),
        "community": sighting.community,
        "date": first[:10],
        "first": first[11:],
        "last": last[11:] if last[:10] == first[:10] else last,
        "seconds": round((sighting.last_seen_ms - sighting.first_seen_ms) / 1000),
        "id": sighting.id,
        "attributes": "，".join(
            f"{in_chinese(name)} {in_chinese(v)} {_in_english(v)}" for name, v in sighting.attributes.items()
        ),
        "looks": [_look(name, verdict, sighting) for name, verdict in hit.reasons.items()],
    }


def _look(name: str, verdict: str, sighting: Sighting) -> dict[str, str]:
    """Return a look that was asked for, in both languages, and where it differs what was seen instead."""
    seen = sighting.attributes.get(name.removeprefix("not ")) if verdict == "disagree" else None
    zh, en = (f"：{in_chinese(seen)}", f": {_in_english(seen)}") if seen else ("", "")
    return {
        "sign": _SIGNS[verdict],
        "zh": _in_chinese(name) + zh,
        "en": _in_english(name) + en,
        "verdict": verdict,
    }


def _confidence(group: HitGroup) -> dict[str, str] | None:
    if group.confirmed:
        return {"word": "confirmed", "zh": "已确认"}
    sure = group.confidence
    return None if sure is None else {"word": sure.word.value, "zh": IN_CHINESE[sure.word]}


def _aside(sighting: Sighting, picture: Callable[[str], bytes], camera: str = "") -> dict[str, str]:
    """Return a small picture beside a hit, when it was taken, and where, if that is somewhere else."""
    pixels = np.asarray(cv2.imdecode(np.frombuffer(picture(sighting.id), np.uint8), cv2.IMREAD_COLOR), np.uint8)
    scale = ASIDE_ROWS / pixels.shape[0]
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    jpeg = encode_jpeg(np.asarray(small, np.uint8), 80)
    return {"picture": _data_address(jpeg), "at": f"{camera} {_local(sighting.shot.captured_at_ms)[11:]}".strip()}


def _in_chinese(look: str) -> str:
    name = look.removeprefix("not ")
    return f"不要{in_chinese(name)}" if name != look else in_chinese(name)


def _in_english(look: str) -> str:
    name = look.removeprefix("not ")
    return f"{'no ' if name != look else ''}{name.replace('_', ' ')}"


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
