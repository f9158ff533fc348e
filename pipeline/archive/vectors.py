"""The vectors of one embedding space: an append-only file of little-endian float32 rows, the truth behind the index."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from pipeline.archive.durable import sync_content, sync_folder, write_all
from pipeline.errors import ArchiveDamaged

STORED = np.dtype("<f4")
FloatArray = NDArray[np.float32]
RowArray = NDArray[np.int64]


class VectorFile:
    """Rows of `dim` float32 values, addressed by row number from 0; a row counts only once the database names it."""

    def __init__(self, path: Path, dim: int) -> None:
        self._path = path
        self._dim = dim
        self._row_bytes = dim * STORED.itemsize
        self._mapped: FloatArray | None = None

    def recover(self, rows: int) -> None:
        """Cut what a killed writer left behind the `rows` that the database knows; raises ArchiveDamaged."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < rows * self._row_bytes:
            held = size // self._row_bytes
            raise ArchiveDamaged(f"{self._path} holds {held} of the {rows} vectors in the database: restore a backup")
        self.cut(rows)

    def cut(self, rows: int) -> None:
        """Give back what lies behind the `rows` that the database knows."""
        if self._path.exists() and self._path.stat().st_size > rows * self._row_bytes:
            os.truncate(self._path, rows * self._row_bytes)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._path

    def write(self, first_row: int, vectors: FloatArray) -> None:
        """Store (n, dim) vectors from a row on; durable on return."""
        created = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            write_all(descriptor, np.ascontiguousarray(vectors, STORED).data, first_row * self._row_bytes)
            sync_content(descriptor)
        finally:
            os.close(descriptor)
        if created:
            sync_folder(self._path.parent)

    def erase(self, rows: Sequence[int]) -> None:
        """Overwrite rows with zeros; durable on return."""
        descriptor = os.open(self._path, os.O_RDWR)
        try:
            for row in rows:
                write_all(descriptor, bytes(self._row_bytes), row * self._row_bytes)
            sync_content(descriptor)
        finally:
            os.close(descriptor)

    def pick(self, rows: RowArray) -> FloatArray:
        """Return float32 (n, dim) of rows in any order, through a memory map; raises ArchiveDamaged."""
        if len(rows) == 0:
            return np.empty((0, self._dim), np.float32)
        picked: FloatArray = self._mapped_to(rows).take(rows, axis=0, mode="clip")  # three times as fast as [rows]
        return picked

    def cosines(self, rows: RowArray, wanted: FloatArray) -> FloatArray:
        """Return float32 (n,): of each row the best with any of (m, dim), read where it lies; raises ArchiveDamaged."""
        mapped = self._mapped_to(rows)
        places = np.ascontiguousarray(np.broadcast_to(rows, (len(wanted), len(rows))))
        scores = np.empty(places.shape, np.float32)
        swig: Any = faiss
        swig.omp_set_num_threads(1)
        swig.fvec_inner_products_by_idx(
            swig.swig_ptr(scores),
            swig.swig_ptr(np.ascontiguousarray(wanted)),
            swig.swig_ptr(mapped),
            swig.swig_ptr(places),
            self._dim,
            *places.shape,
        )
        best: FloatArray = scores.max(axis=0) if len(scores) > 1 else scores[0]
        return best

    def _mapped_to(self, rows: RowArray) -> FloatArray:
        """Return the map, which reaches to the last of some rows (one at least)."""
        mapped = self._mapped
        if mapped is None or int(rows.max()) >= len(mapped):
            mapped = self._mapped = self._map(int(rows.max()) + 1)
        return mapped

    def _map(self, rows: int) -> FloatArray:
        """Map all whole rows of the file, at least `rows`."""
        held = self._path.stat().st_size // self._row_bytes
        if held < rows:
            raise ArchiveDamaged(f"{self._path} ends before row {rows - 1}, which the database names: restore a backup")
        mapped: FloatArray = np.memmap(self._path, STORED, "r", shape=(held, self._dim)).view(np.ndarray)
        return mapped

    def read(self, rows: RowArray) -> FloatArray:
        """Return float32 (n, dim) of rows in ascending order; raises ArchiveDamaged when the file is too short."""
        if len(rows) == 0:
            return np.empty((0, self._dim), np.float32)
        first, last = int(rows[0]), int(rows[-1])
        span = np.fromfile(
            self._path, dtype=STORED, count=(last - first + 1) * self._dim, offset=first * self._row_bytes
        )
        if len(span) != (last - first + 1) * self._dim:
            raise ArchiveDamaged(f"{self._path} ends before row {last}, which the database names: restore a backup")
        picked = span.reshape(-1, self._dim)[rows - first]
        return np.ascontiguousarray(picked, dtype=np.float32)
