"""Builds a segment's folder: sorted columns, codes, and how far approximate cosines may be off."""

import json
import shutil
from pathlib import Path

import numpy as np

from pipeline.archive.durable import sync_file, sync_folder
from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import TRAINED_ON, CodeArray, Quantiser
from pipeline.archive.segments.rows import IntArray, SegmentRows
from pipeline.archive.segments.runs import key_of
from pipeline.archive.segments.segment import COLUMNS, FORMAT, HEADER
from pipeline.archive.vectors import VectorFile

_AT_ONCE = 32_768
_SAMPLE, _ASKED, _NEAR = 8_192, 64, 64
_LEVELS = 201
_SEED = 1


def build(folder: Path, rows: SegmentRows, vectors: VectorFile) -> None:
    """Make a segment of living rows (at least one); everything is durable on return, the folder's own name is not."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows, runs = rows.in_order()
    sample = np.random.default_rng(_SEED).permutation(len(rows))[:TRAINED_ON]
    learned = vectors.pick(rows.vector_row[np.sort(sample)])
    quantiser = Quantiser.trained(_at_least_16(learned))
    codes = _encoded(quantiser, rows.vector_row, vectors)
    columns = {
        "ids": rows.ids,
        "revision": rows.revision.astype(np.int32),
        "vector_row": rows.vector_row,
        "key": key_of(rows.run, rows.first_ms - runs.base_ms),
        "last_ms": rows.last_ms,
        "by_vector_row": np.argsort(rows.vector_row),
        "codes": codes,
        "axes": quantiser.axes,
        "centroids": quantiser.centroids,
    }
    for name in COLUMNS:
        np.save(folder / f"{name}.npy", columns[name])
    header = {
        "format": FORMAT,
        "runs": runs.names.tolist(),
        "starts": runs.starts.tolist(),
        "longest_ms": runs.longest_ms.tolist(),
        "base_ms": runs.base_ms,
        "until_ms": int(rows.last_ms.max()),
        "errors": _errors(quantiser, learned[:_SAMPLE]),
    }
    (folder / HEADER).write_text(json.dumps(header, ensure_ascii=False) + "\n", "utf-8")
    for path in folder.iterdir():
        sync_file(path)
    sync_folder(folder)


def _encoded(quantiser: Quantiser, vector_rows: IntArray, vectors: VectorFile) -> CodeArray:
    """Read in the file's order, a part at a time: a segment's vectors never are in memory together."""
    order = np.argsort(vector_rows)
    codes = np.empty((len(order), len(quantiser.encode(np.zeros((1, quantiser.dim), np.float32))[0])), np.uint8)
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        codes[part] = quantiser.encode(vectors.pick(vector_rows[part]))
    return codes


def _errors(quantiser: Quantiser, vectors: FloatArray) -> list[float]:
    """Return quantiles of how far the true cosines of near rows lie above their approximate ones."""
    if len(vectors) < 2:
        return [0.0, 0.0]
    asked = vectors[:_ASKED]
    exact = asked @ vectors.T
    off = exact - asked @ quantiser.decode(quantiser.encode(vectors)).T
    near = np.argsort(-exact, axis=1)[:, 1 : 1 + _NEAR]
    found = np.quantile(np.take_along_axis(off, near, axis=1), np.linspace(0, 1, _LEVELS))
    return [round(float(value), 5) for value in found]


def _at_least_16(vectors: FloatArray) -> FloatArray:
    """Repeat few vectors: a quantiser of 16 centroids learns from no fewer."""
    return np.tile(vectors, (-(-16 // len(vectors)), 1)) if len(vectors) < 16 else vectors
