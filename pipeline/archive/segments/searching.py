"""A search through several segments as through one: each is scanned once, and one bar for all says what is enough.

Searched one after the other, the first would have to find as many hits as are asked for in all, and each of the rest
would do with less: ten segments of a million rows took twice as many scans.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.archive.contract import Query
from pipeline.archive.ranking import Candidate, FloatArray, best, exact_scores
from pipeline.archive.segments.codes import IntArray
from pipeline.archive.segments.depth import MISSED, TIE_MARGIN
from pipeline.archive.segments.probing import Probe, Reach, scan_probes
from pipeline.archive.segments.segment import Segment
from pipeline.archive.vectors import VectorFile

EXACT = 512  # rows; fewer are scored from the vector file at once, which costs what scan and refinement would

Picked = tuple[Segment, IntArray]  # places in a segment


def search_segments(
    segments: Sequence[Segment], vectors: VectorFile, query: Query, known: FloatArray
) -> list[Candidate]:
    """Return the best candidates of some segments of one space, exact scores.

    `known` float32 (n,) are exact scores of rows elsewhere: what cannot be among the best of all is not wanted.
    """
    wanted = np.ascontiguousarray(query.vectors.vectors, np.float32)
    if query.top <= 0 or len(wanted) == 0:
        return []
    keep = query.top + len(query.exclude)
    reaches = [reach for reach in (Reach(segment, query.where) for segment in segments) if reach.rows]
    picked = [(reach.segment, reach.places()) for reach in reaches if reach.rows <= EXACT]
    if picked:
        rows = np.concatenate([segment.vector_rows(places) for segment, places in picked])
        known = np.concatenate([known, vectors.cosines(rows, wanted)]) if len(rows) else known
    large = [reach for reach in reaches if reach.rows > EXACT]
    if large:
        near = [_nearest(large, vector, keep, known) for vector in wanted]
        picked += [
            (reach.segment, places[0] if len(places) == 1 else np.unique(np.concatenate(places)))
            for reach, *places in zip(large, *near, strict=True)
        ]
    return _ranked([each for each in picked if len(each[1])], vectors, wanted, query)


def _nearest(reaches: Sequence[Reach], vector: FloatArray, keep: int, known: FloatArray) -> list[IntArray]:
    """Return of each the places that may be among the best: scan, look closer, go deeper where it is not safe."""
    of = sum(reach.rows for reach in reaches)
    probes = [Probe(reach, vector, keep, of) for reach in reaches]
    waiting = probes
    allowed = MISSED * keep
    while True:
        scan_probes(waiting)
        bar = _bar([known, *(probe.scores for probe in probes)], keep)
        missed = [probe.missed(bar) for probe in probes]
        waiting = [probe for probe, each in zip(probes, missed, strict=True) if each > allowed * probe.share]
        if sum(missed) <= allowed or not waiting:
            return [probe.shortlist(bar) for probe in probes]
        for probe in waiting:
            probe.deepen()


def _bar(scores: Sequence[FloatArray], keep: int) -> float | None:
    """Return what the best `keep` of all score at least; None when there are fewer."""
    every = np.concatenate(scores)
    if len(every) < keep:
        return None
    return float(np.partition(every, len(every) - keep)[len(every) - keep]) - TIE_MARGIN


def _ranked(picked: Sequence[Picked], vectors: VectorFile, wanted: FloatArray, query: Query) -> list[Candidate]:
    """Return the best of some places by exact scores."""
    if not picked:
        return []
    rows = np.concatenate([segment.vector_rows(places) for segment, places in picked])
    keep = query.top + len(query.exclude)
    if len(rows) > keep:  # most are out of the question already by scores that are all but exact
        scores = vectors.cosines(rows, wanted)
        chosen = scores >= np.partition(scores, -keep)[-keep] - TIE_MARGIN
        ends = np.cumsum([len(places) for _, places in picked])[:-1]
        parts = np.split(chosen, ends)
        picked = [(segment, places[part]) for (segment, places), part in zip(picked, parts, strict=True)]
        rows = rows[chosen]
    scores = exact_scores(vectors.pick(rows), wanted)
    ids = [name for segment, places in picked for name in segment.ids(places)]
    revisions = [number for segment, places in picked for number in segment.revisions(places)]
    sources = [(segment, place) for segment, places in picked for place in places.tolist()]
    return best(ids, revisions, scores, query.top, query.exclude, sources)
