"""How people write times and boxes, the same for the command line and for HTTP."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.search.zone import Zone
    from pipeline.sighting import Box

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)  # whole steps: a float of seconds loses the last millisecond
_NAME = re.compile(r"[\w.\-]{1,64}")


def parse_time(text: str) -> int:
    """Return UTC epoch milliseconds of an ISO 8601 time.

    A time without a zone is local time of this machine; a date alone is its midnight. Raises BadInput.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return round((moment.astimezone(UTC) - _EPOCH) / _MS)
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{text!r} is not a time: write it like 2026-05-01T12:00:00+08:00") from error


def parse_box(text: str) -> "Box":
    """Return the box written `x1,y1,x2,y2` in pixels of the photo; raises BadInput."""
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(f"{text!r} is not a box: write left,top,right,bottom in pixels, like 10,20,110,320") from error
    if not (x2 > x1 and y2 > y1 and max(abs(v) for v in (x1, y1, x2, y2)) < 1e6):
        raise BadInput(f"box {text} is empty: right must be over left and bottom over top")
    return x1, y1, x2, y2


def parse_zone(text: str) -> "Zone":
    """Return the part of a picture written `left,top,right,bottom` or `x,y x,y x,y`, in shares 0..1 of the picture.

    Raises BadInput and BadZone.
    """
    from pipeline.search.zone import Zone

    try:
        points = [tuple(float(value) for value in point.split(",")) for point in text.split()]
    except ValueError:
        points = []
    if len(points) == 1 and len(points[0]) == 4:
        return Zone.of_box(*points[0])
    if not points or any(len(point) != 2 for point in points):
        raise BadInput(
            f"{text!r} is no part of a picture: write left,top,right,bottom, or corners like 0,0.5 1,0.5 1,1, "
            "as shares of its width and height"
        )
    return Zone(tuple((x, y) for x, y in points))


def check_name(option: str, name: str) -> str:
    """Return `name` when a camera or a community may be called so; raises BadInput."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{option} {name!r}: use letters, digits, _ . - (at most 64)")
    return name


def iso(at_ms: int) -> str:
    """Return the UTC time as ISO 8601 with milliseconds, for instance 2026-05-01T04:00:00.000Z."""
    return (_EPOCH + at_ms * _MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")
