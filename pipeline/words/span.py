"""From words for times to one span of time.

A date alone is that day; a part of a day alone is today's, yesterday's when today's has not begun. `8 o'clock` is the
hour from 8, `8:20` a quarter of an hour on either side. A date without a year is the last one.
"""

from calendar import isleap, monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

_HOURS = {
    "dawn": (0, 6),
    "early": (5, 9),
    "morning": (6, 12),
    "noon": (11, 14),
    "midnight": (23, 25),
    "afternoon": (12, 18),
    "dusk": (16, 20),
    "evening": (18, 24),
    "night": (22, 30),
    "daytime": (6, 18),
}
_LATE = frozenset({"afternoon", "dusk", "evening", "night"})
_MOMENTS = {"noon": 12, "midnight": 24}  # what `since noon` and `from noon to 3` begin with
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(days=7),
    "M": timedelta(days=30),
}
_NIGHTLY = frozenset({"evening", "night", "midnight"})
_SMALL_HOURS = 5
_WEEK = 7
_AROUND = timedelta(minutes=15)
_ABOUT = timedelta(minutes=30)
Span = tuple[datetime | None, datetime | None]


@dataclass(slots=True)
class _Point:
    """One time as far as it was said."""

    first: date | None = None
    days: int = 1
    part: str | None = None
    clock: tuple[int, int, bool, str] | None = None
    exact: datetime | None = None
    about: bool = False
    month: date | None = None  # the first of the month, or of the year, that was said
    is_weekday: bool = False

    @property
    def is_empty(self) -> bool:
        return self.first is None and self.part is None and self.clock is None and self.exact is None


@dataclass(slots=True)
class _Said:
    points: list[_Point] = field(default_factory=lambda: [_Point()])
    ranged: bool = False
    shared: bool = False  # `2 to 4 yesterday afternoon`: the part of the day is of both
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
        elif word == "shared":
            said.shared = True
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
        elif word in ("about", "same", "now"):
            _set_moment(point, word, now)
        else:
            _add_date(said, word, rest, now)
    said.points = [point for point in said.points if not point.is_empty]
    return said


def _set_moment(point: _Point, word: str, now: datetime) -> None:
    if word == "now":
        point.exact = now
        return
    point.about = True
    if word == "same":  # yesterday at this time
        point.clock = (now.hour, now.minute, True, "")


def _add_date(said: _Said, word: str, rest: Sequence[str], now: datetime) -> None:
    """A second day begins another end, 昨天 今天; a day of a week or month said before it is one of those."""
    point = said.points[-1]
    if point.first is None or point.days > 1:
        _set_date(point, word, rest, now)
        return
    other = _Point()
    _set_date(other, word, rest, now)
    if other.first is not None and (other.first, other.days) != (point.first, 1):
        said.points.append(other)
        said.ranged = True


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
        if point.days == _WEEK and point.first is not None:  # 上周 周五
            monday = point.first - timedelta(days=7 * int(rest[0]))
            point.days = 1
        point.first, point.is_weekday = monday + timedelta(days=int(rest[1]) + 7 * int(rest[0])), True
        if point.first > today:
            point.first -= timedelta(days=7)
    elif word in ("week", "weekend"):
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * int(rest[0]))
        point.first, point.days = (monday, 7) if word == "week" else (monday + timedelta(days=5), 2)
        if point.first > today:
            point.first -= timedelta(days=7)
    elif word in ("month", "year"):
        _set_long(point, word, int(rest[0]), today)
    elif word in ("month-of", "third"):
        _set_named_month(point, [int(text) for text in rest], today)
    elif word == "date":
        point.first, point.days = _said_date(rest, point.month if point.days > 1 else None, today), 1


