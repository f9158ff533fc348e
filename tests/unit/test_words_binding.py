"""Every colour goes to its garment, however the pairs are put and joined: phrases are built with what they mean."""

from dataclasses import dataclass
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.words import parse

ZH_COLOURS = {
    "红": "red",
    "深蓝": "blue",
    "黑": "black",
    "浅灰": "grey",
    "墨绿": "green",
    "枣红": "red",
    "咖啡": "brown",
}
ZH_GARMENTS = {
    **{"上衣": ("upper", "件", "穿"), "羽绒服": ("upper", "件", "穿"), "裤子": ("lower", "条", "穿")},
    **{"裙子": ("lower", "条", "穿"), "帽子": ("hat", "顶", "戴"), "围巾": ("scarf", "条", "围")},
    **{"书包": ("bag", "个", "背"), "运动鞋": ("shoe", "双", "穿"), "伞": ("umbrella", "把", "打")},
}
EN_COLOURS = {
    "red": "red",
    "dark blue": "blue",
    "black": "black",
    "light grey": "grey",
    "navy": "blue",
    "maroon": "red",
}
EN_GARMENTS = {
    **{"jacket": "upper", "sweater": "upper", "trousers": "lower", "skirt": "lower", "cap": "hat", "scarf": "scarf"},
    **{"backpack": "bag", "shoes": "shoe", "umbrella": "umbrella"},
}
ZH_COLOUR_FIRST = (
    "{c}{g}",
    "{c}色{g}",
    "{c}色的{g}",
    "{v}{c}{g}",
    "{v}着一{k}{c}色的{g}",
    "{v}了{k}{c}{g}",
    "一{k}{c}色{g}",
)
ZH_GARMENT_FIRST = ("{g}{c}色", "{g}是{c}色的", "{g}是{c}的", "{g}为{c}色", "{g}：{c}色", "{g}颜色是{c}色", "{g}({c})")
EN_COLOUR_FIRST = ("{c} {g}", "a {c} {g}", "in {c} {g}", "wearing a {c} {g}", "with {c} coloured {g}")
EN_GARMENT_FIRST = ("{g} {c}", "{g} is {c}", "the {g} is {c}", "{g}: {c}", "her {g} was {c}", "{g} ({c})")


@dataclass(frozen=True, slots=True)
class Pair:
    slot: str
    colour: str
    text: str


@st.composite
def zh_pairs(draw: st.DrawFn, forms: tuple[str, ...]) -> Pair:
    garment, (slot, classifier, verb) = draw(st.sampled_from(sorted(ZH_GARMENTS.items())))
    spelled, colour = draw(st.sampled_from(sorted(ZH_COLOURS.items())))
    form = draw(st.sampled_from(forms))
    return Pair(slot, colour, form.format(c=spelled, g=garment, v=verb, k=classifier))


@st.composite
def en_pairs(draw: st.DrawFn, forms: tuple[str, ...]) -> Pair:
    garment, slot = draw(st.sampled_from(sorted(EN_GARMENTS.items())))
    spelled, colour = draw(st.sampled_from(sorted(EN_COLOURS.items())))
    return Pair(slot, colour, draw(st.sampled_from(forms)).format(c=spelled, g=garment))


def phrases(
    pairs: st.SearchStrategy[Pair], joints: list[str], begins: list[str]
) -> st.SearchStrategy[tuple[str, set[str]]]:
    chosen = st.lists(pairs, min_size=1, max_size=4, unique_by=lambda pair: pair.slot)
    return st.tuples(st.sampled_from(begins), chosen, st.sampled_from(joints)).map(
        lambda each: (
            each[0] + each[2].join(pair.text for pair in each[1]),
            {f"{pair.slot}_colour={pair.colour}" for pair in each[1]},
        )
    )


BUILT = st.one_of(
    phrases(zh_pairs(ZH_COLOUR_FIRST), ["，", "、", " ", "。", ""], ["", "男，", "一个老太太"]),
    phrases(zh_pairs(ZH_GARMENT_FIRST), ["，", "、", " ", "。"], ["", "男，", "她"]),
    phrases(zh_pairs((*ZH_COLOUR_FIRST, *ZH_GARMENT_FIRST)), ["，", "。"], [""]),
    phrases(en_pairs(EN_COLOUR_FIRST), [", ", " and ", ". "], ["", "man, "]),
    phrases(en_pairs(EN_GARMENT_FIRST), [", ", ". ", "; "], ["", "an old woman, "]),
)


@given(BUILT)
@settings(deadline=None, max_examples=120)
def test_every_colour_goes_to_its_garment(built: tuple[str, set[str]]) -> None:
    text, meant = built
    found = parse(text, now_ms=0, zone=UTC)
    said = {f"{name}={value}" for name, values in found.wanted.items() for value in values if name.endswith("_colour")}
    assert said == meant
    assert found.unknown == ()


