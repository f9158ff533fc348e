"""Puts pieces together that only mean something as one: unknown words, things with their colour, `上紫下灰`."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.words.idioms import idioms_settled
from pipeline.words.meaning import Role
from pipeline.words.tokens import Token
from pipeline.words.typos import COLOUR_SLIPS, GARMENT_SLIPS
from pipeline.words.vocabulary import SOFT, STATE

if TYPE_CHECKING:
    from pipeline.words.vocabulary import Vocabulary

_PLACE_ENDS = re.compile(
    r"(?:路|街|巷|弄|村|苑|园|店|桥|镇|乡|站|厅|院|馆|校|超市|学校|广场|小区|大厦|公司|菜场|市场)$"
)
_LEADS = frozenset("在从往到去向于经的了是有")
_SEXES = frozenset("男女人")  # an unknown word on both sides takes nothing of these
_BEGINS_WORDS = frozenset("花老")  # 花盆 is no pattern, 老王 not old
_IN_WORDS = frozenset({Role.FILLER, Role.COLOUR, Role.ATTRIBUTE, Role.WHO, Role.SHADE, Role.LENGTH})
_COLOURED = frozenset({Role.GARMENT, Role.VEHICLE})
_GARMENTS_BY_MATERIAL = frozenset(
    ["fleece", "knit", "woolly", "leathers", "windproof", "waterproof", "puffa", "tweed", "hi-vis"]
)
_BEFORE_GARMENTS = frozenset({Role.COLOUR, Role.SHADE, Role.LENGTH})
_OF_VEHICLES = frozenset(
    ["suspect", "target", "subject", "courier", "police", "school", "staff", "resident", "visitor"]
)
_HALVES = {"上": "upper_colour", "下": "lower_colour"}


def joined(tokens: list[Token], found: Token, plain: str) -> Token:
    """Join an unknown piece with the unknown before it, and an unknown place with the colour its name begins with.

    Takes what is joined off the end of `tokens`.
    """
    if tokens and tokens[-1].role is Role.UNKNOWN and tokens[-1].end == found.start and not tokens[-1].value:
        found = replace(found, start=tokens.pop().start)
    start = found.start
    if len(tokens) > 1 and _is_between(tokens[-2], tokens[-1], start):  # 叽里咕噜
        tokens.pop()
        start = tokens.pop().start
    if _PLACE_ENDS.search(plain[start : found.end]):  # 黄浦路 is no yellow
        while tokens and _begins_name(tokens[-1], start):
            start = tokens.pop().start
    return replace(found, start=start, text=plain[start : found.end])


def one_character_slips(tokens: list[Token], words: "Vocabulary") -> list[Token]:
    """Read a lone character as the colour or garment it sounds like where its neighbour has or is one: 兰衣服, 黑库."""
    found = list(tokens)
    for place, token in enumerate(tokens):
        if token.role not in (Role.UNKNOWN, Role.FILLER) or token.end - token.start != 1:
            continue
        before, after = (tokens[place - 1] if place else None), (tokens[place + 1] if place + 1 < len(tokens) else None)
        meant = None
        if after is not None and after.start == token.end and (after.role in _COLOURED or after.text in ("的", "色")):
            meant = COLOUR_SLIPS.get(token.text)
        if before is not None and before.end == token.start and before.role in _BEFORE_GARMENTS:
            meant = GARMENT_SLIPS.get(token.text, meant)
        if meant is not None:
            word = words.words[meant]
            found[place] = replace(token, role=word.role, value=word.value, word=word)
    return found


def whole(tokens: list[Token], plain: str) -> list[Token]:
    """Join the single characters that touch an unknown word with it, if they are such as words are made of: 可疑."""
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else None
        if before is not None and before.end == token.start and _are_one(before, token):
            found[-1] = Token(before.start, token.end, plain[before.start : token.end], Role.UNKNOWN)
        else:
            found.append(token)
    return found


def _are_one(before: Token, after: Token) -> bool:
    for one, other in ((before, after), (after, before)):
        is_unknown = one.role is Role.UNKNOWN and not one.value
        is_soft = other.role is Role.FILLER and other.value in (SOFT, STATE) and not other.text.isascii()
        if is_unknown and is_soft and other.end - other.start == 1:
            return True
    return False


def settled(tokens: list[Token], plain: str) -> list[Token]:
    """Give what belongs to an unknown word to it: the letter it begins with (红领巾, 花盆), the colour of a thing."""
    found: list[Token] = []
    tokens = idioms_settled(tokens)
    for place, token in enumerate(tokens):
        before = found[-1] if found else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if before is not None and before.text == "的" and token.value == "thing" and _touch(found[-2:], token):
            found.pop()
            before = replace(found[-1], end=token.start)
        if before is not None and token.role is Role.UNKNOWN and _is_of(before, token, after, plain):
            found.pop()
            start = before.start
            if found and found[-1].role is Role.UNKNOWN and found[-1].end == start:
                start = found.pop().start
            found.append(replace(token, start=start, text=plain[start : token.end]))
        else:
            found.append(token)
    return _halves(_all_of_one_colour(_sorts_of_vehicles(_named_by_material(found))))


def _all_of_one_colour(tokens: list[Token]) -> list[Token]:
    """Read `all black` as the colour of both halves where nothing follows that it could be the colour of."""
    found: list[Token] = []
    for place, token in enumerate(tokens):
        follows = tokens[place + 1].role if place + 1 < len(tokens) else Role.BREAK
        if token.role is Role.COLOUR and found and found[-1].text == "all" and follows is Role.BREAK:
            before = found.pop()
            says = "+".join(f"{name}={value}" for name in _HALVES.values() for value in token.value.split("|"))
            found.append(Token(before.start, token.end, f"{before.text} {token.text}", Role.ATTRIBUTE, says))
        else:
            found.append(token)
    return found


def _sorts_of_vehicles(tokens: list[Token]) -> list[Token]:
    """Whoever a vehicle is for is not who is looked for: 快递三轮."""
    return [
        replace(token, role=Role.FILLER, value="")
        if token.value == "kind=person"
        and place + 1 < len(tokens)
        and tokens[place + 1].role is Role.VEHICLE
        and (tokens[place + 1].start == token.end or token.text in _OF_VEHICLES)
        else token
        for place, token in enumerate(tokens)
    ]


def _named_by_material(tokens: list[Token]) -> list[Token]:
    """Take a fleece for a garment where none follows: `a lilac fleece and navy trousers`."""
    return [
        replace(token, role=Role.GARMENT, value="upper_colour", word=None)
        if token.text in _GARMENTS_BY_MATERIAL
        and token.role is Role.SHADE
        and not (place + 1 < len(tokens) and tokens[place + 1].role in (Role.GARMENT, Role.SHADE, Role.UNKNOWN))
        else token
        for place, token in enumerate(tokens)
    ]


def _touch(before: list[Token], token: Token) -> bool:
    ends = [each.end for each in before]
    return len(before) == 2 and before[0].role is Role.COLOUR and ends == [before[1].start, token.start]


def _is_of(before: Token, unknown: Token, after: Token | None, plain: str) -> bool:
    if after is not None and after.role in _COLOURED and after.start == unknown.end:
        return False
    if unknown.value == "thing" and before.role is Role.COLOUR:  # a silver watch, 蓝色的保温杯
        return not plain[before.end : unknown.start].strip()
    single = before.end == unknown.start and len(before.text) == 1
    return single and (before.role is Role.COLOUR or before.text in _BEGINS_WORDS)


def _is_between(before: Token, between: Token, end: int) -> bool:
    touches = before.end == between.start and between.end == end and between.end - between.start == 1
    inside = between.role in _IN_WORDS and between.text not in _LEADS and between.text not in _SEXES
    return touches and inside and before.role is Role.UNKNOWN


def _begins_name(token: Token, end: int) -> bool:
    single = token.end == end and token.end - token.start == 1 and token.text not in _LEADS
    return single and token.role in (Role.COLOUR, Role.ATTRIBUTE, Role.FILLER, Role.WHO)


def _halves(tokens: list[Token]) -> list[Token]:
    """Read `上紫下灰` as the colours of both halves; `下` keeps its own where a garment follows: 上白下黑裤子."""
    found: list[Token] = []
    upper = False
    for place, token in enumerate(tokens):
        before = found[-1] if found else None
        if before is not None and _is_half(before, token, upper, tokens[place + 1 : place + 3]):
            upper = before.text == "上"
            name = _HALVES[before.text]
            says = "+".join(f"{name}={value}" for value in token.value.split("|"))
            found[-1] = Token(before.start, token.end, before.text + token.text, Role.ATTRIBUTE, says)
        else:
            found.append(token)
    return found


def _is_half(before: Token, colour: Token, upper: bool, rest: list[Token]) -> bool:
    if before.end != colour.start or colour.role is not Role.COLOUR or before.role is not Role.FILLER:
        return False
    if before.text == "上":
        follows = [token.text for token in rest if token.role is not Role.BREAK][:1]
        return follows == ["下"]
    return before.text == "下" and upper and not (rest and rest[0].role in _COLOURED)
