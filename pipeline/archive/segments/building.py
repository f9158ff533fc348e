"""Builds a segment's folder: sorted columns, codes, and how far approximate cosines may be off."""

import json
import shutil
from pathlib import Path

import numpy as np

from pipeline.archive.durable import sync_file, sync_folder
from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import TRAINED_ON, CodeArray, Quantiser
from pipeline.archive.segments.rows import IntArray, SegmentRows
from pipeline.archive.segments.segment import COLUMNS, FORMAT, HEADER
from pipeline.archive.vectors import VectorFile

_AT_ONCE = 32_768
_SAMPLE, _ASKED, _NEAR = 8_192, 64, 64
_MISSED = 0.999  # share of the near rows whose score is no further off than the margin
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
        "first_ms": rows.first_ms,
        "last_ms": rows.last_ms,
        "by_vector_row": np.argsort(rows.vector_row),
        "codes": codes,
        "centroids": quantiser.centroids,
    }
    for name in COLUMNS:
        np.save(folder / f"{name}.npy", columns[name])
    header = {
        "format": FORMAT,
        "runs": runs.names,
        "starts": runs.starts.tolist(),
        "longest_ms": runs.longest_ms.tolist(),
        "first_seen_ms": int(rows.first_ms.min()),
        "last_seen_ms": int(rows.last_ms.max()),
        "margin": _margin(quantiser, learned[:_SAMPLE]),
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


def _margin(quantiser: Quantiser, vectors: FloatArray) -> float:
    """Return how far the true cosine of a near row may lie above its approximate one."""
    asked = vectors[:_ASKED]
    exact = asked @ vectors.T
    off = exact - asked @ quantiser.decode(quantiser.encode(vectors)).T
    near = np.argsort(-exact, axis=1)[:, :_NEAR]
    return (
        max(0.0, float(np.quantile(np.take_along_axis(off, near, axis=1)[:, 1:].ravel(), _MISSED)))
        if len(vectors) > 1
        else 0.0
    )


def _at_least_16(vectors: FloatArray) -> FloatArray:
    """Repeat few vectors: a quantiser of 16 centroids learns from no fewer."""
    return np.tile(vectors, (-(-16 // len(vectors)), 1)) if len(vectors) < 16 else vectors
