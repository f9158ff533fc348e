"""The stored fact: who or what passed which camera, when, and how it looked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.embeddings import EmbeddingSpace
from models.kinds import Kind

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, order=True)
class TrackletKey:
    """Names one tracklet for ever: `track_id` counts from 1 within one session of one camera."""

    camera_id: str
    session: str
    track_id: int

    def sighting_id(self) -> str:
        """Return the same 20 hex digits for the same tracklet: storing it again updates the row."""
        text = f"{self.camera_id}\x1f{self.session}\x1f{self.track_id}"
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Shot:
    """The best picture of a tracklet: where in the frame (xyxy, source pixels) and when (UTC epoch ms)."""

    captured_at_ms: int
    xyxy: Box
    score: float
    quality: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One tracklet of one camera as stored and served.

    `first_seen_ms` <= `shot.captured_at_ms` <= `last_seen_ms`, UTC epoch milliseconds. `revision` counts from 1 and
    grows when a long tracklet is updated; `open` is true until the tracklet has ended. `frame_size` is (width, height)
    of the source. `attributes` holds only what was measured (for instance vehicle colour); absent means unknown.
    `attribute_confidence` has the probability 0..1 of each, as far as it was noted.
    """

    id: str
    key: TrackletKey
    kind: Kind
    community: str
    first_seen_ms: int
    last_seen_ms: int
    shot: Shot
    frame_size: tuple[int, int]
    frames: int
    revision: int = 1
    open: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    attribute_confidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A sighting and what is kept beside its row: `vector` float32 (d,) of length 1, `picture` a JPEG of the crop."""

    sighting: Sighting
    vector: NDArray[np.float32]
    space: EmbeddingSpace
    picture: bytes
