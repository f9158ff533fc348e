"""Seventy people seen by two cameras from eight sides each: whom each picture of `crops/pku_reid` shows.

The folder has no labels, but the pictures stand in the order of their source: person by person, first the eight sides
at one camera, then those at the other. Where one of the sixteen is missing was found by eye; what follows the
seventieth person is not in order, and left out. Neither bundled nor fetched embedder learned from these pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation_set import SHARED
from models.embedder import Embedder
from models.pictures import read_picture

SIDES = 8
# Pictures of each person; of those with 15 the first camera has seven.
PICTURES = (*[16] * 49, 15, *[16] * 12, 15, *[16] * 3, 15, *[16] * 3)
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """vectors float32 (n, d) of length 1; person and camera int64 (n,); sighting int64 (n,): which tracklet, from 0."""

    vectors: FloatArray
    person: IntArray
    camera: IntArray
    sighting: IntArray

    def of(self, people: Sequence[int]) -> "People":
        """Return the pictures of some people."""
        kept = np.isin(self.person, people)
        return People(self.vectors[kept], self.person[kept], self.camera[kept], self.sighting[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """One row per tracklet: its pooled vector float32 (m, d), whom it shows, at which camera, and its number."""

    vectors: FloatArray
    person: IntArray
    camera: IntArray
    number: IntArray


def embedded(embedder: Embedder, shared: Path = SHARED) -> FloatArray:
    """Return the vectors of all pictures, float32 (n, d)."""
    paths = sorted((shared / "data" / "crops" / "pku_reid").glob("*.jpg"))[: sum(PICTURES)]
    return embedder.embed([read_picture(path) for path in paths]).vectors


def labelled(vectors: FloatArray, shots: int) -> People:
    """Say whom each shows; `shots` of one person at one camera, from sides next to each other, are one tracklet."""
    person = np.repeat(np.arange(len(PICTURES)), PICTURES)
    camera = np.concatenate([np.repeat([0, 1], [n - SIDES, SIDES]) for n in PICTURES])
    place = np.concatenate([np.r_[np.arange(n - SIDES), np.arange(SIDES)] for n in PICTURES])
    sighting = (person * 2 + camera) * SIDES + place // shots
    return People(vectors, person.astype(np.int64), camera.astype(np.int64), sighting.astype(np.int64))


def sightings_of(people: People) -> Sightings:
    """Return the tracklets, as the archive would keep them: the mean vector of the shots, of length 1."""
    numbers, first, owner = np.unique(people.sighting, return_index=True, return_inverse=True)
    pooled = np.zeros((len(numbers), people.vectors.shape[1]), np.float32)
    np.add.at(pooled, owner, people.vectors)
    unit = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return Sightings(unit.astype(np.float32), people.person[first], people.camera[first], numbers)
