"""What rows were seen to wear, as columns: one number per row and attribute stands for a value and how sure it is.

0 is unseen. Few numbers stand for many rows, and so a search scores numbers, not rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.looks import UNSAID_CONFIDENCE, UNSEEN_SCORE
from pipeline.archive.rows import looks_of

NumberArray = NDArray[np.unsignedinteger]
IntArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LookTable:
    """What the numbers of one attribute mean: `value` (k,) is a place in `names`, -1 unseen; `sure` (k,) is 0..1."""

    names: Sequence[str]
    value: IntArray
    sure: DoubleArray

    def scores(self, values: frozenset[str], *, wanted: bool) -> DoubleArray:
        """Return float64 (k,): `look_score` of each number, for values that are wanted or that are not."""
        listed = np.array([name in values for name in self.names] + [False])[self.value]
        agreed = np.where(listed == wanted, 0.5 + 0.5 * self.sure, UNSEEN_SCORE * (1 - self.sure))
        return np.where(self.value < 0, UNSEEN_SCORE, agreed)


LookColumns = Mapping[str, tuple[NumberArray, LookTable]]


class LookLedger:
    """Gives numbers to what is seen, attribute by attribute."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[tuple[str, float], int]] = {}

    def copy(self) -> "LookLedger":
        """Return one that knows the same numbers and goes its own way."""
        made = LookLedger()
        made._numbers = {name: dict(known) for name, known in self._numbers.items()}
        return made

    def numbers(self, attributes: str) -> Iterator[tuple[str, int]]:
        """Yield (attribute, number) for the attributes of a row, as the database has them."""
        values, confidence = looks_of(attributes)
        for name, value in values.items():
            known = self._numbers.setdefault(name, {})
            yield name, known.setdefault((value, confidence.get(name, UNSAID_CONFIDENCE)), len(known) + 1)

    def table(self, name: str) -> LookTable:
        """Return what the numbers of an attribute mean so far."""
        pairs = list(self._numbers.get(name, ()))
        names = {value: place for place, value in enumerate(dict.fromkeys(value for value, _ in pairs))}
        return LookTable(
            list(names),
            np.array([-1, *(names[value] for value, _ in pairs)], np.int64),
            np.array([0.0, *(sure for _, sure in pairs)], np.float64),
        )
