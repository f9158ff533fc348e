"""What an operator asks of an archive: how much is there, and is it whole?"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, func, select

from models.errors import ModelError
from pipeline.archive.derived import DerivedIndexes
from pipeline.archive.layout import Layout
from pipeline.archive.picture_checks import Report, picture_faults
from pipeline.archive.schema import packs, removals, sightings, spaces, tallies
from pipeline.archive.segments.manifest import Part, read_manifest
from pipeline.archive.segments.segment import Segment
from pipeline.errors import ArchiveDamaged, PipelineError

LENGTH_OFF = 1e-3  # a stored vector has length 1
_AT_ONCE = 65_536
_MOST_FAULTS = 100


def silent(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """How many sightings, segments, packs and unsealed rows; bytes on disk by part, and in memory for searching."""

    sightings: int
    oldest_ms: int | None
    newest_ms: int | None
    segments: int
    unsealed: int
    database_bytes: int
    vector_bytes: int
    picture_bytes: int
    packs: int
    dead_picture_bytes: int
    segment_bytes: int
    memory_bytes: int


def stats_of(engine: Engine, layout: Layout, derived: DerivedIndexes) -> ArchiveStats:
    """Count; walks the pictures' folders."""
    c = sightings.c
    with engine.connect() as connection:
        pack_count, pack_bytes, live_bytes = connection.execute(
            select(func.count(), func.coalesce(func.sum(packs.c.bytes), 0), func.coalesce(func.sum(packs.c.live), 0))
        ).one()
        row = connection.execute(select(func.count(), func.min(c.first_seen_ms), func.max(c.last_seen_ms))).one()
    return ArchiveStats(
        sightings=row[0],
        oldest_ms=row[1],
        newest_ms=row[2],
        segments=len(derived.living()),
        unsealed=derived.unsealed,
        database_bytes=sum(path.stat().st_size for path in layout.folder.glob(f"{layout.database.name}*")),
        vector_bytes=_size(layout.vectors_folder),
        picture_bytes=_size(layout.pictures_folder),
        packs=pack_count,
        dead_picture_bytes=pack_bytes - live_bytes,
        segment_bytes=_size(layout.segments_folder),
        memory_bytes=derived.bytes_held,
    )


def verify(engine: Engine, layout: Layout, *, thorough: bool = False, report: Report = silent) -> list[str]:
    """Compare all parts; at most 100 faults are told. `thorough` reads every picture, otherwise a sample is read."""
    with engine.connect() as connection:
        return list(itertools.islice(_faults(connection, layout, thorough=thorough, report=report), _MOST_FAULTS))


def _faults(connection: Connection, layout: Layout, *, thorough: bool, report: Report) -> Iterator[str]:
    c = sightings.c
    yield from _tally_faults(connection)
    yield from picture_faults(connection, layout, thorough=thorough, report=report)
    known = connection.execute(select(spaces)).all()
    for number, space in enumerate(known):
        report("vectors", number, len(known))
        chosen = select(c.vector_row).where(c.space_id == space.id).order_by(c.vector_row)
        rows = np.array(connection.scalars(chosen).all(), np.int64)
        gone = select(removals.c.vector_row).where(removals.c.space_id == space.id)
        dead = np.array(connection.scalars(gone).all(), np.int64)
        yield from _vector_faults(layout, space, rows)
        yield from _segment_faults(layout, space, rows, dead)
    report("vectors", len(known), len(known))


def _tally_faults(connection: Connection) -> Iterator[str]:
    sort = ("camera_id", "community", "kind", "space_id")
    columns = [sightings.c[name] for name in sort]
    counted = {tuple(row[:4]): row[4] for row in connection.execute(select(*columns, func.count()).group_by(*columns))}
    noted = {tuple(row[:4]): row[4] for row in connection.execute(select(tallies))}
    for camera, *_ in {key for key in counted.keys() | noted.keys() if counted.get(key) != noted.get(key)}:
        yield f"camera {camera}: the number of its sightings is not the one that was counted when they were stored"


def _vector_faults(layout: Layout, space: Row[Any], rows: np.ndarray) -> Iterator[str]:
    file = layout.vectors((space.id, space.generation), space.dim)
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        try:
            lengths = np.linalg.norm(file.pick(part), axis=1)
        except (ArchiveDamaged, OSError) as error:
            yield str(error)
            return
        for row in part[np.abs(lengths - 1) > LENGTH_OFF]:
            yield f"space {space.name}: the vector in row {row} is damaged"


def _segment_faults(layout: Layout, space: Row[Any], rows: np.ndarray, dead: np.ndarray) -> Iterator[str]:
    sealed = read_manifest(layout.segments_folder).of(space.id, space.generation)
    next_row = 0
    for part in sealed.parts:
        if part.first_row != next_row:
            yield f"segment {part.name}: rows {next_row} to {part.first_row} are in no segment"
        next_row = part.end_row
        if part.rows:
            yield from _rows_off(layout.segments_folder / part.name, part, rows, dead)


def _rows_off(folder: Path, part: Part, rows: np.ndarray, dead: np.ndarray) -> Iterator[str]:
    try:
        segment = Segment(folder)
    except (PipelineError, ModelError) as error:
        yield str(error)
        return
    segment.bury(dead[(dead >= part.first_row) & (dead < part.end_row)])
    expected = rows[(rows >= part.first_row) & (rows < part.end_row)]
    missing = np.setdiff1d(expected, segment.living_vector_rows())
    surplus = np.setdiff1d(segment.living_vector_rows(), expected)
    if len(missing) or len(surplus):
        yield f"segment {part.name}: {len(missing)} rows missing, {len(surplus)} too many"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
