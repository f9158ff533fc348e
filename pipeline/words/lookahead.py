"""What the rest of a clause tells about a colour: whether it comes before or after what it is the colour of."""

from collections.abc import Iterator, Sequence

from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

AND = frozenset({"和", "and", "与", "及", "跟", "加", "&", "间"})
# Verbs that turn to another thing: `in white carrying a brown bag`.
TURNS = frozenset(
    ["carrying", "holding", "with", "wearing", "riding", "pushing", "has", "having", "sporting"]
) | frozenset(
    ["背", "背着", "拎", "拎着", "戴", "戴着", "提着", "拿着", "骑", "骑着", "推着", "打着", "撑着", "穿", "穿着"]
)
# What stands between a thing and the colour it is said to have: 裤子是黑的, `the coat: red`.
IS = frozenset(["是", "为", "就是", "应该是", "好像是", "可能是", "大概是", ":", "("]) | frozenset(
    ["is", "are", "was", "were", "颜色是", "颜色为"]
)
OF_THE_THING = frozenset(["的", "颜色", "色", "都", "也", "全", "呢", "color", "colour", "both"]) | frozenset(
    ["probably", "maybe", "all"]
)
PERHAPS = frozenset(["可能", "可能是", "也可能", "也许", "也许是", "或许", "maybe", "perhaps", "possibly", "might be"])
ALL = frozenset(["都", "都是", "都为", "全是", "全都是", "both", "all"])
WEARS = frozenset(["in", "one", "ones", "wearing", "穿", "穿着", "一个"])
_OF = frozenset(["的", "的人", "的都"])
NONE = frozenset(["none", "nil", "n/a"])
_SAYS_NOTHING = frozenset({Role.FILLER, Role.SHADE, Role.LENGTH, Role.OR, Role.NEGATION})
_COLOURED = frozenset({Role.GARMENT, Role.VEHICLE})
_COLOURED_ONES = frozenset(["glasses=yes", "mask=yes", "cane=yes", "wheelchair=yes", "pushchair=yes", "dog=yes"])
_IN_A_LIST = frozenset({Role.COLOUR, Role.SHADE, Role.FILLER, Role.BREAK})


def clause(rest: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens up to the next comma or full stop."""
    for token in rest:
        if token.role is Role.BREAK:
            return
        yield token


def garment_follows(rest: Sequence[Token]) -> bool:
    """Tell whether the next thing that says something in this clause can have a colour."""
    for token in clause(rest):
        if token.role in _COLOURED or token.value in _COLOURED_ONES:
            return True
        if token.text in TURNS:
            return False
        if token.role not in _SAYS_NOTHING and token.role is not Role.COLOUR:
            return False
    return False


def ends_with_colour(rest: Sequence[Token]) -> bool:
    """Tell whether a clause ends with a colour: then one that begins with a garment says colours after garments."""
    last = [token.role for token in clause(rest) if token.role in _COLOURED or token.role is Role.COLOUR]
    return bool(last) and last[-1] is Role.COLOUR


def more_colours(rest: Sequence[Token]) -> bool:
    """Tell whether another colour of the same thing follows, at once or after `or`."""
    either = False
    for place, token in enumerate(clause(rest)):
        if token.role is Role.COLOUR:
            return either or not garment_follows(rest[place + 1 :])
        either = either or token.role is Role.OR
        if token.role not in (Role.OR, Role.SHADE, Role.FILLER):
            return False
    return False


def denied_after(rest: Sequence[Token]) -> bool:
    """Tell whether what has just come is said not to be there or wanted: `hat: none`, 帽子：无, 戴帽子的不要."""
    said = [token for token in clause(rest) if token.text not in IS and token.text not in _OF]
    return len(said) == 1 and (said[0].role is Role.NEGATION or said[0].text in NONE)


def colour_next(rest: Sequence[Token]) -> bool:
    """Tell whether another colour of what has just got one follows at once: 上衣是黑白相间的, `it is red or blue`."""
    for place, token in enumerate(clause(rest)):
        if token.role is Role.COLOUR:
            return place == 0 or not garment_follows(rest[place + 1 :])
        if token.role not in (Role.OR, Role.SHADE) and token.text not in AND:
            return False
    return False


def list_goes_on(comma: Token, rest: Sequence[Token]) -> bool:
    """Tell whether a comma stands in a list of colours of one thing: `red, orange or pink jacket`, 红、黄色上衣."""
    if not rest or rest[0].role not in (Role.COLOUR, Role.SHADE):
        return False
    joined = comma.text == "、"
    for token in rest:
        joined = joined or token.role is Role.OR or token.text in AND
        if token.role in _COLOURED:
            return joined
        if token.role not in _IN_A_LIST and token.role is not Role.OR:
            return False
    return False


def thing_follows(rest: Sequence[Token]) -> bool:
    """Tell whether something one has or has not comes next: `no hat or glasses`."""
    for token in clause(rest):
        if token.role is Role.GARMENT:
            return token.word is not None and any(says.endswith("=yes") for says in token.word.implies)
        if token.role is Role.ATTRIBUTE:
            return token.value.endswith("=yes")
        if token.text not in ("a", "an", "any", "戴", "带", "背"):
            return False
    return False
