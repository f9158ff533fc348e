"""Who is meant, where it takes more than a word of the vocabulary: ages, and relatives called by one character."""

import re
from functools import cache

from pipeline.words.ages import band, born
from pipeline.words.beginnings import may_begin
from pipeline.words.clock import number
from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

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
    rf"(?:(?:今年|现年|年龄|年纪)[: ]?)?(?:大?约|大概|aged? )?(?:{_YEARS_ZH}|{_YEARS_EN})"
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
# Ages that are said without a number of years, and those written short.
_NAMED_AGES = {
    r"年过半百|半百|天命之年|知命之年|五十知天命": 50,
    r"不惑之年|年近不惑|而立之年": 35,
    r"(?:年过|年近|年逾|已过|过了)?花甲(?:之年)?|六十开外": 60,
    r"(?:年过|年近|年逾|已过|过了)?古稀(?:之年)?|七老八十|奔七(?:十|张)?的?": 70,
    r"(?:年过|年近|年逾|已过)?耄耋(?:之年)?|奔八(?:十|张)?的?|octogenarian": 80,
    r"鲐背之年|nonagenarian": 90,
    r"septuagenarian": 70,
    r"二十啷当(?:岁)?|二十郎当(?:岁)?": 20,
    r"半大(?:的)?(?:小子|孩子|男孩|女孩)?": 12,
}
_SCHOOL = r"(?:幼儿园|小学|初中|高中|中学|初[一二三]|高[一二三]|[一二三四五六]年级)"
_NAMED_AGES |= {
    rf"{_SCHOOL}的?学生|{_SCHOOL}(?=的?(?:[男女]生|[男女]孩|小?孩|同学))|[上读念]{_SCHOOL}": 12,
    r"大[一二三四]的?学生|(?:大学|大[一二三四])(?=的?[男女]生)|[上读念]大学": 20,
}
_LOOSE_AGES = (
    r"(?:高龄|奔|快|近|将近|差不多|大约|大概)?(\d{2}|[二三四五六七八九]十[一二三四五六七八九]?)"
    r"(?:岁)?(?:开外|挂零|冒头|好几|高龄|模样|的样子|往上)",
    r"(?:奔|快|将近)(\d{2}|[三四五六七八九]十)(?:岁)?(?:的人)?了?(?![点时分号日月年个米厘公斤元块路栋幢])",
    r"(\d{2}) ?\+(?! ?\d)",
    r"of (?:about|around|roughly|maybe) (\d{1,2})(?=$|[,.;])",
    r"(?:pushing|going on|nearly|almost|over|close to|approaching|well over|just over|at least)(?: about)? (\d{2})"
    r"(?![\d:./%]| ?(?:am|pm|a\.m|p\.m|min|hour|day|week|month|people|bags))",
    rf"(\d{{2}}|{_TENS_EN})[ -]?(?:ish|odd|something|plus)(?: years old)?(?![a-z])",
    rf"({_TENS_EN})(?:[ -](?:{_ONES_EN}))?(?= year)",
)
_NAMED = tuple((re.compile(pattern), years) for pattern, years in _NAMED_AGES.items())
_LOOSE = tuple(re.compile(pattern) for pattern in _LOOSE_AGES)
# 个子很高, 身材有点胖, 头发已经全白了: what is said of somebody's figure and hair, however strongly.
_STRONGLY = r"(?:[也都又是]|很|比较|较|挺|蛮|有点儿?|有些|偏|特别|非常|相当|略|稍微?|已经|几乎|全){0,3}"
_FIGURES = {
    **{"高": "height=tall", "高大": "height=tall", "高挑": "height=tall", "矮": "height=short", "矮小": "height=short"},
    **{"胖": "build=fat", "壮": "build=fat", "魁梧": "build=fat", "瘦": "build=thin", "瘦小": "build=thin"},
    **{"瘦弱": "build=thin", "苗条": "build=thin"},
}
_HAIRS = {"长": "hair=long", "短": "hair=short", "卷": "hair=curly"} | dict.fromkeys(
    ("白", "花白", "灰白", "银白"), "hair=white"
)
_LONGEST_FIRST = ["|".join(sorted(words, key=len, reverse=True)) for words in (_FIGURES, _HAIRS)]
_FIGURE = re.compile(
    rf"(?:个子|个头|个儿|身材|身形|体型|体形|体态|长得){_STRONGLY}({_LONGEST_FIRST[0]})[的了些]?"
    r"|(?:个子|个头|个儿|身材|身高|长得)(?:不太|不怎么|不是很|不算|不)(高)"
    rf"|头发{_STRONGLY}({_LONGEST_FIRST[1]})[的了]?(?![色裙裤发])"
)
# One character is a relative only of somebody, or by a number or rank: 我弟, 三姑, 小姨.
_RELATIVES = dict.fromkeys("弟哥叔舅爸爹", "gender=male") | dict.fromkeys("姐妹姑姨婶嫂妈娘", "gender=female")
_RELATIVES |= {"爷": "age=elderly+gender=male", "奶": "age=elderly+gender=female", "姥": "age=elderly+gender=female"}
_KIN = re.compile(
    r"(?:[我他她你您俺咱其]们?家?的?[大二三四五六小老表堂]?|[二三四五六][小老表堂]?|[表堂][大小二三]?|[大小])"
    r"([弟哥叔舅爸爹姐妹姑姨婶嫂妈娘爷奶姥])(?![弟哥叔舅爸爹姐妹姑姨婶嫂妈娘爷奶姥子女父母夫丈媳儿家瓜])"
)
_SURNAMES = (
    "王李张刘陈杨赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余"
    "潘杜戴夏钟汪田任姜范方石姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_OLD_MAN = re.compile(rf"老[{_SURNAMES}]头")
KIN, FIGURES = (_KIN, _OLD_MAN), (_FIGURE,)
AGES = (_AGE, _BORN, _DECADE, *(pattern for pattern, _ in _NAMED), *_LOOSE)


def match_age(text: str, start: int) -> Token | None:
    """Return the longest age that begins at a place of a normalised text."""
    found = [token for token in (_said(text, start), _loose(text, start)) if token is not None]
    return max(found, key=lambda token: token.end, default=None)


def match_kin(text: str, start: int) -> Token | None:
    """Return a relative called by one character, 我弟, or an old man by his name, 老王头."""
    match = _KIN.match(text, start)
    if match is not None:
        return Token(start, match.end(), match[0], Role.WHO, _RELATIVES[match[1]])
    match = _OLD_MAN.match(text, start)
    return None if match is None else Token(start, match.end(), match[0], Role.WHO, "age=elderly+gender=male")


def match_figure(text: str, start: int) -> Token | None:
    """Return what is said of somebody's figure or hair: 个子很高, 头发花白了."""
    match = _FIGURE.match(text, start)
    if match is None:
        return None
    says = "height=short" if match[2] else _FIGURES[match[1]] if match[1] else _HAIRS[match[3]]
    return Token(start, match.end(), match[0], Role.ATTRIBUTE, says)


def _loose(text: str, start: int) -> Token | None:
    for pattern, named in _loose_beginning_with(text[start]):
        match = pattern.match(text, start)
        if match is not None:
            years = named or _years(match[1])
            return Token(start, match.end(), match[0], Role.WHO, f"age={band(years)}")
    return None


@cache
def _loose_beginning_with(character: str) -> tuple[tuple[re.Pattern[str], int], ...]:
    each = (*_NAMED, *((pattern, 0) for pattern in _LOOSE))
    return tuple((pattern, years) for pattern, years in each if may_begin(pattern, character))


def _said(text: str, start: int) -> Token | None:
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
