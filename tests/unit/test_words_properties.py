"""What holds for every text: nothing raises, nothing is dropped, spelling does not matter."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kinds import Kind
from pipeline.words import Parse, Place, parse
from pipeline.words.explaining import explain
from pipeline.words.meaning import Role
from pipeline.words.vocabulary import vocabulary

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = round(datetime(2026, 11, 24, 15, tzinfo=ZONE).timestamp() * 1000)
PLACES = (
    Place("weitang", ("魏塘街道东门小区",), is_camera=False),
    Place("north", ("北门", "north gate"), is_camera=True),
    Place("garage", ("地下车库入口",), is_camera=True),
)
pieces = st.one_of(
    st.sampled_from(sorted(vocabulary().words)),
    st.sampled_from(
        ["昨天", "下午3点", "last night", "浙F12345", "魏塘", "2026-11-20", "1.75m", "。", ", ", " ", "zzz"]
    ),
    st.text(max_size=4),
)
texts = st.one_of(st.text(max_size=60), st.lists(pieces, max_size=10).map("".join), st.lists(pieces).map(" ".join))


def parsed(text: str) -> Parse:
    return parse(text, now_ms=NOW_MS, zone=ZONE, places=PLACES)


@settings(deadline=None)
@given(texts)
def test_every_character_is_in_one_part(text: str) -> None:
    found = parsed(text)
    covered = [index for part in found.parts for index in range(part.start, part.end)]
    assert len(covered) == len(set(covered))
    assert [c for index, c in enumerate(text) if c.isalnum() and index not in set(covered)] == []
    assert all(part.text == text[part.start : part.end] for part in found.parts)


@settings(deadline=None)
@given(texts)
def test_whatever_is_said_is_shown(text: str) -> None:
    found = parsed(text)
    assert found.from_ms is None or found.to_ms is None or found.from_ms < found.to_ms
    assert not any(name.startswith(("ethnicity", "religion", "health")) for name in (*found.wanted, *found.without))
    for language in ("zh", "en"):
        line = explain(found, language, ZONE)
        assert all(part.text in line for part in (*found.unknown, *found.unsearched, *found.refused))


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(vocabulary().words)), min_size=1, max_size=5).map(" ".join))
def test_wide_letters_and_spaces_around_change_nothing(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    found = parsed(text)
    for other in map(parsed, (wide, f"  {text}\t", text.replace(" ", "　"))):
        assert (found.wanted, found.without, found.where) == (other.wanted, other.without, other.where)


@settings(deadline=None)
@given(st.text(alphabet="qxzj", min_size=3, max_size=8))
def test_an_unknown_word_is_said_to_be_unknown(word: str) -> None:
    assert word in [part.text for part in parsed(f"red coat {word} yesterday").unknown]


@pytest.mark.parametrize(
    "text",
    [
        "70点",
        "25:61",
        "2月30日",
        "13月5日",
        "32号",
        "2026-13-01",
        "0000年1月1日",
        "99999999999天前",
        "about 70",
        "明天",
    ],
)
def test_an_impossible_time_is_said_to_be_unknown(text: str) -> None:
    found = parsed(f"红色上衣 {text}")
    assert (found.from_ms, found.to_ms) == (None, None)
    assert found.unknown


@pytest.mark.parametrize("text", ["从下车的人", "停车", "东门口的小"])
def test_two_letters_from_the_middle_of_a_name_are_no_place(text: str) -> None:
    assert not parsed(text).cameras


def test_a_negation_that_meets_nothing_is_not_dropped() -> None:
    assert [part.text for part in parsed("红色的帽子，不是裤子").unknown] == ["不是"]


def test_a_second_plate_is_not_dropped() -> None:
    found = parsed("浙F12345 或 浙F54321")
    assert (found.plate, [part.text for part in found.unknown]) == ("浙F12345", ["浙F54321"])


def test_skin_is_no_colour_of_clothes() -> None:
    found = parsed("a black man in a white shirt")
    assert found.wanted["upper_colour"] == {"white"}
    assert [(part.text, part.says) for part in found.refused] == [("black", "ethnicity")]


def test_a_colour_that_begins_a_street_is_no_colour() -> None:
    found = parsed("红色上衣 在黄浦路")
    assert found.wanted["upper_colour"] == {"red"}
    assert [part.text for part in found.unknown] == ["黄浦路"]


def test_parts_name_their_role() -> None:
    roles = [(part.text, part.role) for part in parsed("不是白色的面包车 昨天 魏塘 回族 浙F12345").parts]
    assert roles == [
        ("不是", Role.NEGATION),
        ("白色", Role.COLOUR),
        ("的", Role.FILLER),
        ("面包车", Role.VEHICLE),
        ("昨天", Role.TIME),
        ("魏塘", Role.PLACE),
        ("回族", Role.REFUSED),
        ("浙F12345", Role.PLATE),
    ]
    assert parsed("不是白色的面包车").kind is Kind.MOTOR_VEHICLE
