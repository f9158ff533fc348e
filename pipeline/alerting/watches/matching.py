"""All that is looked out for against all that was newly seen: one matrix product per embedding space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.embeddings import EmbeddingSpace
from pipeline.alerting.watches.watch import Target, plain_plate
from pipeline.archive.contract import Stored
from pipeline.archive.looks import AGREE, judged
from pipeline.archive.rows import matches

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
PLATE = "plate"  # attribute of a sighting
CERTAIN = 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """Places of target and sighting in what was given, and how alike they are (cosine; 1 for plate or looks alone)."""

    target: int
    stored: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class _SpacePart:
    """The photo vectors float32 (n, d) of one space; target `targets[i]` has the rows from `starts[i]` on."""

    vectors: FloatArray
    starts: NDArray[np.intp]
    targets: NDArray[np.intp]


class Matcher:
    """A fixed list of targets; safe to share between threads."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._parts = _parts(targets)
        self._unpictured = [i for i, target in enumerate(targets) if target.vectors is None]

    def __len__(self) -> int:
        return len(self._targets)

    def matches(self, stored: Sequence[Stored]) -> list[Match]:
        """Return every pair that agrees in area, kind, time, looks and plate, with its score; none is judged yet.

        Vectors of different spaces never meet: a target whose photo was described by another embedder has no pair.
        """
        found = []
        for space in dict.fromkeys(each.space for each in stored):
            part = self._parts.get(space)
            if part is not None:
                found += self._pictured(part, stored, [i for i, each in enumerate(stored) if each.space == space])
        for target in self._unpictured:
            found += [
                Match(target, i, CERTAIN) for i, each in enumerate(stored) if self._agrees(self._targets[target], each)
            ]
        return found

    def blind(self, space: EmbeddingSpace) -> list[int]:
        """Return the targets whose photos were described by another embedder than that of `space`."""
        return [i for i, t in enumerate(self._targets) if t.vectors is not None and t.vectors.space != space]

    def _pictured(self, part: _SpacePart, stored: Sequence[Stored], members: Sequence[int]) -> list[Match]:
        new = np.stack([stored[i].vector for i in members])
        # einsum, not BLAS: on busy cores its threads wait for each other longer than they work
        products = np.einsum("nd,md->nm", part.vectors, new)
        best = np.maximum.reduceat(products, part.starts, axis=0)
        return [
            Match(int(target), place, float(best[row, column]))
            for column, place in enumerate(members)
            for row, target in enumerate(part.targets)
            if self._agrees(self._targets[target], stored[place])
        ]

    @staticmethod
    def _agrees(target: Target, stored: Stored) -> bool:
        sighting = stored.sighting
        if not matches(sighting, target.where):
            return False
        if target.plate and plain_plate(sighting.attributes.get(PLATE, "")) != plain_plate(target.plate):
            return False
        return not target.looks or all(verdict == AGREE for verdict in judged(sighting, target.looks).values())


def _parts(targets: Sequence[Target]) -> dict[EmbeddingSpace, _SpacePart]:
    members: dict[EmbeddingSpace, list[int]] = {}
    for place, target in enumerate(targets):
        if target.vectors is not None and len(target.vectors):
            members.setdefault(target.vectors.space, []).append(place)
    parts = {}
    for space, places in members.items():
        rows = [target.vectors.vectors for target in (targets[i] for i in places) if target.vectors is not None]
        starts = np.cumsum([0, *(len(each) for each in rows[:-1])])
        parts[space] = _SpacePart(np.concatenate(rows), starts.astype(np.intp), np.array(places, np.intp))
    return parts
