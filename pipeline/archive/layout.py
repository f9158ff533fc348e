"""Where the parts of a local archive lie in its folder."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.archive.packs import Packs
from pipeline.archive.pictures import PictureFiles
from pipeline.archive.schema import DATABASE_NAME
from pipeline.archive.vectors import VectorFile

LOCK_NAME = "writer.lock"
VECTORS_NAME = "vectors"
PICTURES_NAME = "pictures"
SEGMENTS_NAME = "segments"
VectorName = tuple[int, int]  # number and generation of a space in the table `spaces`


class Layout:
    """One folder: `archive.sqlite`, `vectors/`, `pictures/`, `writer.lock`, and `segments/`, which is derived."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / DATABASE_NAME
        self.lock = folder / LOCK_NAME
        self.vectors_folder = folder / VECTORS_NAME
        self.pictures_folder = folder / PICTURES_NAME
        self.segments_folder = folder / SEGMENTS_NAME
        self.packs = Packs(self.pictures_folder)
        self.pictures = PictureFiles(self.pictures_folder)

    def vectors(self, file: VectorName, dim: int) -> VectorFile:
        """Return the vector file of a space."""
        return VectorFile(self.vectors_folder / _file_name(file), dim)

    def sweep_vectors(self, kept: Iterable[VectorName]) -> None:
        """Remove the vector files that the database does not name: those that were compacted."""
        names = {_file_name(file) for file in kept}
        for path in self.vectors_folder.iterdir():
            if path.name not in names:
                path.unlink()

    def strangers(self) -> list[str]:
        """Return the names in the folder that no archive has."""
        ours = {LOCK_NAME, VECTORS_NAME, PICTURES_NAME, SEGMENTS_NAME}
        found = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return sorted(name for name in found if name not in ours and not name.startswith(DATABASE_NAME))


def _file_name(file: VectorName) -> str:
    space_id, generation = file
    return f"{space_id}-{generation}.f32"
