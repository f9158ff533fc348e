"""A description becomes a filter and wanted looks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from models.kinds import Kind
from pipeline.words.binding import Binder
from pipeline.words.meaning import Parse, Part, Place, Role
from pipeline.words.reading import Token, normalised, tokens_of
from pipeline.words.span import span_of
from pipeline.words.vocabulary import vocabulary

_SILENT = {Role.BREAK}


def parse(text: str, *, now_ms: int, zone: tzinfo, places: Sequence[Place] = ()) -> Parse:
    """Return what a description means at a time and place.

    Never raises for any text: what is not understood is in `Parse.unknown`. `zone` is that of the caller's clock,
    `places` are the site's cameras and communities.
    """
    tokens = _settled(tokens_of(text, vocabulary(), places))
    binder = Binder()
    for place, token in enumerate(tokens):
        binder.take(token, tokens[place + 1 :])
    binder.finish()
    named = [place for token in tokens if token.role is Role.PLACE for place in _named(token.text, places)]
    from_ms, to_ms = span_of([token.value for token in tokens if token.role is Role.TIME], now_ms, zone)
    plates = [token.value for token in tokens if token.role is Role.PLATE]
    kind = binder.kind or (Kind.MOTOR_VEHICLE if plates else None)
    return Parse(
        text=text,
        kind=kind or (Kind.PERSON if binder.wanted or binder.without else None),
        wanted={name: frozenset(values) for name, values in binder.wanted.items()},
        without={name: frozenset(values) for name, values in binder.without.items()},
        from_ms=from_ms,
        to_ms=to_ms,
        cameras=tuple(dict.fromkeys(place.id for place in named if place.is_camera)),
        communities=tuple(dict.fromkeys(place.id for place in named if not place.is_camera)),
        plate=plates[0] if plates else None,
        parts=tuple(
            Part(token.start, token.end, text[token.start : token.end], token.role, binder.said.get(place, token.value))
            for place, token in enumerate(tokens)
            if token.role not in _SILENT
        ),
    )


def _settled(tokens: list[Token]) -> list[Token]:
    """Words that join times mean nothing where there is no time to join; `not there` cannot be asked for yet."""
    joins = {"to", "before", "since"}
    has_time = any(token.role is Role.TIME and token.value not in joins for token in tokens)
    settled: list[Token] = []
    negated = False
    for token in tokens:
        if token.role is Role.TIME and not has_time:
            settled.append(replace(token, role=Role.FILLER))
        elif token.role is Role.PLACE and negated:
            settled.append(replace(token, role=Role.UNKNOWN))
        else:
            settled.append(token)
        if token.role is not Role.FILLER:
            negated = token.role is Role.NEGATION
    return settled


def _named(text: str, places: Sequence[Place]) -> list[Place]:
    """Return the places with exactly this name, else all that have it in a name."""
    spelled = [(place, [normalised(name) for name in (place.id, *place.names)]) for place in places]
    whole = [place for place, names in spelled if text in names]
    return whole or [place for place, names in spelled if any(text in name for name in names)]
