"""What was stored after a change number: how a follower, such as the watches, misses nothing over restarts."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from models.embeddings import EmbeddingSpace
from pipeline.archive.contract import Changes, Stored
from pipeline.archive.layout import Layout
from pipeline.archive.rows import sighting_of
from pipeline.archive.schema import sightings, spaces, state


def newest_change(connection: Connection) -> int:
    """Return the number of the newest change."""
    number: int = connection.execute(select(state.c.changed)).scalar_one()
    return number


def changes_since(connection: Connection, layout: Layout, since: int, limit: int) -> Changes:
    """Return whole changes after `since`, about `limit` sightings; what was forgotten meanwhile is not among them."""
    newest = newest_change(connection)
    c = sightings.c
    last = select(c.changed).where(c.changed > since).order_by(c.changed).offset(max(limit, 1) - 1).limit(1)
    upto = connection.execute(last).scalar_one_or_none() or newest
    chosen = select(sightings).where(c.changed > since, c.changed <= upto).order_by(c.changed, c.id)
    rows = connection.execute(chosen).all()
    known = {row.id: row for row in connection.execute(select(spaces))}
    found: dict[str, Stored] = {}
    for space_id in {row.space_id for row in rows}:
        members = sorted((row for row in rows if row.space_id == space_id), key=lambda row: row.vector_row)
        space = known[space_id]
        file = layout.vectors((space_id, space.generation), space.dim)
        vectors = file.pick(np.array([row.vector_row for row in members], np.int64))
        named = EmbeddingSpace(space.name, space.version, space.dim)
        for row, vector in zip(members, vectors, strict=True):
            if vector.any():  # zeros: the row was given up and erased since it was looked up
                found[row.id] = Stored(sighting_of(row), vector, named)
    return Changes(_in_order(found, [row.id for row in rows]), upto)


def _in_order(found: dict[str, Stored], ids: Sequence[str]) -> list[Stored]:
    return [found[each] for each in ids if each in found]
