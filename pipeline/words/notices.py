"""What notices about missing people say besides looks, time and place: whom to call, what is paid, how tall and heavy.

It is recognised so that it is shown as not searched by, and so that the daughter to be called is not looked for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from pipeline.words.beginnings import may_begin
from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

NOTICE, SIZE = "notice", "size"
_ABOUT = r"(?:大?约|大概)?"
_ZH_TALL = (
    r"(?:[一1]米(?:[\d一二三四五六七八九]{1,2}|几)|1\.\d{1,2} ?(?:米|m(?![a-z]))"
    r"|1m\d{2}|1\d\d ?(?:cm|厘米|公分))"
)
_SIZES = (
    r"(?:about |around |roughly )?1\.[6-9]\d(?![\d.]| ?(?:m|米))",  # no time either: an hour has no 60 minutes
    rf"(?:身高|个子|高)?[:\s]?{_ABOUT}{_ZH_TALL}(?: tall|左右|上下|多|高)?(?![a-z])",
    rf"身高[:\s]?{_ABOUT}1\d\d(?:左右|上下|多)?(?!\d)",
    r"[4-6] ?(?:ft|feet|foot|')(?: ?\d{1,2} ?(?:ins?|inch(?:es)?|\"|'')?)?(?: tall)?(?![a-z0-9])",
    rf"(?:体重)?[:\s]?{_ABOUT}(?:\d{{2,3}}|[一二两三四五六七八九十百]{{2,6}}) ?多?"
    r"(?:公斤|千克|市斤|斤|kgs?(?![a-z]))(?:左右|上下|多|重)?",
    r"(?:weighs? |weight:? ?)?(?:about )?\d{2,3} ?(?:kilos?|pounds|lbs?|kgs?)(?![a-z])",
)
_NUMBERS = (
    r"(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)",
    r"0\d{2,3}[ -]?\d{7,8}(?!\d)",
    r"\d{3}[ -]\d{3,4}[ -]\d{4}(?!\d)",
    r"\d{17}[\dx]",
    r"(?:悬赏|奖励|酬金|现金)?\d+ ?(?:万元|万|元|块钱?|rmb|yuan)(?:奖励|酬谢|酬金)?",
    r"(?:警号|工号|案号|编号)[:\s]?[a-z0-9]+",
)
_ENDS = r"(?=[，,。；;、\s()（）:：]|$)"
_FIELDS = (
    rf"(?:姓名|名叫|名字叫|本名|小名|曾用名|绰号|乳名)[:\s]?[\u4e00-\u9fff]{{2,4}}?{_ENDS}",
    r"(?:联系人|报警人|报案人|家属|经办人|承办人|民警|警官)[:\s]?[\u4e00-\u9fff]{1,3}?"
    r"(?:先生|女士|小姐|警官|同志|师傅|某某?)",
    r"(?:家庭住址|家庭地址|现住址|住址|户籍地址|户籍所在地|户籍地?|籍贯|原籍|身份证号?码?)"
    r"(?:是|为)?:?[^，,。；;、\s]{0,24}",
)
_EACH = tuple(
    (re.compile(pattern), sort)
    for sort, patterns in ((SIZE, _SIZES), (NOTICE, (*_NUMBERS, *_FIELDS)))
    for pattern in patterns
)
NOTICES = tuple(pattern for pattern, _ in _EACH)
_PERSONAL = frozenset({Role.WHO, Role.ATTRIBUTE, Role.UNKNOWN})


def match_notice(text: str, start: int) -> Token | None:
    """Return the longest such piece that begins at a place of a normalised text."""
    begin_so = _beginning_with(text[start])
    found = [(match.end(), sort) for pattern, sort in begin_so if (match := pattern.match(text, start)) is not None]
    if not found:
        return None
    end, sort = max(found)
    return Token(start, end, text[start:end], Role.UNKNOWN, sort)


@cache
def _beginning_with(character: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((pattern, sort) for pattern, sort in _EACH if may_begin(pattern, character))


def contacts_settled(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with whoever is to be called shown as not searched by: `请联系其女儿`, `my son's mobile: 138…`.

    That is every person of a clause that says whom to call and names no clothes.
    """
    found: list[Token] = []
    for clause in _clauses(tokens):
        if any(_is_contact(token) for token in clause) and not any(token.role is Role.GARMENT for token in clause):
            found += [replace(t, role=Role.UNKNOWN, value=NOTICE) if t.role in _PERSONAL else t for t in clause]
        else:
            found += clause
    return found


def _is_contact(token: Token) -> bool:
    return token.role is Role.UNKNOWN and token.value == NOTICE


def _clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    clause: list[Token] = []
    for token in tokens:
        clause.append(token)
        if token.role is Role.BREAK:
            yield clause
            clause = []
    yield clause
