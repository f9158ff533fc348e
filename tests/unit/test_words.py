"""Words to filters: a list of phrasings, nothing dropped, and times by hand."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kinds import Kind
from pipeline.archive.contract import SightingFilter
from pipeline.words import Parse, Place, parse
from pipeline.words.explaining import explain
from pipeline.words.meaning import Part, Role

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 15, tzinfo=ZONE)
PLACES = (
    Place("weitang", ("魏塘街道东门小区",), is_camera=False),
    Place("willow", ("柳园", "Willow Garden"), is_camera=False),
    Place("gate3", ("3号门",), is_camera=True),
    Place("north", ("北门", "north gate"), is_camera=True),
)
GOLDEN = Path(__file__).parents[1] / "golden" / "words.txt"
PHRASES = [
    tuple(part.strip() for part in line.split(" | "))
    for line in GOLDEN.read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
IMPLIED = ("upper_length", "lower_length", "lower_kind")
RIGHT = 0.95


def parsed(text: str, now: datetime = NOW) -> Parse:
    return parse(text, now_ms=round(now.timestamp() * 1000), zone=ZONE, places=PLACES)


def unknown_of(found: Parse, asked: str) -> list[Part]:
    """Return what is shown as not understood or not searched by; trimmings of notices and sizes only if asked for."""
    known = [part for part in found.unsearched if part.says not in ("notice", "state") or f"?={part.text}" in asked]
    return [*found.unknown, *known]


def summary(found: Parse, asked: str) -> set[str]:
    """Say a parse in the words of the golden list; what a garment implies only where the list says it."""
    said = {f"k={found.kind}"} if found.kind is not None else set()
    for sign, values in (("", found.wanted), ("!", found.without)):
        for name, chosen in values.items():
            if name not in IMPLIED or f"{sign}{name}=" in asked:
                said |= {f"{sign}{name}={value}" for value in chosen}
    if found.from_ms is not None or found.to_ms is not None:
        said.add(f"t={moment(found.from_ms)}-{moment(found.to_ms)}")
    said |= {f"p={place}" for place in (*found.cameras, *found.communities)}
    said |= {f"?={part.text}" for part in unknown_of(found, asked)} | {f"x={part.text}" for part in found.refused}
    return said | ({f"plate={found.plate}"} if found.plate else set())


def expected(meaning: str) -> set[str]:
    pairs = [each.split("=") for each in meaning.split()]
    return {
        f"{name}={value}" for name, values in pairs for value in (values.split("+") if name != "plate" else [values])
    }


def moment(at_ms: int | None) -> str:
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%m%d%H%M")


def test_phrasings() -> None:
    assert len(PHRASES) >= 150
    wrong = {
        text: sorted(summary(parsed(text), meaning) ^ expected(meaning))
        for text, meaning in PHRASES
        if summary(parsed(text), meaning) != expected(meaning)
    }
    assert len(wrong) <= (1 - RIGHT) * len(PHRASES), wrong


words = st.sampled_from([phrase for text, _ in PHRASES for phrase in text.split()])


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(words, max_size=8).map(" ".join), st.lists(words, max_size=8).map("".join))
)
def test_every_character_is_accounted_for(text: str) -> None:
    found = parsed(text)
    covered = [index for part in found.parts for index in range(part.start, part.end)]
    assert len(covered) == len(set(covered))
    missed = [c for index, c in enumerate(text) if c.isalnum() and index not in set(covered)]
    assert missed == []
    assert all(part.text == text[part.start : part.end] for part in found.parts)
    assert found.from_ms is None or found.to_ms is None or found.from_ms < found.to_ms
    for language in ("zh", "en"):
        line = explain(found, language, ZONE)
        assert all(part.text in line for part in (*found.unknown, *found.unsearched, *found.refused))


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=5))
def test_wide_letters_capitals_and_spaces_change_nothing(chosen: list[str]) -> None:
    text = " ".join(chosen)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    for other in (wide, text.upper(), f"  {text}   "):
        found, again = parsed(text), parsed(other)
        assert (found.wanted, found.without, found.where) == (again.wanted, again.without, again.where)


@pytest.mark.parametrize(
    ("now", "text", "span"),
    [
        (datetime(2026, 3, 1, 0, 30, tzinfo=ZONE), "昨天", "02280000-03010000"),
        (datetime(2026, 1, 1, 9, tzinfo=ZONE), "昨晚", "12311800-01010000"),
        (datetime(2026, 1, 2, 9, tzinfo=ZONE), "12月31日", "12310000-01010000"),
        (datetime(2026, 11, 24, 10, tzinfo=ZONE), "下午", "11231200-11231800"),
        (datetime(2026, 11, 24, 13, tzinfo=ZONE), "下午", "11241200-11241800"),
        (datetime(2026, 11, 22, 13, tzinfo=ZONE), "周一", "11160000-11170000"),
        (datetime(2026, 11, 24, 13, tzinfo=ZONE), "昨天晚上10点到2点", "11232200-11240200"),
        (datetime(2026, 11, 24, 13, tzinfo=ZONE), "昨天到今天", "11230000-11250000"),
    ],
)
def test_times_by_hand(now: datetime, text: str, span: str) -> None:
    found = parsed(text, now)
    assert f"{moment(found.from_ms)}-{moment(found.to_ms)}" == span


def test_a_parse_is_a_filter() -> None:
    found = parsed("红色电动车 昨天 柳园 北门")
    start = round(datetime(2026, 11, 23, tzinfo=ZONE).timestamp() * 1000)
    assert found.where == SightingFilter(Kind.NON_MOTOR_VEHICLE, start, start + 86_400_000, ("north",), ("willow",))


def test_what_each_part_says() -> None:
    parts = [(part.text, part.role, part.says) for part in parsed("穿红色上衣").parts]
    assert parts == [("穿", Role.FILLER, ""), ("红色", Role.COLOUR, "red"), ("上衣", Role.GARMENT, "upper_colour=red")]


def test_the_explanation_in_both_languages() -> None:
    found = parsed("红色上衣 没戴帽子 昨天 柳园 zzz")
    assert explain(found, "zh", ZONE) == (
        "类别: 人 · 上衣颜色: 红 · 没有 帽子 · 时间: 2026-11-23 00:00 – 2026-11-24 00:00 · 地点: willow · 没看懂: zzz"
    )
    assert "not understood: zzz" in explain(found, "en", ZONE)


def test_many_places_are_counted_and_called_by_their_names() -> None:
    cameras = tuple(f"c{number}" for number in range(7))
    many = replace(parse("red coat", now_ms=0, zone=ZONE), cameras=cameras, communities=("willow",))
    assert "地点: 柳苑或c0或东门或c2或c3 等 8 处" in explain(many, "zh", ZONE, {"willow": "柳苑", "c1": "东门"})
    assert explain(many, "en", ZONE).endswith("place: willow or c0 or c1 or c2 or c3 and 3 more")
