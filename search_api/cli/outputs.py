"""Output files appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search_api.errors import BadInput


def check_output(path: Path) -> None:
    """Refuse a place that cannot take a file before the work begins; raises BadInput."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder: name a file in it")
    folder = path.parent
    if not folder.is_dir():
        raise BadInput(f"the folder {folder} does not exist: make it first, or write elsewhere")
    if not os.access(folder, os.W_OK):
        raise BadInput(f"no permission to write into {folder}: write elsewhere")


def make_output_folder(folder: Path) -> None:
    """Make a folder for files to write, if it is not there; raises BadInput."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: name a folder")
    if not folder.exists():
        check_output(folder)
        folder.mkdir()
    check_output(folder / "picture")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` only when the block succeeds.

    Something that is no regular file, such as /dev/stdout, is yielded itself. Raises BadInput, OSError.
    """
    check_output(path)
    if path.exists() and not path.is_file():
        yield path
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
