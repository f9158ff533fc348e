"""Times in words, worked out by hand in Asia/Shanghai, which has no summer time; `-` alone is an open end."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.words import parse

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = datetime(2026, 11, 24, 15, tzinfo=ZONE)


def span(text: str, now: datetime = TUESDAY) -> str:
    found = parse(text, now_ms=round(now.timestamp() * 1000), zone=ZONE)
    shown = [
        "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m-%d %H:%M")
        for at_ms in (found.from_ms, found.to_ms)
    ]
    return " - ".join(shown).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12月1日", "2025-12-01 00:00 - 2025-12-02 00:00"),  # the last one: 2026's has not come
        ("11月24日", "2026-11-24 00:00 - 2026-11-25 00:00"),
        ("2月29日", "2024-02-29 00:00 - 2024-03-01 00:00"),  # the last leap year
        ("31号", "2026-10-31 00:00 - 2026-11-01 00:00"),
        ("上个月31号", "2026-10-31 00:00 - 2026-11-01 00:00"),
        ("去年12月31日", "2025-12-31 00:00 - 2026-01-01 00:00"),
        ("去年", "2025-01-01 00:00 - 2026-01-01 00:00"),
        ("10月", "2026-10-01 00:00 - 2026-11-01 00:00"),
        ("December", "2025-12-01 00:00 - 2026-01-01 00:00"),
        ("10月下旬", "2026-10-21 00:00 - 2026-11-01 00:00"),
        ("12月31日晚上11点到1月1日1点", "2025-12-31 23:00 - 2026-01-01 01:00"),
        ("晚上11点到1点", "2026-11-23 23:00 - 2026-11-24 01:00"),
        ("昨晚12点", "2026-11-24 00:00 - 2026-11-24 01:00"),
        ("昨天午夜", "2026-11-23 23:00 - 2026-11-24 01:00"),
        ("since midnight", "2026-11-24 00:00 -"),
        ("from noon to 3", "2026-11-24 12:00 - 2026-11-24 15:00"),
        ("星期二", "2026-11-24 00:00 - 2026-11-25 00:00"),
        ("周三", "2026-11-18 00:00 - 2026-11-19 00:00"),  # tomorrow is Wednesday: the one before is meant
        ("上周日", "2026-11-22 00:00 - 2026-11-23 00:00"),
        ("周一到周五", "2026-11-16 00:00 - 2026-11-21 00:00"),
        ("weekend", "2026-11-21 00:00 - 2026-11-23 00:00"),
        ("两三天前", "2026-11-21 00:00 - 2026-11-22 00:00"),
        ("十二点半", "2026-11-24 12:15 - 2026-11-24 12:45"),
        ("六点左右", "2026-11-24 05:30 - 2026-11-24 06:30"),
        ("quarter to nine", "2026-11-24 08:30 - 2026-11-24 09:00"),
        ("2 to 4 yesterday afternoon", "2026-11-23 14:00 - 2026-11-23 16:00"),
        ("一个半小时前", "2026-11-24 13:15 - 2026-11-24 13:45"),
        ("a woman who sat in the sun", "-"),
        ("Sept 3rd", "2026-09-03 00:00 - 2026-09-04 00:00"),
        ("明天", "-"),
        ("下周一上午", "-"),
        ("tomorrow afternoon", "-"),
        ("32号", "-"),
        ("13月5日", "-"),
    ],
)
def test_asked_on_a_tuesday_afternoon(text: str, expected: str) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ((2026, 11, 24, 10), "下午", "2026-11-23 12:00 - 2026-11-23 18:00"),  # today's has not begun
        ((2026, 11, 24, 12), "下午", "2026-11-24 12:00 - 2026-11-24 18:00"),
        ((2026, 11, 24, 10), "今天下午", "2026-11-24 12:00 - 2026-11-24 18:00"),  # a day that was said stays
        ((2026, 11, 24, 0), "晚上", "2026-11-23 18:00 - 2026-11-24 00:00"),
        ((2026, 1, 1, 0), "昨天", "2025-12-31 00:00 - 2026-01-01 00:00"),
        ((2026, 1, 1, 9), "上个月", "2025-12-01 00:00 - 2026-01-01 00:00"),
        ((2024, 3, 1, 9), "昨天", "2024-02-29 00:00 - 2024-03-01 00:00"),
        ((2026, 3, 31, 9), "上个月30号", "2026-02-28 00:00 - 2026-03-01 00:00"),  # February ends before
        ((2026, 11, 22, 9), "周日", "2026-11-22 00:00 - 2026-11-23 00:00"),
        ((2026, 11, 23, 9), "上周日", "2026-11-22 00:00 - 2026-11-23 00:00"),
    ],
)
def test_asked_at_the_edge_of_days_months_and_years(now: tuple[int, int, int, int], text: str, expected: str) -> None:
    assert span(text, datetime(*now, tzinfo=ZONE)) == expected
