"""The search indexes of an archive, kept up with its database by one path: at open, after an append, in a reader.

Sealed rows are searched in segments, younger ones in an exact index in memory, the tail.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from models.embeddings import EmbeddingSpace
from pipeline.archive.bulk_reads import columns_of
from pipeline.archive.columns import Entries
from pipeline.archive.contract import Query, SightingFilter
from pipeline.archive.index import SpaceIndex
from pipeline.archive.layout import Layout
from pipeline.archive.looks import Looks
from pipeline.archive.quick_reads import QuickReads
from pipeline.archive.ranking import Candidate, LookCandidate, best_looking, merged
from pipeline.archive.schema import removals, sightings, spaces, state
from pipeline.archive.segments.manifest import Manifest, Part, manifest_mark, read_manifest
from pipeline.archive.segments.searching import search_segments
from pipeline.archive.segments.segment import Segment
from pipeline.archive.vectors import VectorFile
from pipeline.errors import ArchiveDamaged

T = TypeVar("T")

ROWS_AT_ONCE = 65_536
ATTEMPTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """What is open of one space."""

    generation: int
    parts: tuple[Part, ...]
    segments: tuple[Segment, ...]
    vectors: VectorFile
    tail: SpaceIndex

    @property
    def end_row(self) -> int:
        return self.parts[-1].end_row if self.parts else 0


class DerivedIndexes:
    """Segments and tail per space, each change of the database applied once."""

    def __init__(self, engine: Engine, layout: Layout, reads: QuickReads) -> None:
        self._engine = engine
        self._layout = layout
        self._reads = reads
        self._lock = threading.Lock()
        self._seen = 0
        self._mark: tuple[int, int] | None = None
        self._manifest = Manifest()
        self._held: dict[int, _Held] = {}
        self._by_space: dict[EmbeddingSpace, _Held] = {}
        self._ahead: dict[str, Segment] = {}

    def catch_up(self) -> None:
        """Apply every change committed since the last call."""
        if self._seen == self._reads.changed() and self._mark == manifest_mark(self._layout.segments_folder):
            return
        with self._lock:
            for attempt in range(ATTEMPTS):
                mark = manifest_mark(self._layout.segments_folder)
                try:
                    self._catch_up(mark)
                    break
                except ArchiveDamaged:  # a segment may have gone with the manifest that named it
                    if attempt == ATTEMPTS - 1 or manifest_mark(self._layout.segments_folder) == mark:
                        raise

    def search(self, query: Query) -> list[Candidate]:
        """Return the candidates of a query's space; none when the archive does not know the space."""
        return self._undisturbed(lambda: self._search(query))

    def _search(self, query: Query) -> list[Candidate]:
        held = self._by_space.get(query.vectors.space)
        if held is None:
            return []
        found = held.tail.search(query) if len(held.tail) else []
        known = np.array([candidate.score for candidate in found], np.float32)
        more = search_segments(held.segments, held.vectors, query, known)
        return merged(found, more, query.top) if found else more

    def search_looks(self, looks: Looks, where: SightingFilter, top: int) -> list[LookCandidate]:
        """Return the best candidates of all spaces by looks, in order."""
        return self._undisturbed(lambda: self._search_looks(looks, where, top))

    def _undisturbed(self, search: Callable[[], list[T]]) -> list[T]:
        """Search again when there was a change meanwhile.

        A row may have left a segment before that was searched, and its newer one come to the tail after that was.
        """
        found: list[T] = []
        for _ in range(ATTEMPTS):
            seen = self._seen
            found = search()
            if self._seen == seen:
                break
        return found

    def _search_looks(self, looks: Looks, where: SightingFilter, top: int) -> list[LookCandidate]:
        found: list[LookCandidate] = []
        for held in list(self._held.values()):
            found += held.tail.search_looks(looks, where, top)
            for segment in held.segments:
                found += segment.search_looks(looks, where, top)
        return best_looking(found, top)

    def living(self) -> Mapping[str, int]:
        """Return the living rows of each open segment by name."""
        return {
            segment.name: len(segment) - segment.dead for held in list(self._held.values()) for segment in held.segments
        }

    def open_ahead(self, name: str) -> None:
        """Open a segment that the manifest is about to name, so that no search has to."""
        segment = Segment(self._layout.segments_folder / name)
        self._ahead[name] = segment

    @property
    def unsealed(self) -> int:
        """How many rows the largest tail holds, dead ones included."""
        return max((len(held.tail) for held in self._held.values()), default=0)

    @property
    def bytes_held(self) -> int:
        """Memory of codes and tails that is not backed by files, without Python's own overhead."""
        return sum(
            held.tail.bytes_held + sum(segment.bytes_held for segment in held.segments) for held in self._held.values()
        )

    def _catch_up(self, mark: tuple[int, int] | None) -> None:
        with self._engine.connect() as connection:
            changed = connection.execute(select(state.c.changed)).scalar_one()
            if changed == self._seen and mark == self._mark:
                return
            if mark != self._mark:
                self._manifest = read_manifest(self._layout.segments_folder)
            since, self._seen = self._seen, 0  # until all is applied: after a failure the next call starts from nothing
            known = connection.execute(select(spaces)).all()
            held = {space.id: self._kept_up(connection, space, since) for space in known}
        self._held = held
        self._by_space = {EmbeddingSpace(s.name, s.version, s.dim): held[s.id] for s in known}
        self._seen, self._mark = changed, mark
        for name in self._manifest.names:
            self._ahead.pop(name, None)

    def _kept_up(self, connection: Connection, space: Row[Any], since: int) -> _Held:
        sealed = self._manifest.of(space.id, space.generation)
        held = self._held.get(space.id) if since else None
        file = self._layout.vectors((space.id, space.generation), space.dim)
        current = held is not None and held.generation == space.generation
        if held is None or not current or held.parts != sealed.parts or held.tail.mostly_dead:
            open_ones = {segment.name: segment for segment in held.segments} if held is not None and current else {}
            opened = tuple(
                open_ones.get(part.name) or self._opened(connection, space.id, part)
                for part in sealed.parts
                if part.rows
            )
            if held is None or not current or held.end_row > sealed.end_row:
                anew = _Held(space.generation, sealed.parts, opened, file, SpaceIndex(space.dim))
                _apply(anew, file, (), _fresh(connection, space.id, 0, sealed.end_row))
                if current:
                    _apply(anew, file, _gone(connection, space.id, since), Entries.none())
                return anew
            # what was sealed leaves the tail; the rest need not be read again
            held = _Held(space.generation, sealed.parts, opened, file, held.tail.from_row(sealed.end_row))
        fresh = _fresh(connection, space.id, since, held.end_row)
        _apply(held, file, _gone(connection, space.id, since), fresh)
        return held

    def _opened(self, connection: Connection, space_id: int, part: Part) -> Segment:
        segment = self._ahead.get(part.name) or Segment(self._layout.segments_folder / part.name)
        c = removals.c
        given_up = select(c.vector_row).where(
            c.space_id == space_id, c.vector_row >= part.first_row, c.vector_row < part.end_row
        )
        segment.bury(np.array(connection.scalars(given_up).all(), np.int64))
        return segment


