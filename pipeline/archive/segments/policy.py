"""When rows are sealed and which segments become one. Pure functions: what is to be done, not the doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.archive.segments.manifest import Part, Sealed

SEAL_ROWS = 16_384
FAN = 4  # segments of about one size become one: every row is rewritten once per fourfold growth
MOST_ROWS = 1_048_576
DEAD_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Step:
    """Build one segment from the vector rows [first_row, end_row) in place of those it covers."""

    first_row: int
    end_row: int


def next_step(
    sealed: Sealed, end_row: int, living: Mapping[str, int], seal_rows: int = SEAL_ROWS, *, thorough: bool = False
) -> Step | None:
    """Return what to build next, None when nothing is due.

    `end_row` is the number of vector rows the database knows, `living` the living rows of each segment by name.
    `thorough` leaves no row unsealed, none dead, and as few segments as can be.
    """
    if thorough:
        return _thorough_step(sealed, end_row, living)
    if end_row - sealed.end_row >= seal_rows:
        return Step(sealed.end_row, min(end_row, sealed.end_row + MOST_ROWS))
    sizes = [living.get(part.name, part.rows) for part in sealed.parts]
    for part, alive in zip(sealed.parts, sizes, strict=True):
        if part.rows and alive < (1 - DEAD_SHARE) * part.rows:
            return Step(part.first_row, part.end_row)
    return _merge(sealed.parts, sizes, seal_rows)


def _thorough_step(sealed: Sealed, end_row: int, living: Mapping[str, int]) -> Step | None:
    """Return the first neighbours, the unsealed rows counted as one, that fit one segment; or one with dead rows."""
    sizes = [living.get(part.name, part.rows) for part in sealed.parts]
    ends = [part.end_row for part in sealed.parts]
    if end_row > sealed.end_row:
        sizes.append(end_row - sealed.end_row)
        ends.append(end_row)
    starts = [0, *ends]
    for first in range(len(sizes)):
        last = first + 1
        while last < len(sizes) and sum(sizes[first : last + 1]) <= MOST_ROWS:
            last += 1
        unsealed = last > len(sealed.parts)
        has_dead = not unsealed and sizes[first] < sealed.parts[first].rows
        if last > first + 1 or unsealed or has_dead:
            if first == len(sealed.parts):  # the unsealed alone: of a whole archive they may be too many for one
                return Step(starts[first], min(ends[first], starts[first] + MOST_ROWS))
            return Step(starts[first], ends[last - 1])
    return None


def _merge(parts: Sequence[Part], sizes: Sequence[int], seal_rows: int) -> Step | None:
    """Return the newest FAN neighbours of one size class, or neighbours that are tiny together."""
    for last in range(len(parts), FAN - 1, -1):
        chosen = sizes[last - FAN : last]
        if sum(chosen) <= MOST_ROWS and _size_class(max(chosen), seal_rows) <= _size_class(min(chosen), seal_rows):
            return Step(parts[last - FAN].first_row, parts[last - 1].end_row)
    return None


def _size_class(rows: int, seal_rows: int) -> int:
    size, number = seal_rows, 0
    while rows >= size * FAN:
        size, number = size * FAN, number + 1
    return number
