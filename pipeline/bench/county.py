"""A made-up month of a county: 200 communities of five cameras, sightings in the order of time.

Clothes are coloured as people's are: mostly black and other dark colours; one garment of ten is not seen well enough.
"""

import numpy as np
from numpy.typing import NDArray

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.contract import SightingFilter
from pipeline.bench.looks import FloatArray
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

COMMUNITIES, CAMERAS_EACH = 200, 5
START_MS = 1_790_000_000_000
DAY_MS = 86_400_000
DAYS = 30
STAY_MS = 8_000
PICTURE = b"\xff\xd8 stands for a picture \xff\xd9"

PARTS = ("upper_colour", "lower_colour")
COLOURS = ("black", "grey", "blue", "white", "brown", "green", "red", "pink", "yellow", "purple", "orange", "cyan")
SHARES = (0.27, 0.14, 0.14, 0.12, 0.06, 0.04, 0.05, 0.03, 0.02, 0.01, 0.01, 0.01, 0.1)  # the last: unseen

FILTERS = {
    0.001: SightingFilter(communities=("community-7",), from_ms=START_MS + 3 * DAY_MS, to_ms=START_MS + 9 * DAY_MS),
    0.01: SightingFilter(communities=("community-3", "community-117")),
    0.1: SightingFilter(from_ms=START_MS + 20 * DAY_MS, to_ms=START_MS + 23 * DAY_MS),
    1.0: SightingFilter(),
}


class County:
    """Where and when each of `rows` sightings was: columns by number, from 0, sorted by time."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        rng = np.random.default_rng((2, seed))
        self.rows = rows
        self.camera = rng.integers(COMMUNITIES * CAMERAS_EACH, size=rows)
        self.community = (self.camera // CAMERAS_EACH).astype(np.int16)
        self.seen_ms = START_MS + np.sort(rng.integers(DAYS * DAY_MS, size=rows))
        self._colours = rng.choice(len(SHARES), p=SHARES, size=(rows, len(PARTS)))
        self._sure = rng.beta(6, 2, size=(rows, len(PARTS))).round(3)

    def records(self, first: int, vectors: FloatArray, space: EmbeddingSpace) -> list[Record]:
        """Return the records of the sightings from a number on."""
        return [self._record(first + place, vector, space) for place, vector in enumerate(vectors)]

    def mask(self, where: SightingFilter) -> NDArray[np.bool_]:
        """Return bool (rows,): who passes a filter; what one who searches a flat index has to work out."""
        chosen = np.ones(self.rows, np.bool_)
        if where.communities:
            numbers = [int(name.removeprefix("community-")) for name in where.communities]
            chosen &= np.logical_or.reduce([self.community == number for number in numbers])
        if where.from_ms is not None:
            chosen &= self.seen_ms + STAY_MS >= where.from_ms
        if where.to_ms is not None:
            chosen &= self.seen_ms < where.to_ms
        return chosen

    def _record(self, number: int, vector: FloatArray, space: EmbeddingSpace) -> Record:
        camera, seen = int(self.camera[number]), int(self.seen_ms[number])
        seen_parts = [
            (part, colour) for part, colour in enumerate(self._colours[number].tolist()) if colour < len(COLOURS)
        ]
        key = TrackletKey(f"camera-{camera}", "bench", number + 1)
        sighting = Sighting(
            key.sighting_id(),
            key,
            Kind.PERSON,
            f"community-{camera // CAMERAS_EACH}",
            seen,
            seen + STAY_MS,
            Shot(seen, (0.0, 0.0, 64.0, 160.0), 0.9, 0.5),
            (1920, 1080),
            40,
            attributes={PARTS[part]: COLOURS[colour] for part, colour in seen_parts},
            attribute_confidence={PARTS[part]: float(self._sure[number, part]) for part, _ in seen_parts},
        )
        return Record(sighting, vector, space, PICTURE)
