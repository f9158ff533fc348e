"""Slips of the keyboard: Chinese characters that sound alike (兰色 for 蓝色), English words one letter off (`jaket`).

Only a word that is otherwise unknown is read as another one, and only when no other word is as near.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

_LEAST = 5  # letters of an English word: shorter ones are one letter off too many others
_SURE = 6  # letters from which one may be another letter, not only missing, doubled or swapped
_LONGEST = 6  # characters of a Chinese word
# One character for another is read so only where its neighbour says what it must be: 兰衣服, 黑库.
COLOUR_SLIPS = {"兰": "蓝", "篮": "蓝", "洪": "红", "嘿": "黑", "律": "绿", "宗": "棕", "仔": "紫", "辉": "灰"}
GARMENT_SLIPS = {"库": "裤", "酷": "裤", "群": "裙", "冒": "帽", "杉": "衫", "依": "衣", "携": "鞋"}


class Slips:
    """The words of a vocabulary, found by what people type for them.

    `alike` are groups of characters that sound alike, of which the first is meant; `own` are words that are none of the
    vocabulary, however near they are.
    """

    def __init__(self, words: Iterable[str], alike: Sequence[str], own: Iterable[str]) -> None:
        self._first = str.maketrans({other: group[0] for group in alike for other in group[1:]})
        self._own = frozenset(own)
        self._words = tuple(words)

    @cached_property  # the tables are for texts with slips: most have none
    def _letters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self._words:
            if len(word) >= _LEAST and word.isascii() and word.isalpha():
                for left in {word, *_without_one(word)}:
                    found.setdefault(left, []).append(word)
        return found

    @cached_property
    def _sounds(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for word in self._words:
            if 1 < len(word) <= _LONGEST and not word.isascii() and not word.endswith("的"):
                found.setdefault(word.translate(self._first), word)
        return found

    def sounding_like(self, text: str, start: int) -> tuple[str, str] | None:
        """Return the longest piece of a text from a place on that sounds like a word of several, and that word."""
        for length in range(min(_LONGEST, len(text) - start), 1, -1):
            piece = text[start : start + length]
            word = self._sounds.get(piece.translate(self._first))
            if word is not None and piece not in self._own:
                return piece, word
        return None

    def spelled_like(self, word: str) -> list[str]:
        """Return the words that one slip makes this one of: a letter missing, doubled, swapped with the next, wrong."""
        if len(word) < _LEAST - 1 or not (word.isascii() and word.isalpha()) or word in self._own:
            return []
        near = {other for left in {word, *_without_one(word)} for other in self._letters.get(left, ())}
        return sorted(other for other in near if other[0] == word[0] and _is_slip(word, other))


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _is_slip(typed: str, meant: str) -> bool:
    if len(typed) == len(meant):
        wrong = [at for at, (a, b) in enumerate(zip(typed, meant, strict=True)) if a != b]
        if len(wrong) == 2:
            first, second = wrong
            return second == first + 1 and typed[first] == meant[second] and typed[second] == meant[first]
        return len(wrong) == 1 and len(meant) >= _SURE
    shorter, longer = sorted((typed, meant), key=len)
    return len(longer) - len(shorter) == 1 and shorter in set(_without_one(longer))
