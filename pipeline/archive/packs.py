"""Pictures one after the other in append-only files, the packs: a file for thousands instead of one for each.

A row says where its picture lies, how long it is and its CRC-32, so that a picture that was erased or moved between
the look at the row and the look at the file is noticed.
"""

import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive.durable import sync_content, sync_folder, write_all, write_parts

PACK_BYTES = 64 << 20  # from here on a new pack is begun
_ZEROS_AT_ONCE = 1 << 20
_SUFFIX = ".pack"


@dataclass(frozen=True, slots=True)
class Extent:
    """`length` bytes of a pack from `at` on."""

    pack_id: int
    at: int
    length: int

    @property
    def end(self) -> int:
        """First byte behind it."""
        return self.at + self.length


class PictureTorn(Exception):
    """The bytes are not those the row was written for: they were erased, moved or damaged."""


class Packs:
    """The packs of one archive, `NUMBER.pack` in its folder of pictures; bytes count only once a row names them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, pack_id: int) -> Path:
        """Return where a pack lies."""
        return self._folder / f"{pack_id}{_SUFFIX}"

    def write(self, pack_id: int, at: int, pictures: Sequence[bytes]) -> None:
        """Store pictures one after the other from `at` on; durable on return; raises OSError."""
        path = self.path(pack_id)
        created = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            write_parts(descriptor, pictures, at)
            sync_content(descriptor)
        finally:
            os.close(descriptor)
        if created:
            sync_folder(self._folder)

    def read(self, extent: Extent, crc: int) -> bytes:
        """Return one picture; raises PictureTorn, FileNotFoundError when the pack is gone."""
        descriptor = os.open(self.path(extent.pack_id), os.O_RDONLY)
        try:
            content = os.pread(descriptor, extent.length, extent.at)
        finally:
            os.close(descriptor)
        if len(content) != extent.length or zlib.crc32(content) != crc:
            raise PictureTorn(f"{self.path(extent.pack_id)}: bytes {extent.at} to {extent.end}")
        return content

    def erase(self, pack_id: int, extents: Iterable[Extent]) -> None:
        """Overwrite extents of one pack with zeros; durable on return."""
        descriptor = os.open(self.path(pack_id), os.O_WRONLY)
        try:
            for at, length in _joined(extents):
                for start in range(at, at + length, _ZEROS_AT_ONCE):
                    write_all(descriptor, bytes(min(_ZEROS_AT_ONCE, at + length - start)), start)
            sync_content(descriptor)
        finally:
            os.close(descriptor)

    def cut(self, pack_id: int, size: int) -> None:
        """Give back what lies behind the `size` bytes that the database knows."""
        path = self.path(pack_id)
        if path.exists() and path.stat().st_size > size:
            os.truncate(path, size)

    def remove(self, pack_ids: Iterable[int]) -> None:
        """Remove whole packs; missing ones are skipped."""
        for pack_id in pack_ids:
            self.path(pack_id).unlink(missing_ok=True)
        sync_folder(self._folder)

    def sweep(self, kept: Iterable[int]) -> None:
        """Remove the packs that the database does not name: those that were given up."""
        names = {self.path(pack_id).name for pack_id in kept}
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name not in names:
                path.unlink()


def _joined(extents: Iterable[Extent]) -> list[tuple[int, int]]:
    """Return (at, length) of extents, those that touch made one: neighbours mostly expire together."""
    joined: list[tuple[int, int]] = []
    for extent in sorted(extents, key=lambda each: each.at):
        if joined and joined[-1][0] + joined[-1][1] == extent.at:
            joined[-1] = (joined[-1][0], joined[-1][1] + extent.length)
        else:
            joined.append((extent.at, extent.length))
    return joined
