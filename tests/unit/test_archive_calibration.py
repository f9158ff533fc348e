"""How deep the first look into a segment goes, for vectors that codes tell apart well, and for those they do not."""

import numpy as np
import pytest

from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.building import measured_errors
from pipeline.archive.segments.calibration import KEEP, refined
from pipeline.archive.segments.codes import BLOCK, Quantiser
from pipeline.archive.segments.depth import LEAST, REFINED, first_count
from pipeline.archive.segments.residues import ResidueCode
from pipeline.archive.segments.scanning import Scanner

DIM = 32
ROWS = 20_000


def crowd(groups: int) -> FloatArray:
    """Unit vectors float32 (ROWS, DIM) around some middles; around none they are isotropic."""
    rng = np.random.default_rng(groups)
    vectors = rng.normal(size=(ROWS, DIM))
    if groups:
        vectors = 0.3 * vectors + rng.normal(size=(groups, DIM))[rng.integers(groups, size=ROWS)]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def calibrated(vectors: FloatArray) -> tuple[float, FloatArray, Scanner]:
    """Return candidates per asked hit, the turned vectors and what scans their codes."""
    quantiser = Quantiser.trained(vectors)
    turned = quantiser.turned(vectors)
    codes = quantiser.encode(turned)
    left_out = turned - quantiser.decode(codes)
    residue_code = ResidueCode.trained(left_out)
    off = measured_errors(quantiser, residue_code, turned)
    found = refined(quantiser, residue_code, codes, residue_code.encode(left_out), turned, off)
    return found, turned, Scanner(quantiser, codes)


def first_look(vectors: FloatArray) -> tuple[float, float]:
    """Return candidates per asked hit, and the recall of the first look of other queries."""
    found, turned, scanner = calibrated(vectors)
    count = int(first_count(found, KEEP, ROWS, ROWS))
    everything = np.array([[0, ROWS // BLOCK]])
    hits = []
    for asked in turned[-100:]:
        best = np.argsort(-(turned @ asked))[:KEEP]
        hits.append(np.isin(best, scanner.scan(asked, count, everything)[1]).mean())
    return found, float(np.mean(hits))


def test_vectors_that_are_hard_to_tell_apart_are_looked_at_in_greater_number() -> None:
    easy, easy_recall = first_look(crowd(200))
    hard, hard_recall = first_look(crowd(0))
    assert easy < REFINED < hard
    assert min(easy_recall, hard_recall) >= 0.985


@pytest.mark.parametrize("rows", [16, 1_000])
def test_of_few_rows_nothing_is_learned(rows: int) -> None:
    assert calibrated(crowd(20)[:rows])[0] == REFINED
    assert first_count(REFINED, KEEP, rows, rows) >= LEAST
