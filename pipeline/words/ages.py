"""Ages said without the word for years: a bare number after whom it is said of, and a year of birth."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.words.clock import number
from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

OLD, GROWN = 60, 18  # where the bands of GA/T 1400 begin
OLDEST = 110
_HOURS = 24  # of a day
TENS = {
    word: 10 * (at + 2)
    for at, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
}
_NUMBER = re.compile(
    r"(?:(?:about|around|approx\.?|approximately|大约|约) ?)?(\d{1,3}|[二三四五六七八九]?十[一二三四五六七八九]?"
    rf"|{'|'.join(TENS)})"
)
_ROUGH_HOUR = re.compile(r"(?:about|around|circa) \d{1,2}")
_ABOUT = frozenset(
    ["about", "around", "approx", "approx.", "approximately", "roughly", "大约", "大概", "约", "of", "only"]
) | frozenset(["maybe", "perhaps", "probably", "possibly", "可能", "估计", "也就", "差不多"])
_DECIMAL = frozenset(".:/")
_SAYS_AGE = frozenset(["is", "was", "-", "–", "—"])
_SAYS_WHOM = frozenset({Role.WHO, Role.BREAK})
_BORN = "born="


def band(years: float) -> str:
    """Return the name of the band of an age."""
    return "elderly" if years >= OLD else "child" if years < GROWN else "adult"


def born(year: str) -> str:
    """Return what a token says that names a year of birth; `ages_settled` makes an age of it."""
    return f"{_BORN}{year}"


def ages_settled(tokens: Sequence[Token], this_year: int) -> list[Token]:
    """Make ages of years of birth, and of numbers that stand alone after somebody: `a woman, 78, in grey`."""
    found: list[Token] = []
    somebody = False
    for place, token in enumerate(tokens):
        settled = token
        if token.value.startswith(_BORN):
            settled = _of_birth(token, this_year)
        elif token.role is Role.TIME and _is_small(token, found, tokens[place + 1 : place + 2]):
            settled = replace(token, role=Role.WHO, value="age=child")
        elif _may_be_age(token, found, somebody=somebody) and _is_age(token, found, tokens[place + 1 : place + 2]):
            match = _NUMBER.fullmatch(token.text)
            assert match is not None
            settled = replace(token, role=Role.WHO, value=f"age={band(_count(match[1]))}")
        found.append(settled)
        somebody = somebody or (token.role is Role.WHO and "gender=" in token.value)
    return found


def _may_be_age(token: Token, before: Sequence[Token], *, somebody: bool) -> bool:
    """Tell whether a number may be an age: of somebody named, or a rough one that is no hour, `barefoot, about 85`."""
    match = _NUMBER.fullmatch(token.text) if token.role is Role.UNKNOWN else None
    if match is None or somebody:
        return match is not None
    is_rough = match[0] != match[1] or (bool(before) and before[-1].text in _ABOUT)
    return is_rough and _count(match[1]) > _HOURS


def _is_small(token: Token, before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Tell whether a rough hour is the age of a child named just before: `a boy, about 6, in red`."""
    if not _ROUGH_HOUR.fullmatch(token.text) or (after and after[0].role is not Role.BREAK):
        return False
    named = [each for each in before if each.role is not Role.BREAK][-1:]
    return bool(named) and named[0].role is Role.WHO and "age=child" in named[0].value


def _count(said: str) -> float:
    return TENS[said] if said in TENS else number(said)


def _of_birth(token: Token, this_year: int) -> Token:
    years = this_year - int(token.value.removeprefix(_BORN))
    if not 0 <= years <= OLDEST:
        return replace(token, role=Role.UNKNOWN, value="")
    return replace(token, value=f"age={band(years)}")


def _is_age(said: Token, before: Sequence[Token], after: Sequence[Token]) -> bool:
    match = _NUMBER.fullmatch(said.text)
    if match is None or not 1 < _count(match[1]) <= OLDEST:
        return False
    if after and after[0].role not in (Role.BREAK, Role.FILLER):
        return False
    if before and before[-1].end == said.start and before[-1].text in _DECIMAL:  # 1.80
        return False
    place = len(before) - 1
    while place >= 0 and before[place].text in _ABOUT:
        place -= 1
    return place < 0 or before[place].role in _SAYS_WHOM or before[place].text in _SAYS_AGE
