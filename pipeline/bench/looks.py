"""Vectors shaped like those of real people, as many as are wanted.

The shape was measured with the bundled embedder: on 5,000 crops of 23 sources the length of the mean vector and the
spectrum of the covariance, on 96 sightings of ten people the likeness of one person's sightings (mean cosine .65).
Given real vectors, each made-up person is one of them, altered: their clusters and their skew stay.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MEAN_LENGTH = 0.293
SAME_PERSON = 0.65
SEEN = 20  # sightings of one person
KEPT = 0.8  # of a real vector's distance from the mean, in the person made up after it
# Eigenvalues of the covariance at some places of the order, of 256.
_PLACES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 200, 255)
_SPECTRUM = (3.04e-2, 2.27e-2, 2.08e-2, 1.87e-2, 1.33e-2, 1.04e-2, 7.89e-3, 5.24e-3, 2.2e-3, 2.25e-4, 3.9e-5)


class Looks:
    """A crowd of `people`; deterministic for a seed. `isotropic` draws vectors with no structure at all.

    `real` float32 (n, dim), rows of length 1, is what they are made after.
    """

    def __init__(
        self, people: int, dim: int, *, isotropic: bool = False, real: FloatArray | None = None, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self.dim = dim
        self._isotropic = isotropic
        if real is None:
            self._shape(rng, dim)
        else:
            self._mean = real.mean(axis=0)
            strength, axes = np.linalg.eigh(np.cov(real, rowvar=False))
            self._scale = np.sqrt(np.maximum(strength, 0)).astype(np.float32)
            self._rotation = np.ascontiguousarray(axes.T, np.float32)
        self._people = self._drawn(rng, people)
        if real is not None:
            models = (real - self._mean)[rng.integers(len(real), size=people)] @ self._rotation.T
            self._people = np.float32(KEPT) * models + np.float32(np.sqrt(1 - KEPT**2)) * self._people
        spread = float(np.square(self._scale).sum())
        mean = float(np.square(self._mean).sum())
        self._kept = np.float32(np.sqrt(max(0.0, SAME_PERSON * (spread + mean) - mean) / spread))

    def _shape(self, rng: np.random.Generator, dim: int) -> None:
        places = np.linspace(0, 255, dim)
        self._scale = np.sqrt(np.exp(np.interp(places, _PLACES, np.log(_SPECTRUM)))).astype(np.float32)
        rotation, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
        self._rotation = rotation.astype(np.float32)
        mean = rng.normal(size=dim)
        self._mean = (mean / np.linalg.norm(mean) * MEAN_LENGTH).astype(np.float32)

    def sightings(self, count: int, seed: int) -> FloatArray:
        """Return float32 (count, dim) of length 1: random people of the crowd, as some camera sees them."""
        rng = np.random.default_rng((1, seed))
        fresh = self._drawn(rng, count)
        vectors = fresh
        if not self._isotropic:
            seen = self._people[rng.integers(len(self._people), size=count)]
            vectors = self._mean + (self._kept * seen + np.sqrt(1 - self._kept**2) * fresh) @ self._rotation
        unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def batches(self, count: int, size: int) -> Iterator[FloatArray]:
        """Yield `count` sightings in batches."""
        for number, start in enumerate(range(0, count, size)):
            yield self.sightings(min(size, count - start), 1_000 + number)

    def _drawn(self, rng: np.random.Generator, count: int) -> FloatArray:
        drawn = rng.standard_normal((count, self.dim), np.float32)
        return drawn if self._isotropic else drawn * self._scale
