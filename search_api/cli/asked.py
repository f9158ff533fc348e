"""What the caller of `zhian search` asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.search import Question
    from pipeline.sighting import Box


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the caller asked for; `persons` are the numbers, from 1, in the lists of those in each photo."""

    photos: tuple[Path, ...]
    words: str | None
    question: "Question"
    boxes: "tuple[Box | None, ...]"
    persons: tuple[int, ...]
    reason: str
    pictures: Path | None = None
