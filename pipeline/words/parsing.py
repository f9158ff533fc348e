"""A description becomes a filter and wanted looks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from models.kinds import Kind
from pipeline.words.ages import ages_settled
from pipeline.words.binding import Binder
from pipeline.words.meaning import Parse, Part, Place, Role
from pipeline.words.names import names_of
from pipeline.words.notices import contacts_settled
from pipeline.words.reading import NO_DAY, tokens_of
from pipeline.words.span import span_of
from pipeline.words.tokens import Token
from pipeline.words.vocabulary import SOFT, STATE, vocabulary

_SILENT = {Role.BREAK}
KNOWN = frozenset({"thing", "place", "other", "notice", "size"})  # sorts of things nothing is searched by
AHEAD = 80  # tokens: no clause anybody reads is longer, and a long notice is not copied for each of its words
_JOINS = {"to", "before", "since", "about", "same"}
_NEAR_A_TIME = {"about", "same"}
_ABOUT = frozenset(["大概", "大约", "约", "差不多", "大概是", "大约是", "大致"])
_MEAL = re.compile("[饭餐]|breakfast|lunch|dinner|supper")
_DAY_BETWEEN = 4  # tokens
_BETWEEN_TIMES = {"to", "and", "till", "until", "和", "及", "与", "跟"}


def parse(text: str, *, now_ms: int, zone: tzinfo, places: Sequence[Place] = ()) -> Parse:
    """Return what a description means at a time and place.

    Never raises for any text: what is not understood is in `Parse.unknown`. `zone` is that of the caller's clock,
    `places` are the site's cameras and communities: hand
    in the same tuple again, and their names are not joined anew.
    """
    names = names_of(places)
    tokens = _plates_settled(_places_settled(_times_settled(tokens_of(text, vocabulary(), names))))
    tokens = ages_settled(contacts_settled(tokens), datetime.fromtimestamp(now_ms / 1000, zone).year)
    binder = Binder()
    for place, token in enumerate(tokens):
        binder.take(token, tokens[place + 1 : place + AHEAD])
    binder.finish()
    named = [place for token in tokens if token.role is Role.PLACE for place in names.named(token.text)]
    from_ms, to_ms = span_of([token.value for token in tokens if token.role is Role.TIME], now_ms, zone)
    plates = [token.value for token in tokens if token.role is Role.PLATE]
    return Parse(
        text=text,
        kind=binder.kind or (Kind.PERSON if binder.wanted or binder.without else None),
        wanted={name: frozenset(values) for name, values in binder.wanted.items()},
        without={name: frozenset(values) for name, values in binder.without.items()},
        from_ms=from_ms,
        to_ms=to_ms,
        cameras=tuple(dict.fromkeys(place.id for place in named if place.is_camera)),
        communities=tuple(dict.fromkeys(place.id for place in named if not place.is_camera)),
        plate=plates[0] if plates else None,
        parts=tuple(
            _part(text, token, binder, place) for place, token in enumerate(tokens) if token.role not in _SILENT
        ),
    )


def _part(text: str, token: Token, binder: Binder, place: int) -> Part:
    role, says = token.role, binder.said.get(place, token.value)
    if place in binder.unused:
        role, says = Role.UNKNOWN, ""
    elif says == STATE or (role is Role.UNKNOWN and says in KNOWN):
        role = Role.UNSEARCHED
    elif says == SOFT:
        says = ""
    return Part(token.start, token.end, text[token.start : token.end], role, says)


def _plates_settled(tokens: list[Token]) -> list[Token]:
    """One plate can be asked for: any other is shown as not understood."""
    first = next((token.value for token in tokens if token.role is Role.PLATE), "")
    return [
        replace(token, role=Role.UNKNOWN) if token.role is Role.PLATE and token.value != first else token
        for token in tokens
    ]


def _times_settled(tokens: list[Token]) -> list[Token]:
    """Words that join times mean nothing where there is no time to join, and others join where times are around."""
    tokens = _about_settled(_meals_settled(_ends_settled(_no_day_settled(tokens))))
    says_time = [token.role is Role.TIME and token.value not in _JOINS for token in tokens]
    return [
        _time_settled(
            token,
            after=place > 0 and says_time[place - 1],
            before=place + 1 < len(tokens) and says_time[place + 1],
            anywhere=any(says_time),
        )
        for place, token in enumerate(tokens)
    ]


def _no_day_settled(tokens: list[Token]) -> list[Token]:
    """The afternoon of `tomorrow afternoon` is as far off as the day, that of 重阳节下午 as little known."""
    settled: list[Token] = []
    for token in tokens:
        follows = bool(settled) and settled[-1].value == NO_DAY and token.role is Role.TIME
        settled.append(replace(token, role=Role.UNKNOWN, value=NO_DAY) if follows else token)
    return settled


def _ends_settled(tokens: list[Token]) -> list[Token]:
    """`Till` after a clock time ends what that begins: `9 am till noon`."""
    return [
        replace(token, value="to")
        if place and token.text in ("until", "till") and token.value == "before" and "clock:" in tokens[place - 1].value
        else token
        for place, token in enumerate(tokens)
    ]


def _meals_settled(tokens: list[Token]) -> list[Token]:
    """The hour after a meal is when it was, not since when: 晚饭后，大概七点, `after lunch, about 2 pm`."""
    settled = list(tokens)
    for place, token in enumerate(tokens):
        if token.value != "since":
            continue
        meal = next((at for at in (place - 1, place + 1) if at >= 0 and _is_meal(tokens[at : at + 1])), None)
        if meal is not None and any("clock:" in tokens[at].value for at in _places_after(tokens, max(meal, place))):
            settled[place] = replace(token, role=Role.FILLER, value="")
    return settled


def _is_meal(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and tokens[0].role is Role.TIME and _MEAL.search(tokens[0].text) is not None


def _places_after(tokens: Sequence[Token], place: int) -> Iterator[int]:
    """Yield the places of what follows, over words and commas that say nothing, up to the first that says something."""
    for at in range(place + 1, min(place + 1 + _DAY_BETWEEN, len(tokens))):
        yield at
        if tokens[at].role not in (Role.FILLER, Role.BREAK) and tokens[at].value not in _NEAR_A_TIME:
            return


def _about_settled(tokens: list[Token]) -> list[Token]:
    """大概 before a clock time makes it a rough one, with the day between them too: 大概昨晚八点."""
    settled = list(tokens)
    for place, token in enumerate(tokens):
        if token.text not in _ABOUT or token.role is not Role.FILLER:
            continue
        for at in range(place + 1, min(place + 1 + _DAY_BETWEEN, len(tokens))):
            if any(word in tokens[at].value for word in ("clock:", "ago:")) and tokens[at].role is Role.TIME:
                settled[at] = replace(tokens[at], value=f"{tokens[at].value}|about")
                break
            if tokens[at].role not in (Role.TIME, Role.FILLER):
                break
    return settled


def _time_settled(token: Token, *, after: bool, before: bool, anywhere: bool) -> Token:
    if token.role is Role.TIME:
        joins = after or before if token.value in _NEAR_A_TIME else anywhere
        return token if joins else replace(token, role=Role.FILLER)
    if token.text in _BETWEEN_TIMES and after and before:
        return replace(token, role=Role.TIME, value="to")
    return token


def _places_settled(tokens: list[Token]) -> list[Token]:
    """`Not there` cannot be asked for: the place is shown as not understood."""
    settled: list[Token] = []
    negated = False
    for token in tokens:
        settled.append(replace(token, role=Role.UNKNOWN) if token.role is Role.PLACE and negated else token)
        if token.role is not Role.FILLER:
            negated = token.role is Role.NEGATION
    return settled
