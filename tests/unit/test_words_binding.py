"""Every colour goes to its garment, however the pairs are put and joined: phrases are built with what they mean."""

from dataclasses import dataclass
from datetime import UTC

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
