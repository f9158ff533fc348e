"""The pieces a text is made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.words.meaning import Role

if TYPE_CHECKING:
    from pipeline.words.vocabulary import Word


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the normalised text, [start, end); offsets are those of the text as written."""

    start: int
    end: int
    text: str
    role: Role
    value: str = ""
    word: "Word | None" = None
