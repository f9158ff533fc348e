"""What is told of a resident in care: pure functions of sightings and the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from pipeline.sighting import Sighting

HOUR_MS = 3_600_000


class With(StrEnum):
    """In whose company somebody left."""

    COMPANION = "companion"
    CO_TRAVELLER = "co-traveller"


@dataclass(frozen=True, slots=True)
class Together:
    """When two walk together: seen within `within_s` of each other, at most `heights` body heights apart.

    An enrolled companion may be further away, within `companion_s`.
    """

    within_s: float = 4.0
    heights: float = 1.5
    companion_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Company:
    """Who left together with the resident: `sighting_id` shows them."""

    kind: With
    sighting_id: str
    name: str = ""


def company_of(
    leaving: Sighting, others: Sequence[Sighting], companions: dict[str, str], terms: Together
) -> Company | None:
    """Return who left with the resident, or None when she left alone.

    `others` are sightings of people at the same camera; `companions` names those (by sighting id) who were recognised.
    """
    for other in others:
        if other.id in companions and _apart_ms(leaving, other) <= terms.companion_s * 1000:
            return Company(With.COMPANION, other.id, companions[other.id])
    near = [other for other in others if other.id != leaving.id and _walks_beside(leaving, other, terms)]
    return Company(With.CO_TRAVELLER, near[0].id) if near else None


def late_since(home_by_min: int, left_ms: int, now_ms: int, zone: tzinfo) -> int | None:
    """Return the time (UTC epoch ms) at which somebody who left at `left_ms` was to be home, if that is over.

    Who leaves later than that is to be home by the next day's.
    """
    left = datetime.fromtimestamp(left_ms / 1000, zone)
    due = _at(left, home_by_min, 0)
    if due <= left_ms:
        due = _at(left, home_by_min, 1)
    return due if now_ms >= due else None


def unseen_since(not_seen_h: float, last_ms: int, now_ms: int) -> int | None:
    """Return when the hours without a sighting were over (UTC epoch ms), None while they are not."""
    due = last_ms + round(not_seen_h * HOUR_MS)
    return due if now_ms >= due else None


def after_quiet(at_ms: int, quiet: tuple[int, int], zone: tzinfo) -> int:
    """Return `at_ms`, or the end of the quiet hours it lies in (UTC epoch ms).

    `quiet` is (from, to) in minutes after local midnight, `to` not included; over midnight when it ends before it
    begins.
    """
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    begins, ends = quiet
    minute = 60 * local.hour + local.minute
    over_midnight = ends < begins
    inside = (minute >= begins or minute < ends) if over_midnight else begins <= minute < ends
    return _at(local, ends, 1 if over_midnight and minute >= begins else 0) if inside else at_ms


def _at(day: datetime, minutes: int, days_later: int) -> int:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    wall = datetime.fromordinal(midnight.toordinal() + days_later).replace(
        hour=minutes // 60, minute=minutes % 60, tzinfo=day.tzinfo
    )  # by the clock on the wall: a day with a change of the hour is longer or shorter
    return round(wall.timestamp() * 1000)


def _walks_beside(one: Sighting, other: Sighting, terms: Together) -> bool:
    """Compare where their feet are in their best shots, taken at about the same time."""
    if abs(one.shot.captured_at_ms - other.shot.captured_at_ms) > terms.within_s * 1000:
        return False
    (x, y, height), (other_x, other_y, other_height) = _feet(one), _feet(other)
    return bool(((x - other_x) ** 2 + (y - other_y) ** 2) ** 0.5 <= terms.heights * (height + other_height) / 2)


def _feet(sighting: Sighting) -> tuple[float, float, float]:
    left, top, right, bottom = sighting.shot.xyxy
    return (left + right) / 2, bottom, bottom - top


def _apart_ms(one: Sighting, other: Sighting) -> int:
    """Return the time between two sightings, 0 when they overlap."""
    return max(one.first_seen_ms - other.last_seen_ms, other.first_seen_ms - one.last_seen_ms, 0)
