"""Giving back the room of erased pictures: what lives in a mostly dead pack moves to the newest one.

A step is one pack in one transaction, with copies that are durable before it: a kill leaves the old pack or the new
places, never neither. Readers that looked at the old place find it gone or torn, and look at the row again.
"""

import zlib
from collections.abc import Sequence
from sqlite3 import Connection

from pipeline.archive.layout import Layout
from pipeline.archive.packs import PACK_BYTES
from pipeline.archive.places import allot_pictures, begin_pack
from pipeline.archive.schema import transaction

WORTH_IT = 1 << 20  # dead bytes; below, the pack is small anyway
FILES_AT_ONCE = 1_000

_MOSTLY_DEAD = "live * 2 < bytes AND bytes - live >= ? AND id < (SELECT max(id) FROM packs)"
_ANY_DEAD = "live < bytes AND bytes - live >= ?"


def next_pack(connection: Connection, *, thorough: bool, pack_bytes: int = PACK_BYTES) -> int | None:
    """Return a pack that should be given up; `thorough`: every one that has dead bytes."""
    which, least = (_ANY_DEAD, 1) if thorough else (_MOSTLY_DEAD, min(WORTH_IT, pack_bytes // 2))
    found = connection.execute(f"SELECT id FROM packs WHERE {which} ORDER BY id LIMIT 1", (least,)).fetchone()  # noqa: S608
    return None if found is None else int(found[0])


def repack(connection: Connection, layout: Layout, pack_id: int, pack_bytes: int = PACK_BYTES) -> None:
    """Move the living pictures of a pack and remove it."""
    chosen = "SELECT id, picture_at, picture_bytes FROM sightings WHERE pack_id = ? ORDER BY picture_at"
    rows = connection.execute(chosen, (pack_id,)).fetchall()
    content = layout.packs.path(pack_id).read_bytes()
    pictures = [content[at : at + length] for _, at, length in rows]
    with transaction(connection):
        if connection.execute("SELECT max(id) FROM packs").fetchone() == (pack_id,):
            begin_pack(connection)
        places = _moved(connection, layout, pictures, pack_bytes)
        moved = [(*place, row[0]) for place, row in zip(places, rows, strict=True)]
        connection.executemany("UPDATE sightings SET pack_id = ?, picture_at = ? WHERE id = ?", moved)
        connection.execute("DELETE FROM freed WHERE pack_id = ?", (pack_id,))
        connection.execute("DELETE FROM packs WHERE id = ?", (pack_id,))
    layout.packs.remove([pack_id])


def adopt_files(connection: Connection, layout: Layout, after: str, pack_bytes: int = PACK_BYTES) -> tuple[int, str]:
    """Move pictures that older formats keep in files of their own, of at most 1,000 sightings with ids beyond `after`.

    Returns how many rows were looked at and the last id. One whose file is missing stays as it is, for `verify`.
    """
    chosen = "SELECT id, revision FROM sightings WHERE pack_id IS NULL AND id > ? ORDER BY id LIMIT ?"
    rows = connection.execute(chosen, (after, FILES_AT_ONCE)).fetchall()
    present = [row for row in rows if layout.pictures.path(row).is_file()]
    pictures = [layout.pictures.read(row) for row in present]
    with transaction(connection):
        places = _moved(connection, layout, pictures, pack_bytes)
        moved = [
            (*place, len(picture), zlib.crc32(picture), row[0])
            for place, picture, row in zip(places, pictures, present, strict=True)
        ]
        values = "pack_id = ?, picture_at = ?, picture_bytes = ?, picture_crc = ?"
        connection.executemany(f"UPDATE sightings SET {values} WHERE id = ?", moved)  # noqa: S608
    layout.pictures.remove(present)
    return len(rows), rows[-1][0] if rows else after


def _moved(connection: Connection, layout: Layout, pictures: Sequence[bytes], pack_bytes: int) -> list[tuple[int, int]]:
    """Write pictures durably and return (pack, offset) of each."""
    if not pictures:
        return []
    pack_id, starts = allot_pictures(connection, [len(picture) for picture in pictures], pack_bytes)
    layout.packs.write(pack_id, starts[0], pictures)
    return [(pack_id, at) for at in starts]
