"""How deep first looks into a segment go: measured on its own rows when it is built.

Vectors differ in how well codes tell them apart: for 95 of 100 the best fifty of a million are found among 670
candidates where vectors are made up after real people's, among 1,640 where only their spectrum is. Too few mean a
second scan, too many cost time.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.archive.ranking import FloatArray
from pipeline.archive.segments.codes import BLOCK, CodeArray, Quantiser
from pipeline.archive.segments.depth import FEWER, LEAST, MISSED, MOST, REFINED, Errors
from pipeline.archive.segments.residues import ResidueCode
from pipeline.archive.segments.scanning import Scanner

ASKED = 16  # rows that are asked for
KEEP = 50  # hits of each
PASSED = 0.95  # share of them for which the first look is to be enough
STEP = 1.2  # between depths that are tried
DEEPEST = 8  # of as many rows one is looked at, at most
LEAST_ROWS = 2 * DEEPEST * LEAST  # of fewer there is nothing to learn


def refined(
    quantiser: Quantiser,
    residue_code: ResidueCode,
    codes: CodeArray,
    residues: CodeArray,
    asked: FloatArray,
    off: Errors,
) -> float:
    """Return the candidates per asked hit for `first_count`, of a million rows.

    `codes` and `residues` are those of all rows, `asked` float32 (n, dim) some turned vectors, `off` how far codes err.
    """
    rows = len(codes)
    if rows < LEAST_ROWS or len(asked) == 0:
        return REFINED
    scanner = Scanner(quantiser, codes)
    everything = np.array([[0, -(-rows // BLOCK)]], np.int64)
    needed = [_needed(scanner, residue_code, residues, one, everything, off) for one in asked[:ASKED]]
    per_hit = float(np.quantile(needed, PASSED)) / KEEP
    return per_hit / float((rows / 1_000_000) ** FEWER)


def _needed(
    scanner: Scanner,
    residue_code: ResidueCode,
    residues: CodeArray,
    asked: FloatArray,
    everything: NDArray[np.int64],
    off: Errors,
) -> float:
    """Return how many candidates of one search are enough."""
    coarse, places, _ = scanner.scan(asked, min(MOST, len(residues) // DEEPEST), everything)
    order = np.argsort(-coarse)
    coarse, places = coarse[order], places[order]
    fine = coarse + residue_code.gains(asked, residues[places])
    count: float = LEAST
    while count < len(coarse) and _missed(fine[: int(count)], float(coarse[int(count) - 1]), off) > MISSED * KEEP:
        count *= STEP
    return min(count, len(coarse))


def _missed(fine: FloatArray, edge: float, off: Errors) -> float:
    """Return how many of the best are expected not to be among some candidates, the last of which scores `edge`."""
    bar = np.partition(fine, len(fine) - KEEP)[-KEEP:].min()
    return off.missed(np.append(fine[fine >= bar], bar) - np.float32(edge))
