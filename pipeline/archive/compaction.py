"""Giving back the room of erased vectors: the live rows of a space move to a new file.

Done at a writable opening, when more is dead than alive. The old file stays until the next such opening, so that a
reader in mid-stride finds it; what was erased in it is zeros already.
"""

import numpy as np
from sqlalchemy import Engine, bindparam, delete, select, update

from pipeline.archive.layout import Layout
from pipeline.archive.schema import removals, sightings, spaces, state, write

WORTH_IT = 10_000  # dead rows; below, the file is small anyway
ROWS_AT_ONCE = 65_536


def compact(engine: Engine, layout: Layout, *, worth_it: int = WORTH_IT) -> int:
    """Rewrite the vector files that are mostly dead; return how many rows went."""
    with engine.connect() as connection:
        known = connection.execute(select(spaces)).all()
    return sum(_compact_space(engine, layout, space.id, worth_it) for space in known)


def _compact_space(engine: Engine, layout: Layout, space_id: int, worth_it: int) -> int:
    chosen = select(sightings.c.id, sightings.c.vector_row).where(sightings.c.space_id == space_id)
    with engine.connect() as connection:
        space = connection.execute(select(spaces).where(spaces.c.id == space_id)).one()
        live = connection.execute(chosen.order_by(sightings.c.vector_row)).all()
    dead: int = space.rows - len(live)
    if dead < max(worth_it, len(live)):
        return 0
    old = layout.vectors((space_id, space.generation), space.dim)
    new = layout.vectors((space_id, space.generation + 1), space.dim)
    rows = np.array([row.vector_row for row in live], np.int64)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        new.write(start, old.read(rows[start : start + ROWS_AT_ONCE]))
    # in ascending order a row moves only to a number that is free: two never share one, not even for a moment
    moved = update(sightings).where(sightings.c.id == bindparam("moved_id")).values(vector_row=bindparam("to_row"))
    with write(engine) as connection:
        connection.execute(update(state).values(changed=state.c.changed + 1))
        if live:
            connection.execute(moved, [{"moved_id": row.id, "to_row": place} for place, row in enumerate(live)])
        connection.execute(delete(removals).where(removals.c.space_id == space_id))
        values = {"generation": space.generation + 1, "rows": len(live)}
        connection.execute(update(spaces).where(spaces.c.id == space_id).values(**values))
    return dead
