"""From tracklets to records: pooled embedding, attributes, picture."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.attributes import UNKNOWN, Attribute
from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from models.pictures import encode_jpeg
from pipeline.analysis.tracklet import Tracklet
from pipeline.sighting import Record, Shot, Sighting

Image = NDArray[np.uint8]
_PICTURE_ROWS = 384
_JPEG_QUALITY = 88


class Embedding(Protocol):
    """What the describer needs of an embedder."""

    @property
    def space(self) -> EmbeddingSpace:
        """Where the vectors live."""
        ...

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Return one vector per crop."""
        ...


class AttributeReader(Protocol):
    """Reads attributes off the shots of tracklets, one mapping per tracklet; what is unsure is absent or UNKNOWN."""

    def read(
        self, shots: Sequence[Sequence[Image]], weights: Sequence[Sequence[float]]
    ) -> Sequence[Mapping[str, Attribute]]:
        """Return the attributes of each tracklet from its crops, each counting with its weight (>= 0)."""
        ...


class Describer:
    """Describes tracklets a batch at a time, each kind with its own embedder and attribute reader."""

    def __init__(
        self, embedders: Mapping[Kind, Embedding], attributes: Mapping[Kind, AttributeReader] | None = None
    ) -> None:
        self._embedders = embedders
        self._attributes = attributes or {}

    def describe(self, tracklets: Sequence[Tracklet]) -> list[Record]:
        """Return one record per tracklet, in order."""
        vectors: dict[int, NDArray[np.float32]] = {}
        attributes: dict[int, Mapping[str, Attribute]] = {}
        for kind, embedder in self._embedders.items():
            chosen = [i for i, tracklet in enumerate(tracklets) if tracklet.kind == kind]
            if not chosen:
                continue
            pooled = _pooled(embedder, [tracklets[i] for i in chosen])
            vectors.update(zip(chosen, pooled, strict=True))
            reader = self._attributes.get(kind)
            if reader is not None:
                attributes.update(zip(chosen, _read(reader, [tracklets[i] for i in chosen]), strict=True))
        return [
            _record(tracklet, vectors[i], self._embedders[tracklet.kind].space, attributes.get(i, {}))
            for i, tracklet in enumerate(tracklets)
        ]


def _read(reader: AttributeReader, tracklets: Sequence[Tracklet]) -> list[Mapping[str, Attribute]]:
    """Return what is known of each tracklet: absent means unknown."""
    crops = [[shot.crop for shot in tracklet.shots] for tracklet in tracklets]
    weights = [[shot.quality for shot in tracklet.shots] for tracklet in tracklets]
    found = reader.read(crops, weights)
    return [{name: one for name, one in read.items() if one.value != UNKNOWN} for read in found]


def _pooled(embedder: Embedding, tracklets: Sequence[Tracklet]) -> NDArray[np.float32]:
    """Return (n, d): the quality-weighted mean over each tracklet's shots, of length 1."""
    crops = [shot.crop for tracklet in tracklets for shot in tracklet.shots]
    owner = np.repeat(np.arange(len(tracklets)), [len(tracklet.shots) for tracklet in tracklets])
    weight = np.array([max(shot.quality, 1e-3) for tracklet in tracklets for shot in tracklet.shots], np.float32)
    vectors = embedder.embed(crops).vectors
    pooled = np.zeros((len(tracklets), vectors.shape[1]), np.float32)
    np.add.at(pooled, owner, vectors * weight[:, None])
    length = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (pooled / np.maximum(length, 1e-12)).astype(np.float32)
    return unit


def _record(
    tracklet: Tracklet, vector: NDArray[np.float32], space: EmbeddingSpace, attributes: Mapping[str, Attribute]
) -> Record:
    best = tracklet.shots[0]
    sighting = Sighting(
        id=tracklet.key.sighting_id(),
        key=tracklet.key,
        kind=tracklet.kind,
        community=tracklet.community,
        first_seen_ms=tracklet.first_seen_ms,
        last_seen_ms=tracklet.last_seen_ms,
        shot=Shot(best.captured_at_ms, best.xyxy, best.score, best.quality),
        frame_size=tracklet.frame_size,
        frames=tracklet.frames,
        revision=tracklet.revision,
        open=tracklet.open,
        attributes={name: read.value for name, read in attributes.items()},
        attribute_confidence={name: round(read.confidence, 3) for name, read in attributes.items()},
    )
    return Record(sighting, vector, space, encode_jpeg(_at_most(best.crop, _PICTURE_ROWS), _JPEG_QUALITY))


def _at_most(crop: Image, rows: int) -> Image:
    """Shrink a crop taller than `rows`; a sighting stays about 10 to 30 KB."""
    height, width = crop.shape[:2]
    if height <= rows:
        return crop
    size = (max(1, round(width * rows / height)), rows)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
