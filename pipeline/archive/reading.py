"""What hits are judged by: their vectors, and who passed the same camera before and after."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, or_, select

from models.embeddings import EmbeddingSpace
from pipeline.archive import schema
from pipeline.archive.layout import Layout
from pipeline.archive.rows import sighting_of
from pipeline.archive.schema import sightings, spaces
from pipeline.sighting import Sighting


def vectors_of(
    connection: Connection, layout: Layout, sighting_ids: Sequence[str], space: EmbeddingSpace
) -> Mapping[str, NDArray[np.float32]]:
    """Return the vectors (d,) by id, as far as they are in the space and not erased since."""
    named = (spaces.c.name == space.name, spaces.c.version == space.version, spaces.c.dim == space.dim)
    own = connection.execute(select(spaces).where(*named)).one_or_none()
    if own is None:
        return {}
    places: dict[str, int] = {}
    for start in range(0, len(sighting_ids), schema.IDS_AT_ONCE):
        ids = sighting_ids[start : start + schema.IDS_AT_ONCE]
        chosen = select(sightings.c.id, sightings.c.vector_row).where(
            sightings.c.id.in_(ids), sightings.c.space_id == own.id
        )
        places |= {row.id: row.vector_row for row in connection.execute(chosen)}
    file = layout.vectors((own.id, own.generation), own.dim)
    picked = file.pick(np.array([*places.values()], np.int64))
    return {name: np.array(vector) for name, vector in zip(places, picked, strict=True) if vector.any()}


def neighbours_of(connection: Connection, sighting: Sighting) -> tuple[Sighting | None, Sighting | None]:
    """Return what the same camera saw next before and after a sighting, by last_seen_ms, ties by id."""
    at, name = sightings.c.last_seen_ms, sightings.c.id
    here = select(sightings).where(sightings.c.camera_id == sighting.key.camera_id)
    earlier = or_(at < sighting.last_seen_ms, and_(at == sighting.last_seen_ms, name < sighting.id))
    later = or_(at > sighting.last_seen_ms, and_(at == sighting.last_seen_ms, name > sighting.id))
    before = connection.execute(here.where(earlier).order_by(at.desc(), name.desc()).limit(1)).one_or_none()
    after = connection.execute(here.where(later).order_by(at, name).limit(1)).one_or_none()
    return None if before is None else sighting_of(before), None if after is None else sighting_of(after)
