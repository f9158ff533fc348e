"""Slips of the keyboard, parts of plates, gates by number, and what notices say besides."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.words import Parse, Place, parse
from pipeline.words.beginnings import may_begin
from pipeline.words.clock import TIMES
from pipeline.words.notices import NOTICES
from pipeline.words.people import AGES, FIGURES, KIN
from pipeline.words.vocabulary import vocabulary

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = round(datetime(2026, 11, 24, 15, tzinfo=ZONE).timestamp() * 1000)
PLACES = (
    Place("gate3", ("3号门",), is_camera=True),
    Place("block5", ("5幢电梯",), is_camera=True),
    Place("jiashan", ("嘉善花苑",), is_camera=False),
)


def parsed(text: str) -> Parse:
    return parse(text, now_ms=NOW_MS, zone=ZONE, places=PLACES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("兰色衣服", "蓝色衣服"),
        ("兰衣服 黑库子", "蓝衣服 黑裤子"),
        ("黑库", "黑裤"),
        ("白色短库", "白色短裤"),
        ("电平车", "电瓶车"),
        ("black jaket", "black jacket"),
        ("yelow sweather", "yellow sweater"),
        ("gren trosers", "green trousers"),
        ("an old wooman", "an old woman"),
    ],
)
def test_a_slip_is_read_as_what_was_meant(typed: str, meant: str) -> None:
    found, right = parsed(typed), parsed(meant)
    assert right.wanted
    assert (found.wanted, found.kind, found.unknown) == (right.wanted, right.kind, ())


@pytest.mark.parametrize(
    "text",
    ["bread", "blankets", "a block of wood", "容貌", "packet", "qzxvw", "board", "cards", "bridge", "parks", "频率的"],
)
def test_a_word_of_its_own_is_no_slip(text: str) -> None:
    assert not parsed(text).wanted


@given(st.sampled_from(sorted(word for word in vocabulary().words if word.isascii() and word.isalpha())))
@settings(deadline=None, max_examples=60)
def test_a_known_word_is_never_taken_for_another(word: str) -> None:
    said = {part.text: part.says for part in parsed(f"zzz {word}").parts if part.text == word}
    assert said.keys() == {word}


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("浙F·12?", "浙F12?"),
        ("浙F?23K8", "浙F?23K8"),
        ("浙F12345?", "浙F12345"),
        ("浙F开头的车牌", "浙F*"),
        ("车牌浙F7开头", "浙F7*"),
        ("尾号668", "*668"),
        ("plate ends in 668", "*668"),
        ("plate starts with 浙F3", "浙F3*"),
        ("license plate beginning with B7", "B7*"),
        ("沪牌", "沪*"),
        ("浙FD12345", "浙FD12345"),
        ("黑牌", None),
        ("浙江", None),
    ],
)
def test_what_was_read_of_a_plate(text: str, plate: str | None) -> None:
    assert parsed(text).plate == plate


@pytest.mark.parametrize(("text", "camera"), [("gate 3", "gate3"), ("at gate three", "gate3"), ("block 5", "block5")])
def test_a_number_in_english_finds_the_chinese_name(text: str, camera: str) -> None:
    assert parsed(text).cameras == (camera,)
    assert not parsed("gate 7").cameras


@pytest.mark.parametrize(
    ("text", "unsearched"),
    [
        ("红衣，身高165厘米，体重约50公斤", ["身高165厘米", "体重约50公斤"]),
        ("红衣，电话13812345678", ["电话", "13812345678"]),
        ("红衣，嘉善口音", ["嘉善口音"]),
        ("红衣，抱着吉他", ["吉他"]),
        ("red coat, 5'4\", weighs 60 kg", ["5'4\"", "weighs 60 kg"]),
    ],
)
def test_what_is_known_and_not_searched_by_is_shown_apart(text: str, unsearched: list[str]) -> None:
    found = parsed(text)
    assert [part.text for part in found.unsearched] == unsearched
    assert found.unknown == ()
    assert found.communities == ()


def test_who_is_to_be_called_is_not_looked_for() -> None:
    found = parsed("老太太走失，穿红衣，请联系其儿子王先生13812345678，必有重谢")
    assert found.wanted == {"age": {"elderly"}, "gender": {"female"}, "upper_colour": {"red"}}
    assert "儿子" in "".join(part.text for part in found.unsearched)


@pytest.mark.parametrize("text", ["中秋节下午", "农历十月初三", "正月初五早上", "重阳节那天", "mid-autumn festival"])
def test_a_day_of_another_calendar_is_no_time(text: str) -> None:
    found = parsed(text)
    assert (found.from_ms, found.to_ms) == (None, None)
    assert found.unknown


@given(
    st.text(alphabet="昨今天下午3点岁身高1米8约大概8last nighto'clock年月日号-:.浙F半 fromto", min_size=1, max_size=14)
)
@settings(deadline=None, max_examples=150)
def test_no_pattern_is_missed_for_what_it_begins_with(text: str) -> None:
    small = text.lower()
    for pattern in (*TIMES, *NOTICES, *AGES, *KIN, *FIGURES):
        match = pattern.match(small)
        assert match is None or not match[0] or may_begin(pattern, small[0])


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("一个高中生", {"child"}),
        ("初二学生", {"child"}),
        ("高三女生", {"child"}),
        ("大一学生", {"adult"}),
        ("barefoot, about 85, red coat", {"elderly"}),
        ("约85，红衣", {"elderly"}),
        ("older woman, maybe 70", {"elderly"}),
        ("he's about 1.80", None),
        ("正月初二", None),
    ],
)
def test_ages_are_said_in_many_ways(text: str, age: set[str] | None) -> None:
    assert parsed(text).wanted.get("age") == age


@pytest.mark.parametrize(("one", "other"), [("father in law", "father-in-law"), ("blue t shirt", "blue t-shirt")])
def test_a_dash_may_be_a_space(one: str, other: str) -> None:
    assert parsed(one).wanted
    assert parsed(one).wanted == parsed(other).wanted
