"""From a row to its picture, wherever the archive's format put it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pipeline.archive.layout import Layout
from pipeline.archive.packs import Extent
from pipeline.archive.schema import sightings

_c = sightings.c
PICTURE_COLUMNS = (_c.id, _c.revision, _c.pack_id, _c.picture_at, _c.picture_bytes, _c.picture_crc)
PICTURE_OF = select(*PICTURE_COLUMNS).where(_c.id == bindparam("id"))


def picture_of(layout: Layout, row: Sequence[Any]) -> bytes:
    """Return the JPEG of a row of PICTURE_COLUMNS; raises FileNotFoundError, PictureTorn."""
    sighting_id, revision, pack_id, at, length, crc = row
    if pack_id is None:
        return layout.pictures.read((sighting_id, revision))
    return layout.packs.read(Extent(pack_id, at, length), crc)
