"""Holding what a case needs, by where and when instead of by id."""

from collections.abc import Sequence

from pipeline.archive.contract import Archive, Cursor, SightingFilter
from pipeline.errors import HoldTooLarge

MOST = 100_000  # sightings in one order: more is a whole archive, and is asked for by mistake
_PAGE = 5_000


def ids_to_hold(archive: Archive, where: SightingFilter, *, most: int = MOST) -> Sequence[str]:
    """Return the ids of all sightings that pass a filter; raises HoldTooLarge."""
    ids: list[str] = []
    after: Cursor | None = None
    while page := archive.find(where, limit=_PAGE, after=after):
        ids += [sighting.id for sighting in page]
        if len(ids) > most:
            raise HoldTooLarge(most)
        after = Cursor.behind(page[-1])
    return ids
