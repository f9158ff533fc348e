"""What is worth keeping of a filled archive: filling ten millions takes half an hour, measuring them a minute."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.bench.looks import FloatArray

NAME = "filled.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """Figures of one filling, and the exact answers.

    `best` int64 (filters, queries, top) are numbers of rows, -1 where fewer pass. `vectors` says how they were made up.
    """

    rows: int
    dim: int
    vectors: str
    appended_per_s: float
    seal_s: float
    best: NDArray[np.int64]

    def save(self, folder: Path) -> None:
        """Write beside the archive; last of all, so that only a whole filling is measured again."""
        np.savez(
            folder / NAME,
            made=np.array([self.rows, self.dim]),
            vectors=np.array(self.vectors),
            rates=np.array([self.appended_per_s, self.seal_s]),
            best=self.best,
        )

    def is_of(self, rows: int, dim: int, vectors: str) -> bool:
        """Return whether it is what these arguments would make."""
        return (self.rows, self.dim, self.vectors) == (rows, dim, vectors)

    def best_rows(self, place: int) -> list[set[int]]:
        """Return the rows of each query for the filter at a place."""
        return [{row for row in rows if row >= 0} for rows in self.best[place].tolist()]


def load_filled(folder: Path) -> Filled | None:
    """Return what an earlier run left in a folder, if anything."""
    path = folder / NAME
    if not path.exists():
        return None
    with np.load(path) as arrays:
        rows, dim = map(int, arrays["made"])
        rate, sealed = map(float, arrays["rates"])
        return Filled(rows, dim, str(arrays["vectors"]), rate, sealed, arrays["best"])


def sort_of(real: FloatArray | None, *, isotropic: bool) -> str:
    """Return in words how vectors are made up."""
    return "isotropic" if isotropic else "like people" if real is None else "real ones, perturbed"
