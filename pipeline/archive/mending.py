"""Undoing what a killed writer or a failed append left in the files: bytes that no row names."""

from sqlalchemy import Connection, Engine, select, update

from pipeline.archive.layout import Layout
from pipeline.archive.pictures import PictureName
from pipeline.archive.redo import RedoRing
from pipeline.archive.schema import packs, sightings, spaces, state, write


def mend(engine: Engine, layout: Layout, redo: RedoRing) -> None:
    """Bring the files to what the database names, at an opening; raises ArchiveDamaged when one holds less."""
    with engine.connect() as connection:
        clean = connection.execute(select(state.c.clean)).scalar_one()
        known = connection.execute(select(spaces)).all()
        kept = connection.execute(select(packs)).all()
        files = set() if clean else _picture_files(connection)
    layout.sweep_vectors((space.id, space.generation) for space in known)
    layout.packs.sweep(pack.id for pack in kept)
    redo.replay()
    for space in known:
        layout.vectors((space.id, space.generation), space.dim).recover(space.rows)
    for pack in kept:
        layout.packs.cut(pack.id, pack.bytes)
    if not clean:
        layout.pictures.sweep(files)


def cut_unnamed(engine: Engine, layout: Layout) -> None:
    """Give back the bytes of a failed append; an interrupt may have come just after the commit: ask the rows."""
    with engine.connect() as connection:
        kept = connection.execute(select(packs).order_by(packs.c.id)).all()
        known = connection.execute(select(spaces)).all()
    layout.packs.sweep(pack.id for pack in kept)
    for pack in kept[-1:]:
        layout.packs.cut(pack.id, pack.bytes)
    for space in known:
        layout.vectors((space.id, space.generation), space.dim).cut(space.rows)


def mark(engine: Engine, *, clean: bool) -> None:
    """Note durably whether there may be something to mend."""
    with write(engine) as connection:
        connection.execute(update(state).values(clean=clean))


def _picture_files(connection: Connection) -> set[PictureName]:
    c = sightings.c
    return {(row.id, row.revision) for row in connection.execute(select(c.id, c.revision).where(c.pack_id.is_(None)))}
