"""Which patterns may begin with a character, so that most places of a text are not tried with all of them."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from string import ascii_lowercase, digits

_NUMERALS = "一二两三四五六七八九十几半"
_QUANTITIES = re.compile(r"\{\d+(,\d*)?\}")
_ESCAPES = re.compile(r"\\[a-zA-Z]|\(\?<?[:=!]")


def may_begin(source: str, character: str) -> bool:
    """Tell whether what a pattern matches can begin with a character: never False where it can.

    A pattern says what it begins with, so a Chinese character that is nowhere in it begins nothing of it, and neither
    does a digit or a letter where there is none. No pattern may begin with a class of all characters.
    """
    if not character.isascii():
        return character in source
    if character.isdigit():
        return r"\d" in source or any(each.isdigit() for each in _QUANTITIES.sub("", source))
    return not character.isalpha() or character in _ESCAPES.sub("", source)


def by_beginning(patterns: Sequence[re.Pattern[str]]) -> Callable[[str], tuple[re.Pattern[str], ...]]:
    """Return a function that gives the patterns which may begin with a character, as one for digits and for letters."""

    @cache
    def joined(characters: str) -> tuple[re.Pattern[str], ...]:
        possible = [each.pattern for each in patterns if any(may_begin(each.pattern, c) for c in characters)]
        return (re.compile("|".join(f"(?:{source})" for source in possible)),)

    @cache
    def of(character: str) -> tuple[re.Pattern[str], ...]:
        for kind in (digits, ascii_lowercase, _NUMERALS):
            if character in kind:
                return joined(kind)
        return tuple(pattern for pattern in patterns if may_begin(pattern.pattern, character))

    return of
