"""Small records and questions for the archives under contract."""

import numpy as np

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import (
    Archive,
    Query,
    SightingFilter,
)
from pipeline.sighting import Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("stripes", "aaaa-fp32", 3)
OTHER = EmbeddingSpace("net", "bbbb-fp32", 3)
ALL = SightingFilter()


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def record(
    name: str,
    vector: np.ndarray | None = None,
    *,
    camera: str = "c1",
    kind: Kind = Kind.PERSON,
    community: str = "garden",
    seen: tuple[int, int] = (1000, 2000),
    revision: int = 1,
    space: EmbeddingSpace = SPACE,
    picture: bytes = b"jpeg",
) -> Record:
    sighting = Sighting(
        id=name,
        key=TrackletKey(camera, "session", 7),
        kind=kind,
        community=community,
        first_seen_ms=seen[0],
        last_seen_ms=seen[1],
        shot=Shot(seen[0], (1.5, 2.0, 30.25, 40.0), 0.75, 0.5),
        frame_size=(1920, 1080),
        frames=12,
        revision=revision,
        open=True,
        attributes={"colour": "白"},
        attribute_confidence={"colour": 0.75},
    )
    return Record(sighting, unit(1, 0, 0) if vector is None else vector, space, picture)


def query(
    vector: np.ndarray, where: SightingFilter = ALL, top: int = 20, space: EmbeddingSpace = SPACE, **more: object
) -> Query:
    return Query(Embeddings(np.atleast_2d(vector).astype(np.float32), space), where, top, **more)


def ids(archive: Archive, asked: Query) -> list[str]:
    return [hit.sighting.id for hit in archive.search(asked)]
