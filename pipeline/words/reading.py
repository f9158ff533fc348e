"""From text to tokens: spelling made uniform, longest known word first, nothing dropped."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.words.meaning import Place, Role

if TYPE_CHECKING:
    from pipeline.words.vocabulary import Vocabulary, Word

_TRADITIONAL = str.maketrans(
    "紅藍綠黃紫褲褂襯鞋黑白灰老頭髮婦車電動時點鐘週號門東區園樓長裝雙個條頂開騎戴後過間這從來幾兩無沒帶穿歲眼鏡傘裡邊",
    "红蓝绿黄紫裤褂衬鞋黑白灰老头发妇车电动时点钟周号门东区园楼长装双个条顶开骑戴后过间这从来几两无没带穿岁眼镜伞里边",
)
_BREAKS = re.compile(r"[，,。；;、！!？?\n|+&.]+")
_AGE = re.compile(r"(\d{1,3}|[一二三四五六七八九十]+)(?:多|几)?岁|(\d{1,3})[ -]?(?:years? old|year-old|y/?o(?![a-z]))")
_OF_AGE, _GROWN = 60, 14
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[a-hj-np-z]\s?[·.-]?\s?[a-hj-np-z0-9]{5,6}(?![a-z0-9])"
)
_LATIN = re.compile(r"[a-z0-9][a-z0-9'_-]*")
_GENERIC = frozenset({"小区", "社区", "街道", "花园", "camera", "gate", "community", "the"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the normalised text, [start, end); offsets are those of the text as written."""

    start: int
    end: int
    text: str
    role: Role
    value: str = ""
    word: "Word | None" = None


def normalised(text: str) -> str:
    """Return the text with wide letters narrow, capitals small and traditional characters simple; of equal length."""
    return "".join(map(_one, text)).translate(_TRADITIONAL)


def _one(character: str) -> str:
    narrow = unicodedata.normalize("NFKC", character)
    if len(narrow) != 1:
        return character
    small = narrow.lower()
    return small if len(small) == 1 else narrow


def tokens_of(text: str, words: "Vocabulary", places: Sequence[Place]) -> list[Token]:
    """Return the tokens of a text, in order; spaces are in none."""
    from pipeline.words.clock import match_time

    plain = normalised(text)
    tokens: list[Token] = []
    place = 0
    while place < len(plain):
        if plain[place].isspace():
            place += 1
            continue
        found = (
            _plate(plain, place)
            or match_time(plain, place)
            or _age(plain, place)
            or _known(plain, place, words, places)
            or _break(plain, place)
            or _strange(plain, place)
        )
        if found.role is Role.UNKNOWN and tokens and tokens[-1].role is Role.UNKNOWN and tokens[-1].end == place:
            last = tokens.pop()
            found = Token(last.start, found.end, plain[last.start : found.end], Role.UNKNOWN)
        tokens.append(found)
        place = found.end
    return tokens


def _plate(text: str, start: int) -> Token | None:
    match = _PLATE.match(text, start)
    if match is None:
        return None
    return Token(start, match.end(), match[0], Role.PLATE, re.sub(r"[\s·.-]", "", match[0]).upper())


def _age(text: str, start: int) -> Token | None:
    from pipeline.words.clock import number

    match = _AGE.match(text, start)
    if match is None or (text[start - 1 : start].isdigit() and start):
        return None
    years = number(match[1] or match[2])
    band = "elderly" if years >= _OF_AGE else "child" if years < _GROWN else "adult"
    return Token(start, match.end(), match[0], Role.WHO, f"age={band}")


def _known(text: str, start: int, words: "Vocabulary", places: Sequence[Place]) -> Token | None:
    """Return the longer of a known word and a name of the site; the word when they are of one length."""
    word = words.match(text, start)
    length = 0 if word is None else len(word[0])
    reach = _name_length(text, start, places)
    if reach > length:
        return Token(start, start + reach, text[start : start + reach], Role.PLACE)
    if word is None:
        return None
    return Token(start, start + length, word[0], word[1].role, word[1].value, word[1])


def _name_length(text: str, start: int, places: Sequence[Place]) -> int:
    """Return how many characters from a place on are a part of a name: two or more Chinese ones, or whole words."""
    longest = 0
    for name in {normalised(name) for place in places for name in (*place.names, place.id)}:
        length = 0
        while start + length < len(text) and text[start : start + length + 1] in name:
            length += 1
        while length and not _is_name(text, start, length):
            length -= 1
        longest = max(longest, length)
    return longest


def _is_name(text: str, start: int, length: int) -> bool:
    part = text[start : start + length]
    if part.strip() != part or part in _GENERIC:
        return False
    before, after = text[start - 1 : start], text[start + length : start + length + 1]
    if part.isascii():
        alone = not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
        return length >= 3 and alone and any(character.isalpha() for character in part)
    return length >= 2


def _break(text: str, start: int) -> Token | None:
    match = _BREAKS.match(text, start)
    return None if match is None else Token(start, match.end(), match[0], Role.BREAK)


def _strange(text: str, start: int) -> Token:
    """A whole Latin word or a single character that nothing is known about; other punctuation says nothing."""
    match = _LATIN.match(text, start)
    end = start + 1 if match is None else match.end()
    part = text[start:end]
    if part == ":":
        return Token(start, end, part, Role.FILLER)
    silent = match is None and not part.isalnum() and unicodedata.category(part)[0] in "PSZC"
    return Token(start, end, part, Role.BREAK if silent else Role.UNKNOWN)
