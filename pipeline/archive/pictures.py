"""Pictures as files, in folders by the first letters of the sighting's id.

A file's name holds id and revision, so a row can only ever meet its own picture: the file of a new revision is durable
before the row is committed, the old one is removed after it.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.archive.durable import make_folder, sync_folder, write_all

PictureName = tuple[str, int]
MANY = 64  # in one call; from here on one sync of the whole system beats one of each file (measured: 15 times)


class PictureFolder:
    """The folder `pictures` of one archive; names are (sighting id, revision)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, pictures: Iterable[tuple[PictureName, bytes]]) -> None:
        """Store pictures; all are durable on return; raises OSError.

        Until a row names it, a file may be torn: whatever a kill leaves is swept or written again.
        """
        many = [(self.path(name), content) for name, content in pictures]
        folders = {path.parent for path, _ in many}
        together = len(many) > MANY
        for folder in folders:
            if together:
                folder.mkdir(parents=True, exist_ok=True)
            else:
                make_folder(folder)
        for path, content in many:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                write_all(descriptor, content, 0)
                if not together:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        if together:
            os.sync()
            return
        for folder in folders:
            sync_folder(folder)

    def read(self, name: PictureName) -> bytes:
        """Return one picture; raises FileNotFoundError."""
        return self.path(name).read_bytes()

    def remove(self, names: Iterable[PictureName]) -> None:
        """Remove pictures; missing ones are skipped."""
        touched: set[Path] = set()
        for name in names:
            path = self.path(name)
            path.unlink(missing_ok=True)
            touched.add(path.parent)
        for folder in touched:
            if folder.is_dir():
                sync_folder(folder)

    def sweep(self, kept: set[PictureName]) -> int:
        """Remove every file that belongs to no row; return how many went."""
        expected = {self.path(name) for name in kept}
        orphans = [path for path in self._folder.glob("*/*") if path not in expected]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def path(self, name: PictureName) -> Path:
        """Return where a picture lies or would lie."""
        sighting_id, revision = name
        return self._folder / sighting_id[:2] / f"{sighting_id}-{revision}.jpg"
