"""What an operator asks of an archive: how much is there, and is it whole?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, Row, func, select

from models.errors import ModelError
from pipeline.archive.derived import DerivedIndexes
from pipeline.archive.layout import Layout
from pipeline.archive.packs import PictureTorn
from pipeline.archive.picture_rows import PICTURE_COLUMNS, picture_of
from pipeline.archive.schema import removals, sightings, spaces
from pipeline.archive.segments.manifest import Part, read_manifest
from pipeline.archive.segments.segment import Segment
from pipeline.errors import ArchiveDamaged, PipelineError

LENGTH_OFF = 1e-3  # a stored vector has length 1
_AT_ONCE = 65_536
_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """Sightings, segments and unsealed rows; bytes on disk by part, and in memory for searching."""

    sightings: int
    oldest_ms: int | None
    newest_ms: int | None
    segments: int
    unsealed: int
    database_bytes: int
    vector_bytes: int
    picture_bytes: int
    segment_bytes: int
    memory_bytes: int


def stats_of(engine: Engine, layout: Layout, derived: DerivedIndexes) -> ArchiveStats:
    """Count; walks the pictures' folders."""
    c = sightings.c
    with engine.connect() as connection:
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
        segment_bytes=_size(layout.segments_folder),
        memory_bytes=derived.bytes_held,
    )


def verify(engine: Engine, layout: Layout) -> list[str]:
    """Compare all parts; at most 100 faults are told."""
    faults: list[str] = []
    for fault in _faults(engine, layout):
        faults.append(fault)
        if len(faults) == _MOST_FAULTS:
            break
    return faults


def _faults(engine: Engine, layout: Layout) -> Iterator[str]:
    with engine.connect() as connection:
        c = sightings.c
        for row in connection.execute(select(*PICTURE_COLUMNS).execution_options(yield_per=_AT_ONCE)):
            try:
                picture_of(layout, row)
            except (FileNotFoundError, PictureTorn):
                yield f"sighting {row.id}: its picture is missing or damaged"
        for space in connection.execute(select(spaces)).all():
            chosen = select(c.vector_row).where(c.space_id == space.id).order_by(c.vector_row)
            rows = np.array(connection.scalars(chosen).all(), np.int64)
            gone = select(removals.c.vector_row).where(removals.c.space_id == space.id)
            dead = np.array(connection.scalars(gone).all(), np.int64)
            yield from _vector_faults(layout, space, rows)
            yield from _segment_faults(layout, space, rows, dead)


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
    file = layout.vectors((space.id, space.generation), space.dim)
    next_row = 0
    for part in sealed.parts:
        if part.first_row != next_row:
            yield f"segment {part.name}: rows {next_row} to {part.first_row} are in no segment"
        next_row = part.end_row
        if part.rows:
            yield from _rows_off(layout.segments_folder / part.name, file, part, rows, dead)


def _rows_off(folder: Path, file: Any, part: Part, rows: np.ndarray, dead: np.ndarray) -> Iterator[str]:  # noqa: ANN401
    try:
        segment = Segment(folder, file)
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
