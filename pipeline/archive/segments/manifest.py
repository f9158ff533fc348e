"""Which segments an archive has: one small file, replaced as a whole, so that a reader sees all of a change or none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.archive.durable import sync_folder, write_file
from pipeline.errors import SegmentDamaged

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One segment: its folder's name and the vector rows [first_row, end_row) it was built from."""

    name: str
    first_row: int
    end_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """The segments of one space and generation of its vector file, by vector row and without gaps, from row 0 on."""

    generation: int
    parts: tuple[Part, ...] = ()

    @property
    def end_row(self) -> int:
        """First vector row that is in no segment."""
        return self.parts[-1].end_row if self.parts else 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """Segments by number of the space."""

    spaces: Mapping[int, Sealed] = field(default_factory=dict)

    def of(self, space_id: int, generation: int) -> Sealed:
        """Return the segments of a space; those of an older generation do not count."""
        sealed = self.spaces.get(space_id)
        return sealed if sealed is not None and sealed.generation == generation else Sealed(generation)

    def with_space(self, space_id: int, sealed: Sealed) -> "Manifest":
        """Return the manifest with other segments for one space."""
        return Manifest({**self.spaces, space_id: sealed})

    @property
    def names(self) -> frozenset[str]:
        """Names of all segments' folders."""
        return frozenset(part.name for sealed in self.spaces.values() for part in sealed.parts)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a segments folder, an empty one where there is none; raises SegmentDamaged."""
    try:
        content = json.loads((folder / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return Manifest()
    except ValueError as error:
        raise SegmentDamaged(folder / NAME) from error
    if content.get("format") != FORMAT:
        raise SegmentDamaged(folder / NAME)
    return Manifest(
        {
            int(number): Sealed(space["generation"], tuple(Part(**part) for part in space["segments"]))
            for number, space in content["spaces"].items()
        }
    )


def manifest_mark(folder: Path) -> tuple[int, int] | None:
    """Return what changes with every replacement of the manifest, None where there is none."""
    try:
        found = (folder / NAME).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest; durable on return."""
    spaces = {
        str(number): {
            "generation": sealed.generation,
            "segments": [
                {"name": p.name, "first_row": p.first_row, "end_row": p.end_row, "rows": p.rows} for p in sealed.parts
            ],
        }
        for number, sealed in manifest.spaces.items()
    }
    write_file(folder / NAME, json.dumps({"format": FORMAT, "spaces": spaces}, indent=1).encode())
    sync_folder(folder)
