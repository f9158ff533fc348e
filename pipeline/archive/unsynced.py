"""The files that small appends wrote to without a wait for the disk: opened once, waited for together."""

import os
from pathlib import Path

from pipeline.archive.durable import sync_file, sync_folder
from pipeline.archive.layout import Layout, VectorName


class UnsyncedFiles:
    """Packs and vector files of one archive since the last `sync`; the writer's own, not safe between threads.

    Descriptors stay open from one append to the next. A file that is removed meanwhile keeps its room until it is
    closed here, and its name may be given to another: whoever may remove files asks for `sync` or `close` before.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._open: dict[int | VectorName, int] = {}
        self._written: set[Path] = set()

    def pack(self, pack_id: int) -> int:
        """Return a descriptor to write a pack with; it is made when there is none. Raises OSError."""
        descriptor = self._open.get(pack_id)
        return self._opened(pack_id, self._layout.packs.path(pack_id)) if descriptor is None else descriptor

    def vectors(self, file: VectorName) -> int:
        """Return a descriptor to write a vector file with; it is made when there is none. Raises OSError."""
        descriptor = self._open.get(file)
        return self._opened(file, self._layout.vectors(file, 0).path) if descriptor is None else descriptor

    def _opened(self, name: int | VectorName, path: Path) -> int:
        created = not path.exists()
        descriptor = self._open[name] = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        self._written.add(path)
        if created:
            sync_folder(path.parent)
        return descriptor

    def sync(self) -> None:
        """Make durable what was written, and close the files; raises OSError, and may be called again then."""
        for path in self._written:
            if path.exists():  # a pack may have been given up since
                sync_file(path)
        self._written.clear()
        self.close()

    def close(self) -> None:
        """Close the files; the next `sync` still waits for them."""
        while self._open:
            os.close(self._open.popitem()[1])
