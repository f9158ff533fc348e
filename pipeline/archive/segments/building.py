"""Builds a segment's folder: sorted columns, codes, and how far approximate cosines may be off."""

import json
import shutil
from pathlib import Path

import faiss
import numpy as np

from pipeline.archive.durable import sync_file, sync_folder
from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.calibration import refined
from pipeline.archive.segments.codes import TRAINED_ON, CodeArray, Quantiser
from pipeline.archive.segments.depth import Errors
from pipeline.archive.segments.residues import ResidueCode
from pipeline.archive.segments.rows import IntArray, SegmentRows
from pipeline.archive.segments.segment import COLUMNS, FORMAT, HEADER, SLOTS
from pipeline.archive.vectors import VectorFile

LOOKS_OF_ROWS = "looks-*.npy"
_AT_ONCE = 32_768
_SAMPLE, _ASKED, _NEAR = 8_192, 64, 64
_LEVELS = 201
_NEARLY_ALL = (0.5, 0.997)
_SEED = 1


def build(folder: Path, rows: SegmentRows, vectors: VectorFile) -> None:
    """Make a segment of living rows (at least one); everything is durable on return, the folder's own name is not."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    faiss.omp_set_num_threads(1)  # the other cores decode and detect, and would be waited for
    rows, runs = rows.in_order()
    sample = np.random.default_rng(_SEED).permutation(len(rows))[:TRAINED_ON]
    learned = vectors.pick(rows.vector_row[np.sort(sample)])
    quantiser = Quantiser.trained(_at_least_16(learned))
    turned = quantiser.turned(learned)
    residue_code = ResidueCode.trained(turned - quantiser.decode(quantiser.encode(turned)))
    codes, residues = _encoded(quantiser, residue_code, rows.vector_row, vectors)
    columns = {
        "ids": rows.ids,
        "revision": rows.revision.astype(np.int32),
        "vector_row": rows.vector_row,
        "key": runs.keys,
        "last_ms": rows.last_ms,
        "details": rows.details,
        "sessions": np.array([name.encode() for name in rows.sessions]),
        "run_numbers": runs.numbers,
        "run_starts": runs.starts,
        "run_longest": runs.longest_ms,
        "by_vector_row": np.argsort(rows.vector_row),
        "codes": codes,
        "residues": residues,
        "axes": quantiser.axes,
        "centroids": quantiser.centroids,
        "kept": residue_code.kept,
        "steps": residue_code.steps,
    }
    for name in COLUMNS:
        np.save(folder / f"{name}.npy", columns[name])
    tables = [(name, rows.ledger.table(name)) for name in sorted(rows.looks)]
    for number, (name, table) in enumerate(tables):
        np.save(folder / f"looks-{number}.npy", rows.looks[name].astype(np.min_scalar_type(len(table.value) - 1)))
        np.save(folder / f"look-{number}-value.npy", table.value)
        np.save(folder / f"look-{number}-sure.npy", table.sure)
    off = measured_errors(quantiser, residue_code, turned[:_SAMPLE])
    header = {
        "format": FORMAT,
        "runs": runs.names,
        "slots": {name: getattr(runs.slots, name).tolist() for name in SLOTS},
        "base_ms": runs.base_ms,
        "until_ms": int(rows.last_ms.max()),
        "looks": [(name, table.names) for name, table in tables],
        "coarse": [round(each, 5) for each in off.coarse.tolist()],
        "fine": [round(off.fine_half, 5), round(off.fine_most, 5)],
        "refined": round(refined(quantiser, residue_code, codes, residues, turned, off), 2),
    }
    (folder / HEADER).write_text(json.dumps(header, ensure_ascii=False) + "\n", "utf-8")
    for path in folder.iterdir():
        sync_file(path)
    sync_folder(folder)


def _encoded(
    quantiser: Quantiser, residue_code: ResidueCode, vector_rows: IntArray, vectors: VectorFile
) -> tuple[CodeArray, CodeArray]:
    """Read in the file's order, a part at a time: a segment's vectors never are in memory together."""
    order = np.argsort(vector_rows)
    codes = np.empty((len(order), quantiser.code_bytes), np.uint8)
    residues = np.empty((len(order), residue_code.code_bytes), np.uint8)
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        turned = quantiser.turned(vectors.pick(vector_rows[part]))
        codes[part] = fresh = quantiser.encode(turned)
        residues[part] = residue_code.encode(turned - quantiser.decode(fresh))
    return codes, residues


def measured_errors(quantiser: Quantiser, residue_code: ResidueCode, turned: FloatArray) -> Errors:
    """Return how far the true cosines of near rows lie above their approximate ones, of turned float32 (n, dim)."""
    if len(turned) < 2:
        return Errors(np.zeros(2, np.float32), 0.0, 0.0)
    asked = turned[:_ASKED]
    exact = asked @ turned.T
    codes = quantiser.encode(turned)
    stands_for = quantiser.decode(codes)
    residues = residue_code.encode(turned - stands_for)
    coarse = asked @ stands_for.T
    fine = coarse + np.stack([residue_code.gains(one, residues) for one in asked])
    near = np.argsort(-exact, axis=1)[:, 1 : 1 + _NEAR]
    off, fine_off = (np.take_along_axis(exact - each, near, axis=1) for each in (coarse, fine))
    quantiles = np.quantile(off, np.linspace(0, 1, _LEVELS)).astype(np.float32)
    return Errors(quantiles, *np.quantile(fine_off, _NEARLY_ALL).tolist())


def _at_least_16(vectors: FloatArray) -> FloatArray:
    """Repeat few vectors: a quantiser of 16 centroids learns from no fewer."""
    return np.tile(vectors, (-(-16 // len(vectors)), 1)) if len(vectors) < 16 else vectors
