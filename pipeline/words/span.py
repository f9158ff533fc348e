"""From words for times to one span of time.

A date alone is that day; a part of a day alone is today's, yesterday's when today's has not begun. `8 o'clock` is the
hour from 8, `8:20` a quarter of an hour on either side. A date without a year is the last one.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

_HOURS = {
    "dawn": (0, 6),
    "early": (5, 9),
    "morning": (6, 12),
    "noon": (11, 14),
    "afternoon": (12, 18),
    "dusk": (16, 20),
    "evening": (18, 24),
    "night": (22, 30),
    "daytime": (6, 18),
}
_LATE = frozenset({"afternoon", "dusk", "evening", "night"})
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(days=7),
    "M": timedelta(days=30),
}
_AROUND = timedelta(minutes=15)
Span = tuple[datetime | None, datetime | None]


@dataclass(slots=True)
class _Point:
    """One time as far as it was said."""

    first: date | None = None
    days: int = 1
    part: str | None = None
    clock: tuple[int, int, bool, str] | None = None
    exact: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self.first is None and self.part is None and self.clock is None and self.exact is None


@dataclass(slots=True)
class _Said:
    points: list[_Point] = field(default_factory=lambda: [_Point()])
    ranged: bool = False
    since: bool = False
    before: bool = False
    last: timedelta | None = None


def span_of(values: Sequence[str], now_ms: int, zone: tzinfo) -> tuple[int | None, int | None]:
    """Return (from, to) in UTC epoch ms for what tokens said, None where open; no span ends before it begins."""
    if not values:
        return None, None
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    start, end = _span(_collect(values, now), now)
    if start is not None and end is not None and end <= start:
        end = None
    return _ms(start), _ms(end)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _collect(values: Sequence[str], now: datetime) -> _Said:
    said = _Said()
    for value in (each for text in values for each in text.split("|")):
        word, *rest = value.split(":")
        point = said.points[-1]
        if word == "last":
            said.last = float(rest[0]) * _UNITS[rest[1]]
        elif word in ("since", "before"):
            said.since, said.before = said.since or word == "since", said.before or word == "before"
        elif word == "to":
            said.ranged = not point.is_empty
            if said.ranged:
                said.points.append(_Point())
        elif word == "part":
            point.part = rest[0]
        elif word == "clock":
            if point.clock is not None:
                said.points.append(point := _Point())
                said.ranged = True
            point.clock = (int(rest[0]), int(rest[1]), rest[2] == "exact", rest[3])
        elif word == "now":
            point.exact = now
        else:
            _set_date(point, word, rest, now)
    said.points = [point for point in said.points if not point.is_empty]
    return said


def _set_date(point: _Point, word: str, rest: Sequence[str], now: datetime) -> None:
    today = now.date()
    if word == "day":
        point.first = today + timedelta(days=int(rest[0]))
    elif word == "ago":
        moment = now - float(rest[0]) * _UNITS[rest[1]]
        if rest[1] in "mh":
            point.exact = moment
        else:
            point.first = moment.date()
    elif word == "weekday":
        monday = today - timedelta(days=today.weekday())
        point.first = monday + timedelta(days=int(rest[1]) + 7 * int(rest[0]))
        if point.first > today:
            point.first -= timedelta(days=7)
    elif word in ("week", "weekend"):
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * int(rest[0]))
        point.first, point.days = (monday, 7) if word == "week" else (monday + timedelta(days=5), 2)
        if point.first > today:
            point.first -= timedelta(days=7)
    elif word == "date":
        point.first = _last_date(rest, today)


def _last_date(rest: Sequence[str], today: date) -> date | None:
    year, month, day = (int(text) if text else None for text in rest)
    if day is None or not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if year is not None and month is not None:
        return date(year, month, min(day, monthrange(year, month)[1]))
    found = [
        date(y, m, day)
        for y, m in ((today.year - back // 12, 12 - back % 12) for back in range(24))
        if (month is None or m == month) and day <= monthrange(y, m)[1] and date(y, m, day) <= today
    ]
    return max(found, default=None)


def _span(said: _Said, now: datetime) -> Span:
    if not said.points:
        return (now - said.last, None) if said.last is not None else (None, None)
    first = said.points[0]
    if said.ranged and first.exact is None:
        first.first = first.first or said.points[-1].first  # `from 2 to 4 pm yesterday`
    start, end = _of_point(first, now, first)
    if said.ranged and len(said.points) > 1:
        last = said.points[-1]
        last.first = last.first or first.first
        ending = _of_point(last, now, first)
        exact_end = ending[0] if last.clock is not None else ending[1]
        if last.clock is not None and last.clock[2]:
            exact_end = ending[0] + _AROUND
        if first.clock is not None and first.clock[2]:
            start += _AROUND
        if exact_end <= start and last.first == first.first:
            exact_end += timedelta(days=1) if exact_end + timedelta(hours=12) <= start else timedelta(hours=12)
        return start, min(exact_end, now) if said.since else exact_end
    exact = start + _AROUND if first.clock is not None and first.clock[2] else start
    if first.part == "noon" and first.clock is None:
        exact += timedelta(hours=1)
    if said.since:
        return exact, None
    if said.before:
        begin = _midnight(first.first, now) if first.clock is not None or first.part is not None else None
        return begin, exact
    return start, end


def _of_point(point: _Point, now: datetime, context: _Point) -> tuple[datetime, datetime]:
    if point.exact is not None:
        return point.exact - _AROUND, point.exact + _AROUND
    day = point.first or now.date()
    start, end = _on(day, point, context, now)
    if point.first is None and start > now:  # what has not begun today is meant of yesterday
        start, end = _on(day - timedelta(days=1), point, context, now)
    return start, end


def _on(day: date, point: _Point, context: _Point, now: datetime) -> tuple[datetime, datetime]:
    midnight = _midnight(day, now)
    if point.clock is not None:
        hour, minute, exact, half = point.clock
        start = midnight + timedelta(hours=_hour(hour, half, point.part or context.part), minutes=minute)
        return (start - _AROUND, start + _AROUND) if exact else (start, start + timedelta(hours=1))
    if point.part is not None:
        begins, ends = _HOURS[point.part]
        return midnight + timedelta(hours=begins), midnight + timedelta(hours=ends)
    return midnight, midnight + timedelta(days=point.days)


def _hour(hour: int, half: str, part: str | None) -> int:
    if half == "p":
        return hour % 12 + 12
    if half == "a":
        return hour % 12
    if part in _LATE and hour < 12:
        return hour + 12 if part != "night" or hour >= 6 else hour
    if part == "noon" and hour < 6:
        return hour + 12
    return hour


def _midnight(day: date | None, now: datetime) -> datetime:
    return datetime.combine(day or now.date(), time(), now.tzinfo)
