"""Searches by words: the rows that look best among a million, in a few milliseconds.

Coarse scores in steps find the few rows that may be among the best; their exact ones are those of `look_score`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.look_columns import DoubleArray, IntArray, LookColumns, LookTable, NumberArray
from pipeline.archive.looks import PARTS, UNSEEN_SCORE, Looks
from pipeline.archive.segments.runs import BoolArray, expand

Rows = slice | IntArray

AT_ONCE = 65_536  # rows scored together: their sums stay in the core's own cache
_STEPS = 65_535  # of a coarse score, all attributes together


class LookScan:
    """Scores the rows of some columns for the looks asked for (one at least)."""

    def __init__(self, looks: Looks, columns: LookColumns) -> None:
        self._count = len(looks.wanted) + len(looks.without)
        self._steps = _STEPS // self._count
        self._terms = [self._term(columns, name, values, wanted=True) for name, values in looks.wanted.items()]
        self._terms += [self._term(columns, name, values, wanted=False) for name, values in looks.without.items()]

    def _term(self, columns: LookColumns, name: str, values: frozenset[str], *, wanted: bool) -> "_Term":
        parts = [_part(columns.get(part), values, self._steps, wanted=wanted) for part in PARTS.get(name, (name,))]
        return _Term(parts, np.maximum if wanted else np.minimum)

    def coarse(self, rows: Rows, count: int) -> NDArray[np.uint16]:
        """Return uint16 (count,): scores in steps, each attribute rounded down."""
        total = np.zeros(count, np.uint16)
        for term in self._terms:
            total += term.choose([part.steps.take(part.numbers(rows)) for part in term.parts])
        return total

    def exact(self, rows: IntArray) -> DoubleArray:
        """Return float64 (n,): what `look_score` returns, bit for bit."""
        total = np.zeros(len(rows))
        for term in self._terms:
            total += term.choose([part.scores.take(part.numbers(rows)) for part in term.parts])
        return total / self._count

    @property
    def margin(self) -> int:
        """How many steps two rows may be apart the wrong way round, roundings included."""
        return self._count + 1

    def least(self, score: float) -> int:
        """Return the coarse score below which no exact one reaches `score`."""
        return max(0, int(score * self._count * self._steps) - self.margin)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    column: NumberArray | None  # None: nobody was ever seen for it
    scores: DoubleArray
    steps: NDArray[np.uint16]

    def numbers(self, rows: Rows) -> NumberArray | int:
        return 0 if self.column is None else self.column[rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """One attribute asked for: the best of its parts counts, of what is not wanted the worst."""

    parts: Sequence[_Part]
    better: np.ufunc

    def choose(self, scores: Sequence[Any]) -> Any:  # noqa: ANN401 - arrays, or one number where nobody was seen
        return self.better(*scores) if len(scores) > 1 else scores[0]


def _part(column: tuple[NumberArray, LookTable] | None, values: frozenset[str], steps: int, *, wanted: bool) -> _Part:
    scores = np.full(1, UNSEEN_SCORE) if column is None else column[1].scores(values, wanted=wanted)
    return _Part(None if column is None else column[0], scores, np.floor(scores * steps).astype(np.uint16))


def best_rows(
    scan: LookScan,
    ranges: IntArray,
    passing: Callable[[IntArray], BoolArray],
    last_ms: IntArray,
    keep: int,
) -> tuple[IntArray, DoubleArray]:
    """Return rows and exact scores of the best `keep` that pass, in no order, ties in score and time included.

    `ranges` int64 (k, 2) are ascending ranges of rows.
    """
    rows, scores = np.empty(0, np.int64), np.empty(0)
    bar = 0
    for numbers, count in _portions(ranges):
        coarse = scan.coarse(numbers, count)
        places = np.flatnonzero(coarse >= bar)
        fresh = places + numbers.start if isinstance(numbers, slice) else numbers[places]
        allowed = passing(fresh)
        fresh, coarse = fresh[allowed], coarse[places[allowed]]
        if len(fresh) > keep:
            fresh = fresh[coarse >= int(np.partition(coarse, -keep)[-keep]) - scan.margin]
        rows, scores = np.concatenate([rows, fresh]), np.concatenate([scores, scan.exact(fresh)])
        if len(rows) > keep:
            kept = _kept(scores, last_ms[rows], keep)
            rows, scores = rows[kept], scores[kept]
            bar = scan.least(float(scores.min()))
    return rows, scores


def _portions(ranges: IntArray) -> Iterator[tuple[Rows, int]]:
    """Yield rows and how many they are: slices of long ranges, and short ranges together."""
    long = ranges[:, 1] - ranges[:, 0] >= AT_ONCE // 8
    for start, end in ranges[long].tolist():
        for first in range(start, end, AT_ONCE):
            yield slice(first, min(first + AT_ONCE, end)), min(AT_ONCE, end - first)
    rows = expand(ranges[~long])
    for first in range(0, len(rows), AT_ONCE):
        part = rows[first : first + AT_ONCE]
        yield part, len(part)


def _kept(scores: DoubleArray, last_ms: IntArray, keep: int) -> BoolArray:
    """Tell which are among the best `keep` by score, then by time; those that tie with the last of them are."""
    kth = np.partition(scores, -keep)[-keep]
    above, tied = scores > kth, scores == kth
    wanted = keep - int(above.sum())
    kept: BoolArray = above | (tied & (last_ms >= np.partition(last_ms[tied], -wanted)[-wanted]))
    return kept
