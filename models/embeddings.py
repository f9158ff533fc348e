"""Appearance vectors and the space they live in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import SpaceMismatch

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """Vectors may be compared only inside one space: same network, same weights, same precision, same dimension.

    `name` is the model name (omz0277, colour_stripes), `version` the weights' short hash and the precision, for
    instance `6e752eab-fp32`.
    """

    name: str
    version: str
    dim: int

    def __str__(self) -> str:
        return f"{self.name}/{self.version}/{self.dim}"

    @classmethod
    def parse(cls, text: str) -> "EmbeddingSpace":
        """Read the form written by `str`; raises ValueError."""
        name, version, dim = text.split("/")
        return cls(name, version, int(dim))


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """vectors: float32 (n, d), each row of Euclidean length 1; `space` says where they may be compared."""

    vectors: FloatArray
    space: EmbeddingSpace

    def __post_init__(self) -> None:
        """Check shape and dtype at the door."""
        if self.vectors.ndim != 2 or self.vectors.shape[1] != self.space.dim or self.vectors.dtype != np.float32:
            raise ValueError(f"{self.vectors.dtype} {self.vectors.shape} is not float32 (n, {self.space.dim})")

    def __len__(self) -> int:
        return len(self.vectors)

    def similarity(self, other: "Embeddings") -> FloatArray:
        """Cosine (n, m) in -1..1; raises SpaceMismatch when the spaces differ."""
        if self.space != other.space:
            raise SpaceMismatch(self.space, other.space)
        return self.vectors @ other.vectors.T