ZH_WHO = {"老太太": "age=elderly gender=female", "一个男的": "gender=male", "小女孩": "age=child gender=female"}
ZH_CLOTHES = {
    **{"穿红色上衣": "upper_colour=red", "裤子是蓝色的": "lower_colour=blue", "脚穿白色运动鞋": "shoe_colour=white"},
    **{"上穿紫色棉袄下穿灰色棉裤": "upper_colour=purple lower_colour=grey", "不是黑色的外套": "!upper_colour=black"},
    **{"好像是粉红色的外套": "upper_colour=pink", "一身黑": "upper_colour=black lower_colour=black"},
}
ZH_THINGS = {
    **{"没戴帽子": "!hat=yes", "拄着拐杖": "cane=yes", "戴黑框眼镜": "glasses=yes glasses_colour=black"},
    **{
        "骑电动车": "vehicle=e_bike",
        "骑一辆红色电动车": "vehicle=e_bike vehicle_colour=red",
        "个子很高": "height=tall",
    },
    **{"拉着黑色行李箱": "bag=yes bag_colour=black", "头发花白": "hair=white", "没背包": "!bag=yes"},
}
EN_WHO = {"an old woman": "age=elderly gender=female", "a boy of about 7": "age=child gender=male", "someone": ""}
EN_CLOTHES = {
    **{
        "in a red coat": "upper_colour=red",
        "trousers are blue": "lower_colour=blue",
        "white sneakers": "shoe_colour=white",
    },
    **{"a white or pink jacket": "upper_colour=white upper_colour=pink", "black trousers": "lower_colour=black"},
}
EN_THINGS = {
    **{
        "no hat": "!hat=yes",
        "using a walking stick": "cane=yes",
        "riding a red e-bike": "vehicle=e_bike vehicle_colour=red",
    },
    **{
        "pulling a black suitcase": "bag=yes bag_colour=black",
        "tall": "height=tall",
        "without glasses": "!glasses=yes",
    },
}


def descriptions(
    who: dict[str, str], clothes: dict[str, str], things: dict[str, str], joints: list[str]
) -> st.SearchStrategy[tuple[str, set[str]]]:
    meanings = who | clothes | things
    names = [{part.lstrip("!").split("=")[0] for part in meaning.split()} for meaning in meanings.values()]
    of = dict(zip(meanings, names, strict=True))

    def built(chosen: tuple[str, str, list[str], str]) -> tuple[str, set[str]]:
        person, garment, more, joint = chosen
        said = [person, garment]
        for each in more:
            if not any(of[each] & of[other] for other in said):
                said.append(each)
        return joint.join(said), {part for each in said for part in meanings[each].split()}

    return st.tuples(
        st.sampled_from(sorted(who)),
        st.sampled_from(sorted(clothes)),
        st.lists(st.sampled_from(sorted(things)), max_size=3),
        st.sampled_from(joints),
    ).map(built)


@given(
    st.one_of(
        descriptions(ZH_WHO, ZH_CLOTHES, ZH_THINGS, ["，", ",", " ", "、"]),
        descriptions(EN_WHO, EN_CLOTHES, EN_THINGS, [", ", "; ", ". "]),
    ),
    st.sampled_from(["", "昨天下午", "last night", "around 8 this morning", "3点到4点"]),
)
@settings(deadline=None, max_examples=120)
def test_who_wears_and_has_what_whatever_else_is_said(built: tuple[str, set[str]], time: str) -> None:
    text, meant = built
    found = parse(f"{time}，{text}" if time else text, now_ms=0, zone=UTC)
    signs = (("", found.wanted), ("!", found.without))
    said = {f"{sign}{name}={value}" for sign, values in signs for name, chosen in values.items() for value in chosen}
    implied = ("upper_length", "lower_length", "lower_kind")
    assert {each for each in said if not each.lstrip("!").startswith(implied)} == meant
    assert (found.from_ms is not None) == bool(time)
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("戴头盔的不要", {"hat": {"yes"}}),
        ("帽子：无", {"hat": {"yes"}}),
        ("穿红马甲的不算", {"upper_colour": {"red"}}),
        ("红帽子的除外", {"hat_colour": {"red"}}),
        ("白色的车不要，黑色的SUV", {"colour": {"white"}}),
        ("hat - no; coat - red", {"hat": {"yes"}}),
        ("she doesn't wear a hat, doesn't know where he lives", {"hat": {"yes"}}),
    ],
)
def test_what_is_denied_after_it_was_said_is_not_wanted(text: str, without: dict[str, set[str]]) -> None:
    found = parse(text, now_ms=0, zone=UTC)
    assert found.without == without
    assert found.unknown == ()


@pytest.mark.parametrize(("text", "held"), [("carrying flowers", "flowers"), ("捧着红花的人", "红花的")])
def test_flowers_in_the_hand_are_no_pattern(text: str, held: str) -> None:
    found = parse(text, now_ms=0, zone=UTC)
    assert found.wanted == {}
    assert [part.text for part in found.unsearched] == [held]
    assert parse("carrying a flowered bag", now_ms=0, zone=UTC).wanted["pattern"] == {"flowered"}


def test_either_or_denies_nothing() -> None:
    found = parse("上衣不是黑的就是深蓝的", now_ms=0, zone=UTC)
    assert (found.wanted, found.without) == ({"upper_colour": {"black", "blue"}}, {})
    assert parse("上衣不是黑的，是蓝的", now_ms=0, zone=UTC).without == {"upper_colour": {"black"}}


def test_stripes_are_of_the_colours_before_them() -> None:
    found = parse("蓝白条的衬衫，两条黑裤子", now_ms=0, zone=UTC)
    assert found.wanted["upper_colour"] == {"blue", "white"}
    assert found.wanted["lower_colour"] == {"black"}
    assert found.wanted["pattern"] == {"striped"}


@pytest.mark.parametrize("text", ["戴着口罩和帽子，都是黑的", "a mask and a cap, both black"])
def test_a_colour_said_of_all_is_that_of_each(text: str) -> None:
    found = parse(text, now_ms=0, zone=UTC)
    assert found.wanted == {"mask": {"yes"}, "mask_colour": {"black"}, "hat": {"yes"}, "hat_colour": {"black"}}


@pytest.mark.parametrize("text", ["上衣裤子都是黑的", "戴眼镜，上衣和裤子都是黑色", "coat and trousers both black"])
def test_so_it_is_within_a_clause(text: str) -> None:
    found = parse(text, now_ms=0, zone=UTC)
    assert found.wanted["upper_colour"] == found.wanted["lower_colour"] == {"black"}
    assert "glasses_colour" not in found.wanted