def _newer(c: Any, space_id: int, since: int) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - columns by name
    """Return the conditions of a space's rows that changed since a change.

    The sum keeps SQLite from the index of spaces and vector rows, by which it would look at every unsealed row, or at
    every one that was ever given up, to find the few that are new.
    """
    return (c.changed > since, c.space_id + 0 == space_id)


def _gone(connection: Connection, space_id: int, since: int) -> Sequence[int]:
    c = removals.c
    return connection.scalars(select(c.vector_row).where(*_newer(c, space_id, since))).all()


def _fresh(connection: Connection, space_id: int, since: int, from_row: int) -> Entries:
    c = sightings.c
    place = (c.id, c.revision, c.vector_row, c.kind, c.camera_id, c.community)
    chosen = select(*place, c.first_seen_ms, c.last_seen_ms, c.attributes).where(
        c.vector_row >= from_row, *(_newer(c, space_id, since) if since else (c.space_id == space_id,))
    )
    return Entries.of(columns_of(connection, chosen.order_by(c.vector_row)))


def _apply(held: _Held, file: VectorFile, gone: Sequence[int], fresh: Entries) -> None:
    """Show what is new before hiding what it replaces: a search that meets both asks again, one with none would err."""
    for start in range(0, max(len(fresh), 1), ROWS_AT_ONCE):
        part = fresh.part(start, start + ROWS_AT_ONCE)
        vectors = file.read(part.vector_row)
        held.tail.apply(gone if start == 0 else (), part, vectors)
    sealed = np.array([row for row in gone if row < held.end_row], np.int64)
    if len(sealed):
        for segment in held.segments:
            segment.bury(sealed)
