"""Words for times, Chinese and English, as tokens: dates, parts of a day, clock times, spans, and what joins them."""

import re
from collections.abc import Callable
from functools import cache

from pipeline.words.beginnings import may_begin
from pipeline.words.meaning import Role
from pipeline.words.parts_of_day import PARTS
from pipeline.words.tokens import Token

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2}
_ENGLISH = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {
    "a": 1,
    "an": 1,
    "a couple of": 2,
    "couple of": 2,
    "a few": 3,
    "few": 3,
    "几": 3,
    "half an": 0.5,
    "half a": 0.5,
    "half": 0.5,
    "半": 0.5,
    "": 1,
}
_N = r"(\d{1,4}(?:\.\d{1,2})?|[一二两三四五六七八九十]+|几|半)"
_EN = (
    r"(\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|a couple of|couple of|a few|few|an|a|half an|half a|half)"
)
_UNITS = {"分": "m", "小": "h", "钟": "h", "天": "d", "日": "d", "周": "w", "星": "w", "礼": "w", "个": "M", "月": "M"}
_ZH_UNIT = r"(分钟|个?小时|个?钟头|个?钟(?!头)|天|日|周|个?星期|个?礼拜|个月)"
_EN_UNIT = r"(minute|min|hour|hr|day|week|month)s?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sept|sep|oct|nov|dec)"
_MONTH += r"(?:uary|ruary|ch|il|e|y|ust|t?ember|ober)?\.?"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No bare `sat`, `sun`, `mon`, `wed`: she sat in the sun.
_DAY = r"(mon(?=day)|tues?|wed(?=nes)(?:nes)?|thu(?:rs)?|fri|sat(?=ur)(?:ur)?|sun(?=day))(?:day)?s?"
_HOURS_EN = r"\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_AP = r"(a\.?m\.?|p\.?m\.?)"


