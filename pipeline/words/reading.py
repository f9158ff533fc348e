"""From text to tokens: spelling made uniform, longest known piece first, nothing dropped."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pipeline.words.beginnings import may_begin
from pipeline.words.chunks import parted
from pipeline.words.clock import TIMES, match_time, number
from pipeline.words.joining import joined, one_character_slips, settled, whole
from pipeline.words.meaning import Role
from pipeline.words.names import Names
from pipeline.words.notices import NOTICES, match_notice
from pipeline.words.people import AGES, FIGURES, KIN, match_age, match_figure, match_kin
from pipeline.words.spelling import normalised
from pipeline.words.tokens import Token
from pipeline.words.vocabulary import SOFT, STATE

if TYPE_CHECKING:
    from pipeline.words.vocabulary import Vocabulary

_BREAKS = re.compile(r"[，,。；;、！!？?\n|+&.]+")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[a-hj-np-z]\s?[·•.-]?\s?[a-hj-np-z0-9]{5,6}"
    r"(?![a-z0-9])"
)
# Plates of which not all was read: 浙F·12?, 浙F开头, 尾号668. In what they say `?` is one character, `*` any number.
_PROVINCE = r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PART_OF_PLATE = re.compile(
    rf"({_PROVINCE}\s?[a-hj-np-z]\s?[·•.-]?\s?(?=[a-z0-9?*]*\d)(?:[a-hj-np-z0-9?*]{{2,7}}|[a-hj-np-z0-9](?=[开打]头)))(?![a-z0-9])(开头|打头)?"
    rf"|([京津沪渝冀豫辽湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤川宁琼])(?=牌)牌照?|({_PROVINCE}\s?[a-hj-np-z])\s?(?:开头|打头|的牌照|牌照|的车牌|牌)"
    r"|(?:车牌|牌照|号牌|车牌号)?(?:的)?(?:尾号|末尾|后[两三四]位|末[两三四]位|最后[两三四]位)(?:数)?(?:是|为)?[:\s]?([a-z0-9]{2,5})(?![a-z0-9])"
    r"|(?:number |licen[cs]e )?plates?(?: number)?(?: is)? (?:ends?|ending|finish(?:es|ing)?)(?: in| with)?"
    r" ([a-z0-9]{2,5})(?![a-z0-9])"
    r"|(?:number |licen[cs]e )?plates?(?: number)?(?: is)? (?:starts?|starting|begins?|beginning)(?: in| with)?"
    rf" ({_PROVINCE}?\s?[a-hj-np-z0-9·•.-]{{1,6}})(?![a-z0-9])"
)
# What has not happened yet was not seen, and days of the lunar calendar are not reckoned: said to be not understood
# rather than taken for another day.
NO_DAY = "no day"
_LUNAR = (
    r"(?:农历|阴历|旧历)(?:[闰正冬腊一二三四五六七八九十]+月)?(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[一二三]?十[一二三四五六七八九]?)?"
    r"|(?:[正冬腊]月|闰[一二三四五六七八九十]+月)(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[一二三]?十[一二三四五六七八九]?)?"
    r"|[一二三四五六七八九十]+月(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?)|八月十五|初[一二三四五六七八九十](?!的?(?:学生|[男女]生|[男女]孩|同学|年级|班))|大年(?:三十|初[一二三四五六七八九十])"
    r"|(?:除夕|春节|元宵|清明|端午|七夕|中秋|重阳|腊八|冬至|立冬|立春|夏至|国庆|元旦|圣诞|(?:五一|劳动|儿童|情人|妇女|教师|万圣|中元)节)"
    r"(?:节|夜)?(?:那天|当天|那日|期间|假期|前后|长假|前夕|那晚)?"
    r"|(?:spring festival|lunar new year|chinese new year|mid-?autumn(?: festival)?|dragon boat(?: festival)?"
    r"|national day|labou?r day|christmas(?: eve| day)?|new year'?s(?: eve| day)?|easter|halloween"
    r"|thanksgiving)(?![a-z])"
)
_NO_DAY = re.compile(
    rf"{_LUNAR}|明天|明日|明早|明晚|(?<!前)后天(?!前)|大后天|下下?个?(?:周|星期|礼拜)[一二三四五六日天]?|下个?月|明年"
    r"|tomorrow|(?:the )?day after tomorrow|next (?:week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)
# Said of people these are no colours of clothes, and are not searched for.
_SKIN = re.compile(
    r"(?:black|white|brown|yellow|coloured|colored)(?= (?:wo)?m[ae]n\b| (?:person|people|guy|lady|boy|girl|male|female"
    r"|kid|gentleman|teenager|child|youth|fellow|dude|folk)s?\b)"
)
_ORIGIN = re.compile(r"(?:本地)?(?:口音|方言|土话|话|腔)|籍|人(?=[，,。;；、\s]|$)")  # 嘉善口音 is no place
_NUMBERED_ZH = {
    "gate": ("号门",),
    "block": ("幢", "号楼", "栋"),
    "building": ("幢", "号楼", "栋"),
    "entrance": ("号口",),
}
_NUMBERED = re.compile(
    r"(gate|block|building|entrance) (?:no\.? ?|number )?"
    r"(\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)(?![a-z0-9])"
)
_MAY_SLIP = frozenset({Role.FILLER, Role.LENGTH, Role.SHADE})
_OF_FORM = re.compile(r"[-–—=] ?(?:no|none|nil|无|没有)(?=\s*(?:[;；,，.。\n|]|$))")  # hat - no
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
        if found.role is Role.UNKNOWN or (found.role in _MAY_SLIP and found.end - found.start == 1):
            found = _slip(plain, found, words) or found
        if found.role is Role.UNKNOWN:
            found = joined(tokens, found, plain)
        tokens.append(found)
        place = found.end
    return parted(settled(whole(one_character_slips(tokens, words), plain), plain), plain)


def _longest(text: str, start: int, words: "Vocabulary", names: Names) -> Token | None:
    """Return the longest known piece that begins here; of equally long ones the first of this list."""
    longest: Token | None = None
    before_words, after_words = _matchers(text[start])
    for match in before_words:
        longest = _longer(longest, match(text, start))
    word = _word(text, start, words)
    longest = _longer(longest, word)
    for match in after_words:
        longest = _longer(longest, match(text, start))
    end, name = names.reach(text, start)
    if not name:
        end, name = _numbered(text, start, names)
    if not name:
        return longest
    origin = _ORIGIN.match(text, end)
    if origin is not None:
        return _longer(longest, Token(start, origin.end(), text[start : origin.end()], Role.UNKNOWN, "other"))
    place = Token(start, end, name, Role.PLACE)
    says_little = word is not None and (word.role is Role.UNKNOWN or word.value in (SOFT, STATE))
    return _longer(place, longest) if says_little else _longer(longest, place)


def _longer(one: Token | None, other: Token | None) -> Token | None:
    """Return the longer of two pieces, the first if they are equally long."""
    return other if one is None or (other is not None and other.end > one.end) else one


def _numbered(text: str, start: int, names: Names) -> tuple[int, str]:
    """Return where `gate 3` ends and the Chinese name the site has for it, which is empty if it has none."""
    match = None if _inside_number(text, start) else _NUMBERED.match(text, start)
    if match is None:
        return start, ""
    count = round(number(match[2]))
    said = (f"{count}{word}" for word in _NUMBERED_ZH[match[1]])
    return match.end(), next(filter(names.has, said), "")


def _plate(text: str, start: int) -> Token | None:
    match = _PLATE.match(text, start)
    if match is not None:
        return Token(start, match.end(), match[0], Role.PLATE, _plain_plate(match[0]))
    match = _PART_OF_PLATE.match(text, start)
    if match is None:
        return None
    begins, ends = match[1] or match[3] or match[4] or match[7], match[5] or match[6]
    whole = bool(match[1]) and not match[2]
    says = f"*{_plain_plate(ends)}" if ends else _plain_plate(begins) + ("" if whole else "*")
    return Token(start, match.end(), match[0], Role.PLATE, says)


def _plain_plate(said: str) -> str:
    return re.sub(r"[\s·•.-]", "", said).upper()


def _pattern(pattern: re.Pattern[str], text: str, start: int) -> Token | None:
    """What is recognised only to be shown whole as not understood."""
    match = None if _inside_number(text, start) else pattern.match(text, start)
    return None if match is None else Token(start, match.end(), match[0], Role.UNKNOWN)


def _no_day(text: str, start: int) -> Token | None:
    found = _pattern(_NO_DAY, text, start)
    return None if found is None else replace(found, value=NO_DAY)


def _skin(text: str, start: int) -> Token | None:
    found = _pattern(_SKIN, text, start)
    return None if found is None else replace(found, role=Role.REFUSED, value="ethnicity")


def _age(text: str, start: int) -> Token | None:
    return None if _inside_number(text, start) else match_age(text, start)


def _notice(text: str, start: int) -> Token | None:
    return None if _inside_number(text, start) else match_notice(text, start)


_Match = Callable[[str, int], Token | None]
_BEFORE_WORDS: tuple[tuple[_Match, tuple[re.Pattern[str], ...]], ...] = (
    (_plate, (_PLATE, _PART_OF_PLATE)),
    (_no_day, (_NO_DAY,)),
    (_skin, (_SKIN,)),
    (match_time, TIMES),
    (_age, AGES),
    (_notice, NOTICES),
)
_AFTER_WORDS = ((match_kin, KIN), (match_figure, FIGURES))


@cache
def _matchers(character: str) -> tuple[tuple[_Match, ...], tuple[_Match, ...]]:
    """Return what may find a piece that begins with a character, which almost everywhere is nothing.

    Of pieces as long as a known word those of the first win over it, and it over those of the second.
    """
    first, second = (
        tuple(match for match, patterns in of if any(may_begin(each, character) for each in patterns))
        for of in (_BEFORE_WORDS, _AFTER_WORDS)
    )
    return first, second


def _inside_number(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return before.isascii() and before.isalnum() and text[start].isascii() and text[start].isalnum()


def _word(text: str, start: int, words: "Vocabulary") -> Token | None:
    found = words.match(text, start)
    if found is None:
        return None
    spelling, word = found
    return Token(start, start + len(spelling), spelling, word.role, word.value, word)


def _slip(text: str, found: Token, words: "Vocabulary") -> Token | None:
    """Return the word that an unknown piece is but for a slip; one that is known for a thing keeps what it is."""
    slip = None if found.value not in ("", SOFT) else words.match_slip(text, found.start, found.text)
    if slip is None:
        return None
    spelling, word = slip
    return Token(found.start, found.start + len(spelling), spelling, word.role, word.value, word)


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
    if _OF_FORM.match(text, start):
        return Token(start, end, ":", Role.FILLER)
    joins = text[start - 1 : start].isalpha() and text[end : end + 1].isalpha() and part == "-"
    if joins:  # red-brown
        return Token(start, end, part, Role.FILLER)
    silent = match is None and not part.isalnum() and unicodedata.category(part)[0] in "PSZC"
    return Token(start, end, part, Role.BREAK if silent else Role.UNKNOWN)
