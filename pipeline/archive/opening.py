"""Opening a local archive: is it one, may we, and is it ours to write?"""

from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from pipeline.archive import schema
from pipeline.archive.durable import make_folder, sync_folder
from pipeline.archive.failures import archive_errors
from pipeline.archive.layout import Layout
from pipeline.archive.local import LocalArchive
from pipeline.archive.migration import migrate
from pipeline.archive.packs import PACK_BYTES
from pipeline.archive.segments.policy import SEAL_ROWS
from pipeline.errors import ArchiveBusy, ArchiveDamaged, ArchiveTooNew


def open_archive(
    path: Path, *, writable: bool, create: bool = True, seal_rows: int = SEAL_ROWS, pack_bytes: int = PACK_BYTES
) -> LocalArchive:
    """Open the archive in a folder; with `writable` and `create` a missing or empty folder becomes one.

    A writer seals rows into a segment whenever `seal_rows` have gathered, and begins a new file for pictures whenever
    one has `pack_bytes`.

    Raises ArchiveBusy when another process (or another object of this one) writes to it, ArchiveTooNew,
    ArchiveDamaged when there is no archive or something else, ArchiveFull and ArchiveError when the disk refuses.
    A reader may open an archive that is being written: it sees what is committed, new rows at each search.
    """
    layout = Layout(path)
    with archive_errors(path):
        _check_folder(layout, may_create=writable and create)
        if not writable:
            return _open(layout, None, seal_rows, pack_bytes)
        make_folder(layout.folder)
        lock = _take_lock(layout)
        try:
            return _open(layout, lock, seal_rows, pack_bytes)
        except BaseException:
            lock.release()
            raise


def _open(layout: Layout, lock: FileLock | None, seal_rows: int, pack_bytes: int) -> LocalArchive:
    if lock is not None and not layout.database.exists():
        layout.database.touch()
    engine = schema.connect(layout.database, writable=lock is not None)
    try:
        _check_database(layout, engine, may_create=lock is not None)
        if lock is not None:
            for folder in (layout.vectors_folder, layout.pictures_folder, layout.segments_folder):
                make_folder(folder)
            sync_folder(layout.folder)
        return LocalArchive(layout, engine, lock, seal_rows=seal_rows, pack_bytes=pack_bytes).start()
    except BaseException:
        engine.dispose()
        raise


def _check_folder(layout: Layout, *, may_create: bool) -> None:
    if layout.folder.exists() and not layout.folder.is_dir():
        raise ArchiveDamaged(f"{layout.folder} is a file: name a folder for the archive")
    if layout.database.exists():
        return
    strangers = layout.strangers()
    if strangers:
        raise ArchiveDamaged(
            f"{layout.folder} is no archive and not empty (it holds {strangers[0]}): name an empty or a new folder"
        )
    if not may_create:
        raise _no_archive(layout)


def _check_database(layout: Layout, engine: Engine, *, may_create: bool) -> None:
    with engine.connect() as connection:
        application, version, tables = schema.header(connection)
    if tables == 0 and application == 0:  # new, or a first opening that was killed
        if not may_create:
            raise _no_archive(layout)
        schema.create_tables(engine)
        return
    if application != schema.APPLICATION_ID:
        raise ArchiveDamaged(f"{layout.database} belongs to another program: name another folder for the archive")
    if version > schema.SCHEMA_VERSION:
        raise ArchiveTooNew(
            f"the archive at {layout.folder} has format {version}, this zhian reads up to {schema.SCHEMA_VERSION}: "
            "install a newer zhian"
        )
    if version < schema.SCHEMA_VERSION:
        _migrate(layout)


def _migrate(layout: Layout) -> None:
    engine = schema.connect(layout.database, writable=True)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def _take_lock(layout: Layout) -> FileLock:
    # not thread-local: the thread that closes an archive need not be the one that opened it
    lock = FileLock(layout.lock, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise ArchiveBusy(
            f"another process writes to the archive at {layout.folder}: stop it first, or wait until it is done"
        ) from error
    return lock


def _no_archive(layout: Layout) -> ArchiveDamaged:
    return ArchiveDamaged(f"no archive at {layout.folder}: create one with `zhian analyze`")
