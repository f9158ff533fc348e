"""Seals rows into segments and merges segments, in the background of the process that writes.

A step is built beside everything else and becomes visible by replacing the manifest; a kill at any moment leaves a
folder that no manifest names, and the next opening removes it.
"""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, select

from pipeline.archive.durable import sync_file, sync_folder
from pipeline.archive.layout import Layout
from pipeline.archive.schema import spaces, state
from pipeline.archive.segments.building import LOOKS_OF_ROWS, build
from pipeline.archive.segments.manifest import Manifest, Part, Sealed, read_manifest, write_manifest
from pipeline.archive.segments.policy import SEAL_ROWS, Step, next_step
from pipeline.archive.segments.rows import read_rows
from pipeline.errors import ArchiveError, SegmentDamaged

LOOK_AGAIN_S = 0.1


class Reader(Protocol):
    """What searches the segments, and so knows them."""

    def living(self) -> Mapping[str, int]:
        """Return the living rows of each open segment by name."""
        ...

    def open_ahead(self, name: str) -> None:
        """Open a segment that the manifest is about to name, so that no search has to."""
        ...


class SegmentKeeper:
    """The one that changes segments."""

    def __init__(
        self,
        engine: Engine,
        layout: Layout,
        reader: Reader,
        *,
        seal_rows: int = SEAL_ROWS,
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """While it `waits`, the work in the background does not begin."""
        self._waits = waits
        self._engine = engine
        self._layout = layout
        self._reader = reader
        self._seal_rows = seal_rows
        self._working = threading.Lock()
        self._due = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def recover(self) -> None:
        """Remove what no manifest names, and what belongs to a vector file that is no more."""
        folder = self._layout.segments_folder
        try:
            manifest = read_manifest(folder)
        except SegmentDamaged:
            write_manifest(folder, Manifest())
            manifest = Manifest()
        generations = {space.id: space.generation for space in self._spaces()}
        current = {n: s for n, s in manifest.spaces.items() if generations.get(n) == s.generation}
        if len(current) < len(manifest.spaces):
            write_manifest(folder, Manifest(current))
        kept = Manifest(current).names
        for path in folder.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path)

    def start(self) -> None:
        """Work in the background from now on."""
        self._thread = threading.Thread(target=self._run, name="segments", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """Look for work: rows were written or given up."""
        self._due.set()

    def stop(self) -> None:
        """End the background work after the step in hand."""
        self._ending.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def work(
        self,
        *,
        thorough: bool = False,
        ending: Callable[[], bool] = lambda: False,
        report: Callable[[str, int, int], None] = lambda *_: None,
    ) -> int:
        """Do every step that is due, return how many; `thorough` as in `policy.next_step`.

        `report` gets (what, rows done, of) before each step.
        """
        steps = 0
        with self._working:
            for space in self._spaces():
                while not ending():
                    manifest = read_manifest(self._layout.segments_folder)
                    sealed = manifest.of(space.id, space.generation)
                    living = self._reader.living()
                    step = next_step(sealed, space.rows, living, self._seal_rows, thorough=thorough)
                    if step is None:
                        break
                    report("sealing", step.first_row, space.rows)
                    self._do(step, space.id, space.dim, sealed, manifest)
                    steps += 1
        return steps

    def discard(self) -> None:
        """Forget every segment: the next `work` builds them anew from rows and vector file."""
        with self._working:
            write_manifest(self._layout.segments_folder, Manifest())
            self.recover()

    def erase(self, space_id: int, generation: int, vector_rows: Sequence[int]) -> None:
        """Overwrite ids and codes of rows that were forgotten; durable on return."""
        with self._working:
            sealed = read_manifest(self._layout.segments_folder).of(space_id, generation)
            wanted = np.array(sorted(vector_rows), np.int64)
            for part in sealed.parts:
                inside = wanted[(wanted >= part.first_row) & (wanted < part.end_row)]
                if len(inside) and part.rows:
                    _overwrite(self._layout.segments_folder / part.name, inside)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._due.wait()
            self._due.clear()
            while self._waits() and not self._ending.wait(LOOK_AGAIN_S):
                pass
            try:
                self.work(ending=self._ending.is_set)
            except (ArchiveError, OSError) as error:  # rows stay searchable unsealed: the next nudge tries again
                import structlog  # whoever only asks an archive need not load it

                structlog.get_logger(__name__).warning("segments_not_built", reason=str(error))

    def _spaces(self) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(select(spaces)).all()

    def _do(self, step: Step, space_id: int, dim: int, sealed: Sealed, manifest: Manifest) -> None:
        with self._engine.connect() as connection:
            changed = connection.execute(select(state.c.changed)).scalar_one()
            rows = read_rows(connection, space_id, step.first_row, step.end_row)
        folder = self._layout.segments_folder
        name = f"{space_id}-{sealed.generation}-{step.first_row}-{step.end_row}-{changed}"
        if len(rows):
            build(folder / name, rows, self._layout.vectors((space_id, sealed.generation), dim))
            sync_folder(folder)
            self._reader.open_ahead(name)
        replaced = [p for p in sealed.parts if p.first_row >= step.first_row and p.end_row <= step.end_row]
        kept = [part for part in sealed.parts if part not in replaced]
        parts = sorted([*kept, Part(name, step.first_row, step.end_row, len(rows))], key=lambda part: part.first_row)
        write_manifest(folder, manifest.with_space(space_id, Sealed(sealed.generation, tuple(parts))))
        for part in replaced:
            if part.name != name:
                shutil.rmtree(folder / part.name, ignore_errors=True)


def _overwrite(folder: Path, vector_rows: NDArray[np.int64]) -> None:
    places = np.isin(np.load(folder / "vector_row.npy", mmap_mode="r"), vector_rows)
    columns = [folder / f"{name}.npy" for name in ("ids", "details", "codes", "residues")]  # ids first: see `sightings`
    for path in (*filter(Path.exists, columns), *folder.glob(LOOKS_OF_ROWS)):
        column = np.load(path, mmap_mode="r+")
        column[places] = np.zeros((), column.dtype)  # empty, or 0
        column.flush()
        sync_file(path)
