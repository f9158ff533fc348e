"""How the detections of one frame look, asked for only where the tracker needs to know."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
Index = NDArray[np.intp]


class Features(Protocol):
    """Looks of n detections that need not be known before somebody asks; most detections continue no track."""

    @property
    def dim(self) -> int:
        """How many numbers describe one."""
        ...

    def of(self, rows: Index) -> FloatArray:
        """Return float32 (k, dim), rows of length 1, of the detections `rows` (k,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Features that are known already, float32 (n, dim)."""

    values: FloatArray

    @property
    def dim(self) -> int:
        """How many numbers describe one."""
        return int(self.values.shape[1])

    def of(self, rows: Index) -> FloatArray:
        """Return a copy of the rows."""
        return self.values[rows]


@dataclass(slots=True, eq=False)
class Once:
    """Asks `source` for each of its n rows at most once."""

    source: Features
    n: int
    _values: FloatArray = field(init=False)
    _known: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        """Know nothing yet."""
        self._values = np.empty((self.n, self.source.dim), np.float32)
        self._known = np.zeros(self.n, np.bool_)

    @property
    def dim(self) -> int:
        """How many numbers describe one."""
        return int(self._values.shape[1])

    def of(self, rows: Index) -> FloatArray:
        """Return the rows, asking for those not known yet."""
        missing = rows[~self._known[rows]]
        if missing.size:
            self._values[missing] = self.source.of(missing)
            self._known[missing] = True
        return self._values[rows]
