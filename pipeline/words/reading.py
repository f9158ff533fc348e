"""From text to tokens: spelling made uniform, longest known piece first, nothing dropped."""

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.words.ages import band, born
from pipeline.words.clock import ANY_TIME, match_time, number
from pipeline.words.joining import joined, settled
from pipeline.words.meaning import Role
from pipeline.words.names import Names
from pipeline.words.spelling import normalised
from pipeline.words.tokens import Token

if TYPE_CHECKING:
    from pipeline.words.vocabulary import Vocabulary

_BREAKS = re.compile(r"[，,。；;、！!？?\n|+&.]+")
_YEARS_ZH = (
    r"(?:\d{1,3} ?(?:-|~|到|至) ?)?(\d{1,3}|[一二三四五六七八九十百]+) ?(?:多|好几|几|来|余|出头)?"
    r"(?:(?:周|虚)?岁(?:半|多|左右|上下|出头)?|(?<=[\d十多几来头])了(?=[，,。\s的]|$)|(?<=[多头])(?=[，,。]|$))"
)
_TENS_EN = r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES_EN = r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
_OLD = r"(?:(?:years?|yrs?)(?:[ -]old| of age)|y[./]?o(?![a-z]))"
_YEARS_EN = rf"(\d{{1,3}}|(?:{_TENS_EN})(?:[ -](?:{_ONES_EN}))?|{_ONES_EN})[ -]?{_OLD}"
_DECADES_EN = "twent|thirt|fort|fift|sixt|sevent|eight|ninet"
_DECADE = re.compile(
    rf"(?:in (?:his|her|their|the) )?(?:(?:early|mid|late)[ -])?(?:([1-9])0'?s|({_DECADES_EN})ies)(?![a-z])"
    r"|(?:年近|年过|年逾)?([二三四五六七八九])旬|(?:年近|年过|年逾)([二三四五六七八九])十"
)
_ABOUT_TENS = re.compile("[一二三四五六七八九]{2}十")
_AGE = re.compile(
    rf"(?:今年|现年|年龄|年纪)?(?:大?约|大概|aged? )?(?:{_YEARS_ZH}|{_YEARS_EN})"
    r"|(?:aged?|今年|现年|年龄)(?:[: ]| is )? ?(?:about |around |approx\.? |approximately |between |约)?(\d{1,3})"
    r"(?: ?(?:-|to|and|到|至) ?\d{1,3})?(?![\d:./a-z年月日号点])"
)
_YEAR_ZH = r"((?:19|20)\d\d) ?年"
_DAY_ZH = r"(?:\d{1,2}月(?:\d{1,2}[日号])?)?"
_BORN = re.compile(
    rf"(?:出生于|生于)?{_YEAR_ZH}{_DAY_ZH}(?:出生|生(?:人)?)(?:的)?|(?:出生于|生于){_YEAR_ZH}{_DAY_ZH}"
    r"|born (?:in|on)(?: [a-z0-9 ]{1,14})? ((?:19|20)\d\d)(?!\d)"
)
_BEGINS_BIRTH = frozenset("12出生b")
_TENS = {word: 10 * (place + 2) for place, word in enumerate(_TENS_EN.split("|"))}
_ONES = {word: place + 1 for place, word in enumerate(_ONES_EN.split("|"))}
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[a-hj-np-z]\s?[·•.-]?\s?[a-hj-np-z0-9]{5,6}"
    r"(?![a-z0-9])"
)
# What has not happened yet was not seen: it is said to be not understood rather than taken for a day of the past.
TO_COME = "to come"
_TO_COME = re.compile(
    r"明天|明日|明早|明晚|(?<!前)后天(?!前)|大后天|下下?个?(?:周|星期|礼拜)[一二三四五六日天]?|下个?月|明年"
    r"|tomorrow|(?:the )?day after tomorrow|next (?:week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)
_HEIGHT = re.compile(
    r"(?:身高|高)?\s?(?:约|大约)?(?:[一1]米[\d一二三四五六七八九]{1,2}"
    r"|1\.\d{1,2} ?(?:米|m)"
    r"|1\d\d ?(?:cm|厘米|公分)"
    r"|[4-6] ?(?:ft|feet|foot|')(?: ?\d{1,2} ?(?:ins?|inch(?:es)?|\"|''))?)(?: tall|左右|高)?(?![a-z])"
)
# Said of people these are no colours of clothes, and are not searched for.
_SKIN = re.compile(
    r"(?:black|white|brown|yellow|coloured|colored)(?= (?:wo)?m[ae]n\b| (?:person|people|guy|lady|boy|girl|male|female"
    r"|kid|gentleman|teenager|child|youth|fellow|dude|folk)s?\b)"
)
# One look tells that nothing with a pattern begins here, as almost everywhere.
_ANY = re.compile(
    "|".join((ANY_TIME, *(each.pattern for each in (_PLATE, _TO_COME, _SKIN, _AGE, _BORN, _DECADE, _HEIGHT))))
)
_MAY_BEGIN = frozenset(character for character in _ANY.pattern if not character.isascii())
_LATIN = re.compile(r"[a-z0-9][a-z0-9'_-]*")


def tokens_of(text: str, words: "Vocabulary", names: Names) -> list[Token]:
    """Return the tokens of a text, in order; spaces are in none."""
    plain = normalised(text)
    tokens: list[Token] = []
    place = 0
    while place < len(plain):
        if plain[place].isspace():
            place += 1
            continue
        found = _longest(plain, place, words, names) or _break(plain, place) or _strange(plain, place)
        if found.role is Role.UNKNOWN:
            found = joined(tokens, found, plain)
        tokens.append(found)
        place = found.end
    return settled(tokens, plain)


def _longest(text: str, start: int, words: "Vocabulary", names: Names) -> Token | None:
    """Return the longest known piece that begins here; of equally long ones the first of this list."""
    found = [*_with_patterns(text, start), _word(text, start, words)]
    end, name = names.reach(text, start)
    if name:
        place = Token(start, end, name, Role.PLACE)
        found.insert(0 if found[-1] is not None and found[-1].role is Role.UNKNOWN else len(found), place)
    return max(filter(None, found), key=lambda token: token.end, default=None)


def _with_patterns(text: str, start: int) -> list[Token | None]:
    if not (text[start].isascii() or text[start] in _MAY_BEGIN) or _ANY.match(text, start) is None:
        return []
    return [
        _plate(text, start),
        _to_come(text, start),
        _skin(text, start),
        match_time(text, start),
        _age(text, start),
        _pattern(_HEIGHT, text, start),
    ]


def _plate(text: str, start: int) -> Token | None:
    match = _PLATE.match(text, start)
    if match is None:
        return None
    return Token(start, match.end(), match[0], Role.PLATE, re.sub(r"[\s·•.-]", "", match[0]).upper())


def _pattern(pattern: re.Pattern[str], text: str, start: int) -> Token | None:
    """What is recognised only to be shown whole as not understood."""
    match = None if _inside_number(text, start) else pattern.match(text, start)
    return None if match is None else Token(start, match.end(), match[0], Role.UNKNOWN)


def _to_come(text: str, start: int) -> Token | None:
    found = _pattern(_TO_COME, text, start)
    return None if found is None else replace(found, value=TO_COME)


def _skin(text: str, start: int) -> Token | None:
    found = _pattern(_SKIN, text, start)
    return None if found is None else replace(found, role=Role.REFUSED, value="ethnicity")


def _inside_number(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return before.isascii() and before.isalnum() and text[start].isascii() and text[start].isalnum()


def _age(text: str, start: int) -> Token | None:
    if _inside_number(text, start):
        return None
    match = _AGE.match(text, start)
    if match is not None:
        years = _years(match[1] or match[2] or match[3])
    else:
        match = _BORN.match(text, start) if text[start] in _BEGINS_BIRTH else None
        if match is not None:
            return Token(start, match.end(), match[0], Role.WHO, born(match[1] or match[2] or match[3]))
        match = _DECADE.match(text, start)
        if match is None:
            return None
        years = 10 * _decade(match)
    return Token(start, match.end(), match[0], Role.WHO, f"age={band(years)}")


def _years(text: str) -> float:
    if _ABOUT_TENS.fullmatch(text):  # 七八十
        return number(text[1:])
    if text.isdigit() or not text.isascii():
        return number(text)
    tens, _, ones = text.replace("-", " ").partition(" ")
    return _TENS.get(tens, _ONES.get(tens, 0)) + _ONES.get(ones, 0)


def _decade(match: re.Match[str]) -> int:
    if match[1]:
        return int(match[1])
    if match[2]:
        return _DECADES_EN.split("|").index(match[2]) + 2
    return "一二三四五六七八九".index(match[3] or match[4]) + 1


def _word(text: str, start: int, words: "Vocabulary") -> Token | None:
    found = words.match(text, start)
    if found is None:
        return None
    spelling, word = found
    return Token(start, start + len(spelling), spelling, word.role, word.value, word)


def _break(text: str, start: int) -> Token | None:
    match = _BREAKS.match(text, start)
    return None if match is None else Token(start, match.end(), match[0], Role.BREAK)


def _strange(text: str, start: int) -> Token:
    """A whole Latin word or a single character that nothing is known about; other punctuation says nothing."""
    match = _LATIN.match(text, start)
    end = start + 1 if match is None else match.end()
    part = text[start:end]
    if part == ":" or unicodedata.category(part[0]) in ("Ps", "Pe", "Pi", "Pf") or part in "\"'":
        return Token(start, end, part, Role.FILLER)
    silent = match is None and not part.isalnum() and unicodedata.category(part)[0] in "PSZC"
    return Token(start, end, part, Role.BREAK if silent else Role.UNKNOWN)
