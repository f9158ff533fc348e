"""Failures of disk and database, told in the words of the archive."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from pipeline.errors import ArchiveDamaged, ArchiveError, ArchiveFull

NO_ROOM_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite knows "full" only for ENOSPC; a quota or a file size limit arrives as a failed write or growth of its files.
NO_ROOM_SQLITE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
DAMAGED_SQLITE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PRIMARY_CODE = 0xFF


@contextmanager
def archive_errors(folder: Path) -> Iterator[None]:
    """Turn OSError and database errors inside the block into ArchiveFull, ArchiveDamaged or ArchiveError."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM_ERRNO:
            raise _full(folder) from error
        raise ArchiveError(f"the archive at {folder} cannot be used: {error.strerror or error}") from error
    except DBAPIError as error:
        raise _of_database(folder, error.orig) from error
    except sqlite3.Error as error:
        raise _of_database(folder, error) from error


def _of_database(folder: Path, error: BaseException | None) -> ArchiveError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return ArchiveError(f"the archive at {folder} cannot be used: {error}")
    if code in NO_ROOM_SQLITE:
        return _full(folder)
    if code & PRIMARY_CODE in DAMAGED_SQLITE:
        return ArchiveDamaged(f"the database of the archive at {folder} is damaged ({error}): restore a backup")
    return ArchiveError(f"the archive at {folder} cannot be used: {error}")


def _full(folder: Path) -> ArchiveFull:
    return ArchiveFull(f"no room for the archive at {folder}: free disk space; it goes on as soon as there is room")