def _set_long(point: _Point, word: str, back: int, today: date) -> None:
    """A whole month or year, which a day said later is one of."""
    if word == "year":
        point.first = date(today.year + back, 1, 1)
        point.days = 366 if isleap(point.first.year) else 365
    else:
        months = today.year * 12 + today.month - 1 + back
        point.first = date(months // 12, months % 12 + 1, 1)
        point.days = monthrange(point.first.year, point.first.month)[1]
    point.month = point.first


def _set_named_month(point: _Point, said: Sequence[int], today: date) -> None:
    """The last month of that name, or the first, second or third ten days of it."""
    month, *third = said
    if not 1 <= month <= 12:
        return
    year = point.month.year if point.month is not None else today.year - (month > today.month)
    point.month = point.first = date(year, month, 1)
    point.days = monthrange(year, month)[1]
    if third:
        point.first += timedelta(days=10 * third[0])
        point.days = 10 if third[0] < 2 else point.days - 20


def _said_date(rest: Sequence[str], within: date | None, today: date) -> date | None:
    """Return a date as far as it was said; without a year it is the last one, in a month or year said before in it."""
    year, month, day = (int(text) if text else None for text in rest)
    if day is None or not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if within is not None and year is None:
        year, month = within.year, month or within.month
    if year is not None and month is not None:
        return date(year, month, min(day, monthrange(year, month)[1])) if year else None
    found = [
        date(y, m, day)
        for y, m in ((today.year - back // 12, 12 - back % 12) for back in range(60))
        if (month is None or m == month) and day <= monthrange(y, m)[1] and date(y, m, day) <= today
    ]
    return max(found, default=None)


def _span(said: _Said, now: datetime) -> Span:
    if not said.points:
        return (now - said.last, None) if said.last is not None else (None, None)
    first = said.points[0]
    if said.last is not None and first.first is None and first.exact is None:
        return _since_back(said.last, first, now), None
    if said.ranged and len(said.points) > 1:
        return _between(said, now)
    start, end = _of_point(first, now, first)
    edge = _edge(first, start)
    if said.since:
        return edge, None
    if said.before:
        begin = _midnight(first.first, now) if first.clock is not None or first.part is not None else None
        return begin, edge
    return start, end


def _since_back(back: timedelta, point: _Point, now: datetime) -> datetime:
    """前几天下午: from the first of those afternoons on."""
    begin = now - back
    return _on(begin.date(), point, point, now)[0] if back >= timedelta(days=1) else begin


def _between(said: _Said, now: datetime) -> Span:
    first, last = said.points[0], said.points[-1]
    if first.exact is None:
        first.first = first.first or last.first  # `from 2 to 4 pm yesterday`
    if said.shared:
        first.part = first.part or last.part
    own_date = last.first is not None
    last.first = last.first or first.first
    if first.first is not None and last.first is not None and last.first < first.first:
        if first.is_weekday:  # Monday to Friday, said on a Tuesday
            first.first -= timedelta(days=7)
        else:
            first, last = last, first
    start = _edge(first, _of_point(first, now, first)[0])
    begins, ends = _of_point(last, now, last if own_date else first)
    if last.first is None and begins - start > timedelta(days=1):  # only the first has not begun today
        begins, ends = begins - timedelta(days=1), ends - timedelta(days=1)
    end = _edge(last, begins) if last.clock is not None or last.exact is not None else ends
    if last.part in _MOMENTS and last.clock is None:
        end = _edge(last, begins)
    if end <= start and not (own_date and last.first != first.first):
        end += timedelta(days=1) if end + timedelta(hours=12) <= start or last.clock is None else timedelta(hours=12)
    return start, end


def _edge(point: _Point, start: datetime) -> datetime:
    """Return the moment a span begins or ends with: the clock time as it was said, noon, midnight."""
    if point.exact is not None:
        return start + (_ABOUT if point.about else _AROUND)
    if point.clock is not None:
        return start + (_ABOUT if point.about else _AROUND if point.clock[2] else timedelta())
    if point.part in _MOMENTS:
        return start + timedelta(hours=_MOMENTS[point.part] - _HOURS[point.part][0])
    return start


def _of_point(point: _Point, now: datetime, context: _Point) -> tuple[datetime, datetime]:
    if point.exact is not None:
        slack = _ABOUT if point.about else _AROUND
        return point.exact - slack, point.exact + slack
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
        if point.about:
            return start - _ABOUT, start + _ABOUT
        return (start - _AROUND, start + _AROUND) if exact else (start, start + timedelta(hours=1))
    if point.part is not None:
        begins, ends = _HOURS[point.part]
        return midnight + timedelta(hours=begins), midnight + timedelta(days=point.days - 1, hours=ends)
    return midnight, midnight + timedelta(days=point.days)


def _hour(hour: int, half: str, part: str | None) -> int:
    """Return the hour from the midnight of the day that was said: twelve and one at night are of the next day."""
    if half == "a" and part in _NIGHTLY and hour % 12 < _SMALL_HOURS:  # `last night between 1 and 3 am`
        return hour % 12 + 24
    if half:
        return hour % 12 + (12 if half == "p" else 0)
    if part in _NIGHTLY and (hour in (12, 13) or hour < _SMALL_HOURS):  # 夜里十一二点 ends at 13
        return hour % 12 + 24
    if part == "dawn":
        return hour % 12
    if (part in _LATE and hour < 12) or (part == "noon" and hour < _SMALL_HOURS):
        return hour + 12
    return hour


def _midnight(day: date | None, now: datetime) -> datetime:
    return datetime.combine(day or now.date(), time(), now.tzinfo)
