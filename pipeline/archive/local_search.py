"""How an archive in a folder is searched: the indexes find, the rows have the last word."""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Engine

from pipeline.archive.contract import Hit, Query, SightingFilter
from pipeline.archive.derived import DerivedIndexes
from pipeline.archive.door import check_space
from pipeline.archive.failures import archive_errors
from pipeline.archive.layout import Layout
from pipeline.archive.local_reads import ATTEMPTS, LocalReads
from pipeline.archive.looks import Looks, judged, look_score
from pipeline.archive.making import made
from pipeline.archive.quick_reads import QuickReads
from pipeline.archive.ranking import Candidate, LookCandidate, exact_scores, rows_known
from pipeline.errors import UnknownSighting
from pipeline.sighting import Sighting


class LocalSearch(LocalReads):
    """The part of a LocalArchive that asks its indexes, after they have caught up with the database."""

    def __init__(self, layout: Layout, engine: Engine, *, writable: bool) -> None:
        super().__init__(layout, engine, writable=writable)
        self._reads = QuickReads(layout.database)
        self._derived = DerivedIndexes(engine, layout, self._reads)

    def search(self, query: Query) -> list[Hit]:
        """Return the best hits, exact; raises SpaceMismatch."""
        self._check_open()
        candidates: Sequence[Candidate] = ()
        rows: dict[str, Sighting] = {}
        for _ in range(ATTEMPTS):
            with archive_errors(self._layout.folder):
                self._derived.catch_up()
            candidates = self._derived.search(query)
            if not candidates:
                check_space(query, self.spaces())
            with archive_errors(self._layout.folder):
                rows = self._rows_of(candidates)
            if all(c.sighting_id in rows and rows[c.sighting_id].revision == c.revision for c in candidates):
                found = [rows[candidate.sighting_id] for candidate in candidates]
                scores = (candidate.score for candidate in candidates)
                return made(Hit, len(found), itertools.count(1), scores, found, iter(dict, None))
        return self._settled(candidates, rows, query)

    def _rows_of(self, candidates: Sequence[Candidate] | Sequence[LookCandidate]) -> dict[str, Sighting]:
        known = rows_known(candidates)
        return known | self._reads.sightings([c.sighting_id for c in candidates if c.sighting_id not in known])

    def _settled(self, candidates: Sequence[Candidate], rows: Mapping[str, Sighting], query: Query) -> list[Hit]:
        """Score anew what has changed since it was found: the archive changes faster than it can be searched."""
        scored: dict[str, tuple[float, Sighting]] = {}
        for candidate in candidates:
            row = rows.get(candidate.sighting_id)
            if row is not None and row.revision == candidate.revision:
                scored[row.id] = candidate.score, row
            elif row is not None and row.id not in scored:
                with suppress(UnknownSighting):
                    now, vector = self._with_vector(row.id)
                    scored[row.id] = float(exact_scores(vector.vectors, query.vectors.vectors)[0]), now
        order = sorted(scored, key=lambda name: (-scored[name][0], name))
        return [Hit(rank, *scored[name]) for rank, name in enumerate(order, 1)]

    def search_looks(self, looks: Looks, where: SightingFilter, *, top: int = 20) -> list[Hit]:
        """Return the sightings that look as described, best first, then newest, ties by id."""
        self._check_open()
        rows: dict[str, Sighting] = {}
        for _ in range(ATTEMPTS if looks else 0):
            with archive_errors(self._layout.folder):
                self._derived.catch_up()
                candidates = self._derived.search_looks(looks, where, top)
                rows = self._rows_of(candidates)
            if all(c.sighting_id in rows and rows[c.sighting_id].revision == c.revision for c in candidates):
                break
        # what changed since it was found five times in a row is scored as it is now
        scored = sorted((-look_score(each, looks), -each.last_seen_ms, name) for name, each in rows.items())
        return [
            Hit(rank, -score, rows[name], judged(rows[name], looks)) for rank, (score, _, name) in enumerate(scored, 1)
        ]
