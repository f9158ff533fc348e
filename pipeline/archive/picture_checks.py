"""Are the pictures of an archive where the rows say, and are they what was stored?"""

import itertools
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, func, select

from pipeline.archive.layout import Layout
from pipeline.archive.packs import PictureTorn
from pipeline.archive.picture_rows import PICTURE_COLUMNS, picture_of
from pipeline.archive.schema import freed, packs, sightings

SAMPLE = 2_000  # pictures read unless all are asked for
_AT_ONCE = 65_536

Report = Callable[[str, int, int], None]  # what, how far, of how many


def picture_faults(connection: Connection, layout: Layout, *, thorough: bool, report: Report) -> Iterator[str]:
    """Compare packs with rows, and read pictures: `thorough` all of them, otherwise a sample spread evenly."""
    yield from _pack_faults(connection, layout)
    count: int = connection.execute(select(func.count()).select_from(sightings)).scalar_one()
    step = 1 if thorough else max(1, count // SAMPLE)
    chosen = select(*PICTURE_COLUMNS).order_by(sightings.c.pack_id, sightings.c.picture_at)
    rows = connection.execute(chosen.execution_options(yield_per=_AT_ONCE))
    for number, row in enumerate(itertools.islice(rows, 0, None, step)):
        if number % 500 == 0:
            report("pictures", number * step, count)
        try:
            picture_of(layout, row)
        except (FileNotFoundError, PictureTorn):
            yield f"sighting {row.id}: its picture is missing or damaged"
    report("pictures", count, count)


def _pack_faults(connection: Connection, layout: Layout) -> Iterator[str]:
    c = sightings.c
    living = select(c.pack_id, func.sum(c.picture_bytes).label("bytes")).where(c.pack_id.is_not(None))
    by_pack = {row.pack_id: row.bytes for row in connection.execute(living.group_by(c.pack_id))}
    for pack in connection.execute(select(packs)).all():
        path = layout.packs.path(pack.id)
        size = path.stat().st_size if path.exists() else 0
        if size < pack.bytes:
            yield f"pack {path.name} holds {size} of the {pack.bytes} bytes in the database: restore a backup"
        if by_pack.pop(pack.id, 0) != pack.live:
            yield f"pack {path.name}: its rows do not add up to {pack.live} living bytes"
        yield from _overlaps(connection, pack.id)
    for pack_id in by_pack:
        yield f"pack {layout.packs.path(pack_id).name} is named by sightings, and the archive does not know it"


def _overlaps(connection: Connection, pack_id: int) -> Iterator[str]:
    """Two rows, or a row and what is to be erased, must never share a byte."""
    c = sightings.c
    used = select(c.picture_at, c.picture_bytes).where(c.pack_id == pack_id)
    given_up = select(freed.c.picture_at, freed.c.picture_bytes).where(freed.c.pack_id == pack_id)
    end = 0
    for at, length in connection.execute(used.union_all(given_up).order_by("picture_at")):
        if at < end:
            yield f"pack {pack_id}: two pictures share byte {at}"
        end = max(end, at + length)
