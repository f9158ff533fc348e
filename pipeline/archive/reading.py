"""What hits are judged by: their vectors, and who passed the same camera before and after."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

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
        cursor = connection.execute(chosen).cursor
        places |= dict(cursor.fetchall() if cursor is not None else ())
    file = layout.vectors((own.id, own.generation), own.dim)
    picked = file.pick(np.array([*places.values()], np.int64))
    return {name: np.array(vector) for name, vector in zip(places, picked, strict=True) if vector.any()}


def neighbours_of(connection: Connection, found: Sequence[Sighting]) -> list[tuple[Sighting | None, Sighting | None]]:
    """Return what the same camera saw next before and after each sighting, by last_seen_ms, ties by id.

    In the driver's words: SQLAlchemy's cost three times as much as the database, forty times for twenty hits.
    """
    pairs = []
    for one in found:
        values = (one.key.camera_id, one.last_seen_ms, one.last_seen_ms, one.id)
        rows = [connection.exec_driver_sql(question, values).first() for question in _NEIGHBOURS]
        before, after = (None if row is None else sighting_of(row) for row in rows)
        pairs.append((before, after))
    return pairs


def _neighbour(sign: str, order: str) -> str:
    # The plain bound first: it is what lets the index of cameras and times begin at the right place.
    columns = ", ".join(f'"{column.name}"' for column in sightings.columns)
    return (  # nothing from outside is in it
        f"SELECT {columns} FROM sightings WHERE camera_id = ? AND last_seen_ms {sign}= ? "  # noqa: S608
        f"AND (last_seen_ms {sign} ? OR id {sign} ?) ORDER BY last_seen_ms {order}, id {order} LIMIT 1"
    )


_NEIGHBOURS = (_neighbour("<", "DESC"), _neighbour(">", "ASC"))
