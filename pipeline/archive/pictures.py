"""Pictures as archives of format 2 and older keep them: a file each, named after id and revision.

Nothing is added here any more; `zhian archive compact` moves what is left into packs.
"""

from collections.abc import Iterable
from pathlib import Path

from pipeline.archive.durable import sync_folder

PictureName = tuple[str, int]


class PictureFiles:
    """The picture files of one archive, in folders by the first letters of the id; names are (id, revision)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: PictureName) -> bytes:
        """Return one picture; raises FileNotFoundError."""
        return self.path(name).read_bytes()

    def remove(self, names: Iterable[PictureName]) -> None:
        """Remove pictures and folders that became empty; missing ones are skipped."""
        touched: set[Path] = set()
        for name in names:
            path = self.path(name)
            path.unlink(missing_ok=True)
            touched.add(path.parent)
        for folder in touched:
            if folder.is_dir():
                if any(folder.iterdir()):
                    sync_folder(folder)
                else:
                    folder.rmdir()
        if touched:
            sync_folder(self._folder)

    def sweep(self, kept: Iterable[PictureName]) -> int:
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
