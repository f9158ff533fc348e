"""The words zhian knows, from `configs/words/vocabulary.yaml`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import BadSettings
from pipeline.words.meaning import Role
from pipeline.words.spelling import normalised
from pipeline.words.typos import Slips

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, quicker where it was built
_LEAST = 5  # letters of a word that may be any; shorter ones are only taken for colours
_SHORT_TOO = Role.COLOUR
_TAKES_ZI = frozenset("篮袋帽裤裙鞋袜袄褂箱伞")  # 竹篮 is 竹篮子 too
_DENIM = ("jeans", "牛仔", "denim")
_NEXT = frozenset({Role.GARMENT, Role.ATTRIBUTE, Role.VEHICLE})
# What a slip is taken for: no word that hides or refuses the one that was typed.
_SLIPPED = frozenset({Role.COLOUR, Role.GARMENT, Role.ATTRIBUTE, Role.VEHICLE, Role.WHO})
SOFT = "soft"  # value of a word of grammar: one character of it that touches an unknown word is part of that
STATE = "state"  # value of a size or condition, which is understood but not searched by
_ROLES = {
    "colour": Role.COLOUR,
    "dark_or_light": Role.COLOUR,
    "shade": Role.SHADE,
    "length": Role.LENGTH,
    "garment": Role.GARMENT,
    "attribute": Role.ATTRIBUTE,
    "who": Role.WHO,
    "vehicle": Role.VEHICLE,
    "refused": Role.REFUSED,
    "not_searched": Role.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Word:
    """A known word: its role and value, what else it says, and the colour it has unless another is given."""

    role: Role
    value: str
    implies: tuple[str, ...] = ()
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by their normalised spelling."""

    words: Mapping[str, Word]
    lengths: Mapping[str, Sequence[int]]  # of the words that begin with a character, or with two; longest first
    slips: Slips

    def match(self, text: str, start: int) -> tuple[str, Word] | None:
        """Return the longest word that begins at a place of a normalised text."""
        for length in self.lengths.get(text[start : start + 2]) or self.lengths.get(text[start], ()):
            spelling = text[start : start + length]
            word = self.words.get(spelling)
            if word is None or len(spelling) < length:
                continue
            for ending in ("", "s", "es"):
                end = start + length + len(ending)
                is_abbreviation = length == 1 and word.role is Role.WHO  # `f, 30s`, but not 浙F
                if self._takes_from_next(text, start, start + length):
                    break
                if text[start + length : end] == ending and _stands_alone(text, start, end, is_abbreviation):
                    return text[start:end], word
        return None

    def _takes_from_next(self, text: str, start: int, end: int) -> bool:
        """Tell whether a word would take the first character of the garment or pattern that comes: 黄毛 of 黄毛衣."""
        last = text[end - 1]
        if end - start < 2 or end == len(text) or last.isascii() or last == "个":  # 一个 | 高中生, not 个高
            return False
        if text[start : end - 1] not in self.words:
            return False
        following = self.words.get(text[end - 1 : end + 1])
        role = self.words[text[start:end]].role
        return following is not None and following.role in _NEXT and role not in (Role.GARMENT, following.role)

    def match_slip(self, text: str, start: int, piece: str) -> tuple[str, Word] | None:
        """Return the word that an unknown `piece` of a text, from `start` on, is but for a slip of the keyboard."""
        if not piece.isascii():
            found = self.slips.sounding_like(text, start)
            return None if found is None else (found[0], self.words[found[1]])
        spelled = self.slips.spelled_like(piece) or self.slips.spelled_like(piece.removesuffix("s"))
        near = [self.words[word] for word in spelled if len(piece) >= _LEAST or self.words[word].role is _SHORT_TOO]
        return (piece, near[0]) if near and all(_is_same(word, near[0]) for word in near) else None


def _is_same(word: Word, other: Word) -> bool:
    return (word.role, word.value) == (other.role, other.value)


