"""What a pattern may begin with, so that most places of a text are not tried with all of them."""

import re
from functools import cache
from string import digits

ANY = ""  # in a set of characters: any may come
_SETS = {"d": frozenset(digits), "s": frozenset(" \t\n\r\f\v"), "b": frozenset[str](), "n": frozenset("\n")}
_AROUND = re.compile(r"\?<?[=!]")
_QUANTITY = re.compile(r"[?*+]|\{\d*,?\d*\}")
_OF_CLASS = re.compile(r"(\\u[0-9a-f]{4}|\\.|[^\\])(?:-(\\u[0-9a-f]{4}|[^\\]))?")
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\\\]])+)\]")
_Begins = tuple[frozenset[str], bool]  # the characters a piece may begin with, and whether it may match nothing


@cache
def beginnings(source: str) -> frozenset[str]:
    """Return every character with which what a pattern matches can begin; `ANY` among them stands for all.

    The pattern is made of plain characters, classes, groups, looks ahead and behind, alternatives and quantities.
    """
    return _Reader(source).alternatives()[0]


def may_begin(pattern: re.Pattern[str], character: str) -> bool:
    """Tell whether what a pattern matches can begin with a character."""
    return not beginnings(pattern.pattern).isdisjoint((character, ANY))


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def alternatives(self) -> _Begins:
        """Read up to the end of the group, or of the pattern."""
        found, empty = self._sequence()
        while self._source.startswith("|", self._at):
            self._at += 1
            begins, nothing = self._sequence()
            found, empty = found | begins, empty or nothing
        return found, empty

    def _sequence(self) -> _Begins:
        found, empty = frozenset[str](), True
        while self._at < len(self._source) and self._source[self._at] not in "|)":
            begins, nothing = self._piece()
            found, empty = (found | begins, nothing) if empty else (found, False)
        return found, empty

    def _piece(self) -> _Begins:
        begins, empty = self._atom()
        quantity = _QUANTITY.match(self._source, self._at)
        while quantity is not None:
            self._at = quantity.end()
            empty = empty or quantity[0].startswith(("?", "*", "{0", "{,"))
            quantity = _QUANTITY.match(self._source, self._at)
        return begins, empty

    def _atom(self) -> _Begins:
        sign = self._source[self._at]
        if sign == "[":
            return self._class(), False
        self._at += 1
        if sign == "(":
            return self._group()
        if sign == "\\":
            escaped = self._source[self._at]
            self._at += 1
            return _SETS.get(escaped, frozenset(escaped)), escaped == "b"
        if sign in "^$":
            return frozenset(), True
        return frozenset({ANY if sign == "." else sign}), False

    def _group(self) -> _Begins:
        around = _AROUND.match(self._source, self._at)
        if around is not None:
            self._at = around.end()
        elif self._source.startswith("?:", self._at):
            self._at += 2
        begins = self.alternatives()
        self._at += 1
        return begins if around is None else (frozenset(), True)

    def _class(self) -> frozenset[str]:
        match = _CLASS.match(self._source, self._at)
        assert match is not None
        self._at = match.end()
        if match[1]:
            return frozenset({ANY})
        found: set[str] = set()
        for first, last in _OF_CLASS.findall(match[2]):
            found |= _range(first, last)
        return frozenset(found)


def _range(first: str, last: str) -> frozenset[str]:
    if first.startswith("\\") and len(first) == 2:
        return _SETS.get(first[1], frozenset(first[1]))
    if not last:
        return frozenset(_character(first))
    return frozenset(map(chr, range(ord(_character(first)), ord(_character(last)) + 1)))


def _character(said: str) -> str:
    return chr(int(said[2:], 16)) if said.startswith("\\u") else said
