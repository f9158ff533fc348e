"""Words that together mean something else than each: 不是黑的就是蓝的, 捧着花, 蓝白条的, `doesn't know`."""

from dataclasses import replace

from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

_FLOWERED = "pattern=flowered"
_FLOWERS = frozenset(["花", "花朵", "小花", "大花", "flower", "flowers"])
_HOLDS = frozenset(["carrying", "carries", "holding", "holds", "held", "bringing", "selling"]) | frozenset(
    ["拿", "拿着", "捧", "捧着", "抱着", "买了", "手捧", "手拿", "手持", "卖", "送"]
)
_HAVE_PATTERNS = frozenset({Role.GARMENT, Role.COLOUR, Role.SHADE})
_DRAWN = {"条": "pattern=striped", "点": "pattern=dotted", "点点": "pattern=dotted"}
_OR_IS = frozenset(["就是", "便是", "要不就是"])
_SAYS_COLOUR = frozenset({Role.COLOUR, Role.SHADE, Role.GARMENT})
_DOES_NOT = frozenset(["doesn't", "don't", "didn't", "doesnt", "dont", "didnt", "does not", "do not", "did not"])
_HAS = frozenset(
    ["wear", "have", "carry", "own", "hold", "use", "want", "need", "have on", "bring", "take", "show", "include", "a"]
) | frozenset(["any", "the", "even", "really", "usually", "normally", "always", "appear to", "seem to", "look"])


def idioms_settled(tokens: list[Token]) -> list[Token]:
    """Return the tokens with what such words mean together."""
    return _estates(_drawn(_in_hand(_either_or(_not_done(tokens)))))


def _estates(tokens: list[Token]) -> list[Token]:
    """A dark blue estate is a car, a housing estate is not."""
    return [
        replace(token, role=Role.VEHICLE, value="motor_vehicle+type=car", word=None)
        if token.text == "estate" and token.role is Role.UNKNOWN and place and tokens[place - 1].role is Role.COLOUR
        else token
        for place, token in enumerate(tokens)
    ]


def _either_or(tokens: list[Token]) -> list[Token]:
    """不是黑的就是蓝的 is one of the two, and denies nothing."""
    found = list(tokens)
    for place, token in enumerate(tokens):
        if token.text != "不是":
            continue
        other = next((at for at in range(place + 1, len(tokens)) if tokens[at].role not in _SAYS_COLOUR), len(tokens))
        has_colour = any(each.role is Role.COLOUR for each in tokens[place + 1 : other])
        if has_colour and other < len(tokens) and tokens[other].text in _OR_IS:
            found[place] = replace(token, role=Role.FILLER, value="")
            found[other] = replace(tokens[other], role=Role.OR)
    return found


def _not_done(tokens: list[Token]) -> list[Token]:
    """What somebody does not do says nothing of looks: `doesn't know where he lives`, but `doesn't wear glasses`."""
    return [
        replace(token, role=Role.FILLER, value="")
        if token.role is Role.NEGATION
        and token.text in _DOES_NOT
        and place + 1 < len(tokens)
        and tokens[place + 1].role is Role.FILLER
        and tokens[place + 1].text not in _HAS
        else token
        for place, token in enumerate(tokens)
    ]


def _in_hand(tokens: list[Token]) -> list[Token]:
    """Flowers that somebody holds are no pattern: `carrying flowers`, 捧着花."""
    found = list(tokens)
    for place, token in enumerate(tokens):
        if token.value != _FLOWERED or token.text.removesuffix("的") not in _FLOWERS or not _is_held(found[:place]):
            continue
        if place + 1 == len(tokens) or tokens[place + 1].role not in _HAVE_PATTERNS:
            found[place] = replace(token, role=Role.UNKNOWN, value="thing", word=None)
    return found


def _drawn(tokens: list[Token]) -> list[Token]:
    """条 and 点 after a colour and before what has them are its pattern: 蓝白条的衬衫, 绿底白点的裙子."""
    return [
        replace(token, role=Role.ATTRIBUTE, value=_DRAWN[token.text], word=None)
        if token.text in _DRAWN
        and 0 < place < len(tokens) - 1
        and tokens[place - 1].role is Role.COLOUR
        and tokens[place - 1].end == token.start
        and (tokens[place + 1].text == "的" or tokens[place + 1].role is Role.GARMENT)
        else token
        for place, token in enumerate(tokens)
    ]


def _is_held(before: list[Token]) -> bool:
    for token in reversed(before):
        if token.text in _HOLDS:
            return True
        if token.role is not Role.FILLER and token.role is not Role.COLOUR:
            return False
    return False