def _stands_alone(text: str, start: int, end: int, is_abbreviation: bool) -> bool:
    """Latin words match whole only: no `red` in `tired`."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if is_abbreviation and text[start].isascii():
        return not (before.isalnum() or after.isalnum() or before == "'")
    return not (
        (_is_latin(text[start]) and (_is_latin(before) or before == "'"))
        or (_is_latin(text[end - 1]) and _is_latin(after))
    )


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that comes along; raises BadSettings when it is not installed."""
    content = _content()
    words = dict(_read(content))
    words = {spelling.replace("-", " "): word for spelling, word in words.items() if _is_one(spelling, words)} | words
    lengths: dict[str, set[int]] = {}
    for word in words:
        lengths.setdefault(word[:2], set()).add(len(word))
    for beginning in list(lengths):
        if len(beginning) > 1 and beginning[0] in words:
            lengths[beginning].add(1)
    said = [spelling for spelling, word in words.items() if word.role in _SLIPPED]
    return Vocabulary(
        words,
        {beginning: sorted(found, reverse=True) for beginning, found in lengths.items()},
        Slips(said, **content["slips"]),
    )


def _is_one(spelling: str, words: Mapping[str, Word]) -> bool:
    """Tell whether a word with a dash is still one with a space: `father in law`, `t shirt`, but not `blue jeans`."""
    first, dash, _ = spelling.partition("-")
    return bool(dash) and spelling.isascii() and (first not in words or words[spelling].role is Role.WHO)


def labels() -> Mapping[str, Mapping[str, str]]:
    """Return the words in which a parse is shown: `zh`, `en`, and `values_zh`, Chinese for names and values."""
    found: Mapping[str, Mapping[str, str]] = _content()["labels"]
    return found


@cache
def _content() -> dict[str, Any]:
    for folder in (Path(__file__).parents[2] / "configs", Path(sys.prefix) / "share/zhian/configs"):
        path = folder / "words" / "vocabulary.yaml"
        if path.is_file():
            content: dict[str, Any] = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506
            return content
    raise BadSettings("the vocabulary is not installed: install zhian anew")


def _read(content: Mapping[str, Any]) -> Iterator[tuple[str, Word]]:
    implied: dict[str, list[str]] = {}
    colours: dict[str, str] = {}
    for says, spellings in content["implies"].items():
        for spelling in spellings:
            implied.setdefault(normalised(spelling), []).append(says)
    for colour, spellings in content["default_colour"].items():
        colours |= {normalised(spelling): colour for spelling in spellings}
    for section, value in (("grammar", SOFT), ("state", STATE)):
        word = Word(Role.FILLER, value)
        for spellings in content[section].values():
            yield from zip(map(normalised, spellings), repeat(word))
    for section in ("filler", "or", "negation"):
        yield from zip(map(normalised, content[section]), repeat(Word(Role(section), "")))
    for value, spellings in content["colour"].items():
        word = Word(Role.COLOUR, value)
        for spelling in map(normalised, spellings):
            yield from zip(_forms(spelling, content["colour_forms"]), repeat(word))
    for section, role in _ROLES.items():
        for value, spellings in content[section].items():
            has = content["has"].get(value) if role is Role.GARMENT else None
            stems = [normalised(each) for each in spellings]
            diminutives = [f"{each}子" for each in stems if role is Role.GARMENT and each[-1] in _TAKES_ZI]
            for spelling in (*diminutives, *stems):
                says = (*implied.get(spelling, _implied_by_end(spelling, value)), *([has] if has else ()))
                yield spelling, Word(role, value, says, colours.get(spelling, _own_colour(spelling, role)))


def _implied_by_end(spelling: str, value: str) -> tuple[str, ...]:
    """Return what a garment for the legs is by the end of its name: cargo shorts, 灯芯绒短裤."""
    is_short = value == "lower_colour" and spelling.endswith(("shorts", "短裤", "短裙"))
    return ("lower_length=short",) if is_short else ()


def _own_colour(spelling: str, role: Role) -> str:
    return "blue" if role is Role.GARMENT and any(each in spelling for each in _DENIM) else ""


def _forms(colour: str, forms: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the forms of a Chinese word for a colour: 黑, 黑色, 黑颜色的, 黑不溜秋的."""
    stem = colour.removesuffix("的").removesuffix("色")
    if stem and not stem.isascii():
        yield from (stem + end for end in forms["ends"])
        if len(stem) == 1:
            yield from (stem + end for end in forms["drawn"])
