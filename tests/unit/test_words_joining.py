"""Pieces that only mean something as one, and colours that go with what was said before."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from models.kinds import Kind
from pipeline.words import Parse, Place, parse

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = round(datetime(2026, 11, 24, 15, tzinfo=ZONE).timestamp() * 1000)
PLACES = (
    Place("gate3", ("3号门",), is_camera=True),
    Place("gate5", ("5号门",), is_camera=True),
    Place("garage", ("地下车库入口",), is_camera=True),
)


def parsed(text: str, places: tuple[Place, ...] = PLACES) -> Parse:
    return parse(text, now_ms=NOW_MS, zone=ZONE, places=places)


def unknown(text: str) -> list[str]:
    found = parsed(text)
    return [part.text for part in (*found.unknown, *found.unsearched)]


@pytest.mark.parametrize(
    ("text", "upper", "lower"),
    [
        ("上紫下灰", {"purple"}, {"grey"}),
        ("上白，下黑", {"white"}, {"black"}),
        ("上灰下黑裤子", {"grey"}, {"black"}),
        ("上卡其下蓝", {"brown", "yellow", "green"}, {"blue"}),
        ("上白衣下黑裤", {"white"}, {"black"}),
    ],
)
def test_colours_of_both_halves(text: str, upper: set[str], lower: set[str]) -> None:
    wanted = parsed(text).wanted
    assert (wanted["upper_colour"], wanted["lower_colour"]) == (upper, lower)


@pytest.mark.parametrize("text", ["either a red skirt or a pink one", "红裙子或者粉的", "红色的裙子，或粉色"])
def test_the_other_colour_is_of_the_same_garment(text: str) -> None:
    found = parsed(text)
    assert found.wanted["lower_colour"] == {"red", "pink"}
    assert "any_colour" not in found.wanted


def test_one_that_comes_before_its_colour_is_a_person() -> None:
    assert parsed("two women, one in green, one in black").wanted["any_colour"] == {"green", "black"}


@pytest.mark.parametrize("text", ["黑色长发", "short black hair"])
def test_a_colour_before_hair_is_that_of_the_hair(text: str) -> None:
    wanted = parsed(text).wanted
    assert wanted["hair_colour"] == {"black"}
    assert "any_colour" not in wanted


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("抱着吉他的人", "吉他"),
        ("手里有花盆", "花盆"),
        ("操本地口音", "操本地口音"),
        ("李红梅", "李红梅"),
        ("银色手表", "银色手表"),
        ("a man with a silver watch", "silver watch"),
        ("穿夹趾鞋", "夹趾"),
        ("老王", "老王"),
    ],
)
def test_an_unknown_word_stays_whole(text: str, whole: str) -> None:
    found = parsed(text)
    assert [part.text for part in (*found.unknown, *found.unsearched)] == [whole]
    assert set(found.wanted) <= {"gender"}


def test_a_pronoun_of_its_own_still_says_who() -> None:
    assert parsed("他戴帽子").wanted["gender"] == {"male"}
    assert parsed("抱着吉他的女生").wanted["gender"] == {"female"}


@pytest.mark.parametrize("text", ["3 号门", "3号门", "红衣 3 号门"])
def test_a_space_after_a_number_is_in_the_name(text: str) -> None:
    found = parsed(text)
    assert (found.cameras, found.unknown) == (("gate3",), ())


def test_a_short_name_takes_no_vehicle() -> None:
    found = parsed("停在车库的白色面包车")
    assert (found.kind, found.cameras) == (Kind.MOTOR_VEHICLE, ("garage",))
    assert found.wanted == {"type": {"van"}, "colour": {"white"}}
    assert not parsed("从下车的人").cameras


def test_a_garage_the_site_has_not_is_no_vehicle() -> None:
    found = parsed("戴红帽的小孩 车库", ())
    assert (found.kind, [part.text for part in found.unsearched]) == (Kind.PERSON, ["车库"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("我妈", {"gender": {"female"}}),
        ("我爸", {"gender": {"male"}}),
        ("我奶奶", {"gender": {"female"}, "age": {"elderly"}}),
        ("岳父", {"gender": {"male"}}),
        ("my grandpa", {"gender": {"male"}, "age": {"elderly"}}),
        ("mother-in-law", {"gender": {"female"}}),
        ("女青年", {"gender": {"female"}, "age": {"adult"}}),
        ("瘦高的人", {"build": {"thin"}, "height": {"tall"}}),
        ("aged 84", {"age": {"elderly"}}),
        ("年龄：82", {"age": {"elderly"}}),
        ("a 9-yr-old", {"age": {"child"}}),
        ("70-80岁", {"age": {"elderly"}}),
        ("七八十岁", {"age": {"elderly"}}),
        ("今年七十多了", {"age": {"elderly"}}),
        ("八十出头，", {"age": {"elderly"}}),
        ("五岁半", {"age": {"child"}}),
        ("1948年3月生", {"age": {"elderly"}}),
        ("出生于2015年5月", {"age": {"child"}}),
        ("born in 1950", {"age": {"elderly"}}),
        ("女，78", {"gender": {"female"}, "age": {"elderly"}}),
        ("she's about 70", {"gender": {"female"}, "age": {"elderly"}}),
        ("boy of about 7", {"gender": {"male"}, "age": {"child"}}),
    ],
)
def test_who_is_looked_for(text: str, says: dict[str, set[str]]) -> None:
    found = parsed(text)
    assert (found.wanted, found.unknown) == (says, ())


@pytest.mark.parametrize("text", ["红色上衣 about 70", "男 2人", "生于1800年", "a woman, 78 bags", "女，200"])
def test_a_number_that_is_no_age_of_anybody(text: str) -> None:
    found = parsed(text)
    assert "age" not in found.wanted
    assert found.unknown


def test_what_is_said_against_another_colour() -> None:
    found = parsed("不是红的是蓝的外套")
    assert (found.wanted, found.without) == ({"upper_colour": {"blue"}}, {"upper_colour": {"red"}})


@pytest.mark.parametrize("text", ["裤子不是蓝的，是黑的", "the trousers are not blue, they are black"])
def test_the_colour_that_is_said_instead(text: str) -> None:
    found = parsed(text)
    assert (found.wanted["lower_colour"], found.without["lower_colour"]) == ({"black"}, {"blue"})


def test_clothes_one_has_not_say_nothing_of_who_has_not() -> None:
    found = parsed("没穿袜子的男人")
    assert (found.wanted, found.without) == ({"gender": {"male"}}, {})
    assert [part.text for part in found.unknown] == ["没穿"]


def test_a_length_before_hair_is_that_of_the_hair() -> None:
    wanted = parsed("short grey hair, navy cardigan").wanted
    assert (wanted["hair"], wanted["upper_colour"]) == ({"short", "white"}, {"blue"})
    assert "upper_length" not in wanted


def test_a_long_dress_is_long_below() -> None:
    assert parsed("woman in a long red dress").wanted["lower_length"] == {"long"}


@pytest.mark.parametrize(
    "text", ["寻人启事：红衣", "各组注意，留意红衣", "呼叫，红衣", "通报一下，红衣", "be on the lookout for a red coat"]
)
def test_what_notices_and_calls_begin_with_says_nothing(text: str) -> None:
    found = parsed(text)
    assert (found.wanted["upper_colour"], found.unknown) == ({"red"}, ())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("穿一身黑，背个红包", {"upper_colour": {"black"}, "lower_colour": {"black"}, "bag_colour": {"red"}}),
        ("man in white, also carrying a brown bag", {"any_colour": {"white"}, "bag_colour": {"brown"}}),
        ("白车里的人", {"vehicle_colour": {"white"}}),
        ("上身是红的，下身是黑的", {"upper_colour": {"red"}, "lower_colour": {"black"}}),
    ],
)
def test_phrases_of_small_words_take_nothing_from_their_neighbours(text: str, values: dict[str, set[str]]) -> None:
    wanted = parsed(text).wanted
    assert {name: wanted.get(name) for name in values} == values
