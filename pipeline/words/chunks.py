"""Spaces as commas: between Chinese words one that parts a thing with its colour from what follows ends a clause."""

from collections.abc import Sequence

from pipeline.words.meaning import Role
from pipeline.words.tokens import Token

_THINGS = frozenset({Role.GARMENT, Role.VEHICLE})


def parted(tokens: Sequence[Token], plain: str) -> list[Token]:
    """Return the tokens with a break in each space after a whole chunk: `羽绒服绿的 伞是藏青色 黑运动鞋`.

    A chunk is whole when it says a thing and a colour: `红色 上衣 黑色 裤子` stays one clause.
    """
    found: list[Token] = []
    roles: set[Role] = set()
    for token in tokens:
        before = found[-1] if found else None
        if before is not None and before.end < token.start and _is_written_without_spaces(plain, before, token):
            if Role.COLOUR in roles and roles & _THINGS:
                found.append(Token(before.end, token.start, plain[before.end : token.start], Role.BREAK))
            roles = set()
        elif token.role is Role.BREAK:
            roles = set()
        roles.add(token.role)
        found.append(token)
    return found


def _is_written_without_spaces(plain: str, before: Token, after: Token) -> bool:
    return not (plain[before.end - 1].isascii() or plain[after.start].isascii())