def number(text: str) -> float:
    """Return the number a word stands for, up to 99 in Chinese."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if text in _ENGLISH:
        return float(_ENGLISH[text])
    if re.fullmatch("[一二两三四五六七八九]{2}", text):  # 两三天: three at most
        text = text[1]
    tens, _, ones = text.partition("十") if "十" in text else ("0", "", text)
    return _DIGITS.get(tens, 1 if not tens else 0) * 10 + _DIGITS.get(ones, 0)


def _span(prefix: str, count: str, unit: str) -> str:
    short = _UNITS[unit[0]] if unit[0] in _UNITS else {"mo": "M", "mi": "m"}.get(unit[:2], unit[0])
    if unit.endswith(("小时", "钟头", "个钟")):
        short = "h"
    elif unit.endswith(("星期", "礼拜")):
        short = "w"
    return f"{prefix}:{number(count)}:{short}"


def _clock(hour: str, minute: str | None, half: str | None = None) -> str:
    minutes = 30 if half == "半" else 45 if half == "三刻" else 15 if half == "一刻" else int(number(minute or "0"))
    return f"clock:{int(number(hour.strip()))}:{minutes}:{'exact' if minutes else 'hour'}:"


def _english_clock(hour: str, minute: str | None, half: str | None) -> str:
    ap = "" if half is None else half[0]
    return f"clock:{int(number(hour))}:{int(minute or 0)}:{'exact' if minute else 'hour'}:{ap}"


def _slashes(m: re.Match[str]) -> str:
    """Month first, unless that is no month."""
    first, second = int(m[1]), int(m[2])
    return f"date:{m[3]}:{second}:{first}" if first > 12 else f"date:{m[3]}:{first}:{second}"


def _past(m: re.Match[str]) -> str:
    minutes = {"half": 30}.get(m[1], 15)
    hour = int(number(m[3]))
    return f"clock:{hour}:{minutes}:exact:" if m[2] == "past" else f"clock:{hour - 1}:{60 - minutes}:exact:"


def _part_ago(m: re.Match[str]) -> str:
    return f"day:{-int(number(m[1]))}|part:{'evening' if m[2] == 'night' else m[2]}"


def _days_back(m: re.Match[str]) -> str:
    return "last:2:d" if "两" in m[0] else "last:3:d"


def _ish(m: re.Match[str]) -> str:
    return f"about|{_english_clock(m[1], m[2], m[3] or m[4])}"


def _either_hour(m: re.Match[str]) -> str:
    """七八点 is from seven to the end of the eighth hour."""
    tens = 10 if m[1] else 0
    first, second = tens + int(number(m[2])), tens + int(number(m[3]))
    return f"shared|clock:{first}:0:hour:|to|clock:{second + 1}:0:hour:"


def _to_hour(hour: str, minutes: str | None) -> str:
    return f"clock:{int(number(hour)) - 1}:{60 - int(number(minutes or '15'))}:exact:"


_YEARS_BACK = {"去年": -1, "last year": -1, "前年": -2, "今年": 0, "this year": 0}
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _looks_ahead(pattern: str) -> tuple[bool, int]:
    """Plain words first, longest first: 早晨 before 早."""
    return "(?" in pattern, -len(pattern)


def _rule(pattern: str, says: str | Callable[[re.Match[str]], str]) -> _Rule:
    """A rule; Latin words match whole only."""
    text = says
    return re.compile(rf"(?:{pattern})(?:(?<![a-z])|(?![a-z]))"), (lambda _: text) if isinstance(text, str) else text


def _zh_weekday(m: re.Match[str]) -> str:
    return f"weekday:{-m[1].count('上') if m[1] else 0}:{'一二三四五六日'.find(m[2].replace('天', '日'))}"


_RULES: tuple[_Rule, ...] = (
    _rule(
        rf"(?:最近|近|过去|前|这)(?:的)?{_N}{_ZH_UNIT}(?:以来|之内|以内|内|里)?", lambda m: _span("last", m[1], m[2])
    ),
    _rule(rf"{_N}{_ZH_UNIT}(?:以前|之前|前)", lambda m: _span("ago", m[1], m[2])),
    _rule(
        rf"(?:最近|近|过去|前)?{_N}个半(小时|钟头|月)(内|以内|之内|前|以前|之前)?",
        lambda m: _span("ago" if m[3] and m[3].endswith("前") else "last", str(number(m[1]) + 0.5), "个" + m[2]),
    ),
    _rule(r"半个?(小时|钟头|天|月)(?:以前|之前|前)", lambda m: _span("ago", "半", "个" + m[1])),
    _rule(
        r"(?:最近|近|过去|前)?半个?(小时|钟头|天|月)(?:内|以内|之内|里)?", lambda m: _span("last", "半", "个" + m[1])
    ),
    _rule(rf"{_N}{_ZH_UNIT}(?:之内|以内|内)", lambda m: _span("last", m[1], m[2])),
    _rule(r"([一三])刻钟(?:以前|之前|前)", lambda m: f"ago:{15 if m[1] == '一' else 45}:m"),
    _rule(r"(?:最近|近|过去|前)([一三])刻钟", lambda m: f"last:{15 if m[1] == '一' else 45}:m"),
    _rule(r"(a|three) quarters? of an hour ago", lambda m: f"ago:{15 if m[1] == 'a' else 45}:m"),
    _rule(r"不久前|不久之前|没多久前|不一会儿前|not long ago|a short while ago|a little while ago", "last:1:h"),
    _rule(r"刚才|刚刚|方才|刚|just now|a moment ago|moments ago|a while ago", "last:0.5:h"),
    _rule(r"最近|近期|recently|lately", "last:1:d"),
    _rule(r"(\d{4})\s?[年/.-]\s?(\d{1,2})\s?[月/.-]\s?(\d{1,2})[日号]?(?!\d)", lambda m: f"date:{m[1]}:{m[2]}:{m[3]}"),
    _rule(
        rf"(?:{_N}月)?{_N}[日号]?(?:-|—|–|~|到|至){_N}[日号](?![楼门院幢栋单机岗库线路车])",
        lambda m: "|to|".join(f"date::{int(number(m[1])) if m[1] else ''}:{int(number(day))}" for day in (m[2], m[3])),
    ),
    _rule(r"(0[1-9]|1[0-2])\.(0[1-9]|[12]\d|3[01])(?![\d:.a-z米元%])", lambda m: f"date::{m[1]}:{m[2]}"),
    _rule(rf"{_N}月{_N}[日号]?", lambda m: f"date::{int(number(m[1]))}:{int(number(m[2]))}"),
    _rule(r"(20\d\d)(\d\d)(\d\d)(?!\d)", lambda m: f"date:{m[1]}:{m[2]}:{m[3]}"),
    _rule(r"(\d{1,2})/(\d{1,2})/(20\d\d)(?!\d)", _slashes),
    _rule(
        r"(0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?![\d/:.-]|\s?(?:点|时|岁|个|楼|号|幢|栋|单元|am|pm|a\.m|p\.m|o'clock))",
        lambda m: f"date::{m[1]}:{m[2]}",
    ),
    _rule(
        rf"(?:on )?{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)? ?(?:-|–|to|until|till) ?(\d{{1,2}})(?:st|nd|rd|th)?"
        r"(?![\d:])",
        lambda m: f"date::{_MONTHS.index(m[1][:3]) + 1}:{m[2]}|to|date::{_MONTHS.index(m[1][:3]) + 1}:{m[3]}",
    ),
    _rule(rf"{_N}月([上中下])旬", lambda m: f"third:{int(number(m[1]))}:{'上中下'.index(m[2])}"),
    _rule(rf"{_N}月份?(?!\d)", lambda m: f"month-of:{int(number(m[1]))}"),
    _rule(
        r"(?:in |during )?(january|february|march|april|june|july|august|september|october|november|december)(?! \d)",
        lambda m: f"month-of:{_MONTHS.index(m[1][:3]) + 1}",
    ),
    _rule(r"late last night|late yesterday night", "day:-1|part:night"),
    _rule(r"(?:the )?night before last", "day:-2|part:evening"),
    _rule(r"early this morning", "day:0|part:early"),
    _rule(r"early yesterday(?: morning)?", "day:-1|part:early"),
    _rule(
        r"(?:around|about|circa) (\d{1,2})(?=$|[,.;](?!\d)| (?:yesterday|today|this|in the|last|on) )",
        lambda m: f"about|clock:{m[1]}:0:hour:",
    ),
    _rule(r"(去年|前年|今年|last year|this year)", lambda m: f"year:{_YEARS_BACK[m[1]]}"),
    _rule(
        r"(上上?个月|上月|本月|这个?月|当月|last month|this month)",
        lambda m: f"month:{-2 if m[1].startswith('上上') else -1 if m[1][0] in '上l' else 0}",
    ),
    _rule(
        r"(\d{1,2}|[一二三四五六七八九十]+)[号日](?![门楼院幢栋单机岗亭库口线路车])",
        lambda m: f"date:::{int(number(m[1]))}",
    ),
    _rule(r"大前天", "day:-3"),
    _rule(r"前天|前日|the day before yesterday|day before yesterday", "day:-2"),
    _rule(r"昨天|昨日|昨儿|yesterday", "day:-1"),
    _rule(r"今天|今日|今儿个?|当天|当日|today", "day:0"),
    _rule(r"前两天|前几天|这两天|这几天|the other day|the last few days|these days", _days_back),
    _rule(r"昨晚|昨夜|昨儿晚上|last night|yesterday evening", "day:-1|part:evening"),
    _rule(r"前夜", "day:-2|part:evening"),
    _rule(r"昨午|昨天中午", "day:-1|part:noon"),
    _rule(r"this noon", "day:0|part:noon"),
    _rule(r"前晚", "day:-2|part:evening"),
    _rule(r"今晚|tonight|this evening", "day:0|part:evening"),
    _rule(r"今早|今晨", "day:0|part:early"),
    _rule(r"this morning", "day:0|part:morning"),
    _rule(r"昨早|昨晨", "day:-1|part:early"),
    _rule(r"this afternoon", "day:0|part:afternoon"),
    _rule(r"(上上?个?|这个?|本)?(?:周|星期|礼拜)([一二三四五六日天])", _zh_weekday),
    _rule(r"(?:这个?|本|刚过去的)周末", "weekend:0"),
    _rule(r"昨个儿?|昨(?=[上下中早晚午夜凌])", "day:-1"),
    _rule(r"今(?=[上下中早晚午夜凌])", "day:0"),
    _rule(r"前儿个?", "day:-2"),
    _rule(r"上个?(?:周末)|last weekend", "weekend:-1"),
    _rule(r"周末|this weekend|weekend", "weekend:0"),
    _rule(r"上个?(?:周|星期|礼拜)|last week", "week:-1"),
    _rule(r"上上个?(?:周|星期|礼拜)|the week before last", "week:-2"),
    _rule(r"(?:这个?|本)(?:周|星期|礼拜)|this week", "week:0"),
    _rule(
        rf"(?:in |within |over |during )?(?:the )?(?:last|past|previous) (?:{_EN} )?{_EN_UNIT}",
        lambda m: _span("last", m[1] or "1", m[2]),
    ),
    _rule(
        rf"{_EN} {_EN_UNIT}( or so| or two)? ago",
        lambda m: ("about|" if m[3] else "") + _span("ago", m[1], m[2]),
    ),
    _rule(
        rf"(?:on )?(last |this |past )?{_DAY}",
        lambda m: f"weekday:{-1 if m[1] == 'last ' else 0}:{_DAYS.index(m[2][:3])}",
    ),
    _rule(
        rf"(?:on )?{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?(?![\d:])",
        lambda m: f"date:{m[3] or ''}:{_MONTHS.index(m[1][:3]) + 1}:{m[2]}",
    ),
    _rule(
        rf"(?:on )?(?:the )?(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (\d{{4}}))?",
        lambda m: f"date:{m[3] or ''}:{_MONTHS.index(m[2][:3]) + 1}:{m[1]}",
    ),
    _rule(r"(?:on )?the (\d{1,2})(?:st|nd|rd|th)", lambda m: f"date:::{m[1]}"),
    _rule(
        rf"(?:between|from) (\d{{1,2}})(?::(\d\d))? ?{_AP}? (?:and|to|until|till) (\d{{1,2}})(?::(\d\d))? ?{_AP}?",
        lambda m: f"shared|{_english_clock(m[1], m[2], m[3] or m[6])}|to|{_english_clock(m[4], m[5], m[6])}",
    ),
    _rule(
        rf"(\d{{1,2}})(?::(\d\d))? ?{_AP}? ?(?:[-–~]|to|until|till) ?(\d{{1,2}})(?::(\d\d))? ?{_AP}",
        lambda m: f"shared|{_english_clock(m[1], m[2], m[3] or m[6])}|to|{_english_clock(m[4], m[5], m[6])}",
    ),
    _rule(
        r"(?:between|from) (\d{1,2})(?= (?:and|to|until|till) (?:half|a quarter|quarter|noon|midday|midnight)\b)",
        lambda m: f"shared|clock:{m[1]}:0:hour:",
    ),
    _rule(rf"(?:at )?(1[0-2]|[1-9])(?::(\d\d))?(?: ?{_AP})?-?ish(?: ?{_AP})?(?![a-z])", _ish),
    _rule(r"(?:at )?([01]\d|2[0-3])([0-5]\d) ?(?:hrs?|hours|h)(?![a-z])", lambda m: f"clock:{m[1]}:{m[2]}:exact:"),
    _rule(
        rf"half ({_HOURS_EN})"
        rf"(?! ?(?:hour|minute|min|past|to(?! (?:half|a quarter|quarter|\d|{_HOURS_EN})\b)|of|[ap]\.?m))",
        lambda m: f"clock:{int(number(m[1]))}:30:exact:",
    ),
    _rule(
        rf"{_N}[点时]?(?:-|—|–|~|到|至){_N} ?[点时](半)?(?!间|候)",
        lambda m: f"shared|{_clock(m[1], None)}|to|{_clock(m[2], None, m[3])}",
    ),
    _rule(r"(十)?([一二两三四五六七八九])([二三四五六七八九])点(?:来?钟|多)?", _either_hour),
    _rule(rf"{_N}[点时]差(?:{_N}分|一刻)", lambda m: _to_hour(m[1], m[2])),
    _rule(rf"差(?:{_N}分|一刻)(?:到)?{_N}[点时]", lambda m: _to_hour(m[2], m[1])),
    _rule(rf"(?:at )?(\d{{1,2}})\.(\d\d) ?{_AP}", lambda m: _english_clock(m[1], m[2], m[3])),
    _rule(
        r"(\d{1,2}) ?(?:to|-|until|till) ?(\d{1,2}) ?(?=(?:in the|this|yesterday|today|last night|on)\b)",
        lambda m: f"shared|{_english_clock(m[1], None, None)}|to|{_english_clock(m[2], None, None)}",
    ),
    _rule(rf"{_EN} (night|evening|morning|afternoon)s? ago", _part_ago),
    _rule(r"(\d{1,2}):(\d\d)(?::\d\d)?(?: ?(a\.?m\.?|p\.?m\.?))?", lambda m: _english_clock(m[1], m[2], m[3])),
    _rule(
        rf"(\d{{1,2}} ?|零|[一二两三四五六七八九十]+)[点时](?:钟|整|过|零)? ?"
        rf"(?:(半|一刻|三刻)|{_N}(?!\d)(?:分|(?![号幢栋楼个人名岁辆单路元米件条])))?(?!间|候)",
        lambda m: _clock(m[1], m[3], m[2]),
    ),
    _rule(rf"(?:at )?(\d{{1,2}}) ?{_AP}", lambda m: _english_clock(m[1], None, m[2])),
    _rule(rf"(?:at )?{_EN} o'?clock", lambda m: f"clock:{int(number(m[1]))}:0:hour:"),
    _rule(
        rf"(half|(?:a )?quarter) (past|to) ({_HOURS_EN})",
        _past,
    ),
    _rule(
        rf"(since|after|from|before|until|till|by) (\d{{1,2}})(?: ?{_AP}| o'?clock)?"
        r"(?! ?[:/.-]?\d| ?(?:hour|hr|minute|min|day|week|month|st|nd|rd|th|[ap]\.?m))",
        lambda m: f"{'since' if m[1] in ('since', 'after', 'from') else 'before'}|{_english_clock(m[2], None, m[3])}",
    ),
    _rule(
        r"(20\d\d)-(\d\d)-(\d\d)t(\d\d):(\d\d)(?::\d\d)?z?",
        lambda m: f"date:{m[1]}:{m[2]}:{m[3]}|clock:{m[4]}:{m[5]}:exact:",
    ),
    _rule(r"(?:at )?(\d{1,2}) (?=in the |this |yesterday|today|last night)", lambda m: f"clock:{m[1]}:0:hour:"),
    _rule(
        rf"(?:to|until|till|(?<=[\dm])-|(?<=[\dm] )-) ?(\d{{1,2}})(?: ?{_AP})?(?=$|[,.;，。 ])(?! ?[/:-]\d)",
        lambda m: f"to|{_english_clock(m[1], None, m[2])}",
    ),
    _rule(r"at (\d{1,2})(?![\d:])", lambda m: f"clock:{m[1]}:0:hour:"),
    _rule(r"这个时候|这个时间|这个点|这时候|同一时间|同一时刻|this time|the same time", "same"),
    _rule(r"到现在|至今(?![天日早晚晨])|until now|till now|up to now", "since"),
    _rule(r"现在|目前|right now|now", "now"),
    _rule(r"之后|以后|过后|后|开始|起|以来|since|after|starting|from then on|onwards|onward|or later", "since"),
    _rule(r"之前|以前|前|before|until|till|by (?=\d)|no later than|or earlier", "before"),
    _rule(r"到|至|[-~—–](?=\s?\d)|to(?= \d)|and(?= \d)", "to"),
    _rule(r"左右|前后|上下|来钟|光景|样子|around|about|round about|approx\.?|approximately|circa|roughly", "about"),
    _rule(r"不到(?=\d|[一二两三四五六七八九十]+点)", "before"),
    *(
        _rule(f"(?:in the |at |around |during the )?(?:{'|'.join(sorted(words, key=_looks_ahead))})", f"part:{name}")
        for name, words in PARTS.items()
    ),
    _rule(r"早(?=\d|[一二三四五六七八九十]+点)", "part:early"),
    _rule(r"晚(?=\d|[一二三四五六七八九十]+点)", "part:evening"),
)


TIMES = tuple(pattern for pattern, _ in _RULES)
_SAID_CLOCK = re.compile(r"clock:(\d+):(\d+)")
_SAID_DATE = re.compile(r"date:(\d*):(\d*):(\d+)")
_SAID_MONTH = re.compile(r"(?:month-of|third):(\d+)")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_possible(says: str) -> bool:
    """Tell whether there is such a time: 70点, 25:61 and 2月30日 are none, and are shown as not understood."""
    clocks = all(int(hour) <= 24 and int(minute) < 60 for hour, minute in _SAID_CLOCK.findall(says))
    months = all(1 <= int(month) <= 12 for month in _SAID_MONTH.findall(says))
    return clocks and months and all(_is_date(*each) for each in _SAID_DATE.findall(says))


def _is_date(year: str, month: str, day: str) -> bool:
    if (month and not 1 <= int(month) <= 12) or (year and int(year) < 1):
        return False
    return 1 <= int(day) <= (_LONGEST[int(month) - 1] if month else 31)


@cache
def _rules_for(character: str) -> tuple[_Rule, ...]:
    return tuple(rule for rule in _RULES if may_begin(rule[0], character))


def match_time(text: str, start: int) -> Token | None:
    """Return the longest word for a time that begins at a place of a normalised text."""
    before = text[start - 1 : start]
    if before.isascii() and before.isalnum() and text[start].isascii() and text[start].isalnum():
        return None
    longest: Token | None = None
    for pattern, says in _rules_for(text[start]):
        match = pattern.match(text, start)
        if match is None or not match[0] or (longest is not None and match.end() <= longest.end):
            continue
        value = says(match)
        role, value = (Role.TIME, value) if _is_possible(value) else (Role.UNKNOWN, "")
        longest = Token(start, match.end(), match[0], role, value)
    return longest
