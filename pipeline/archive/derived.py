"""The search indexes of an archive, kept up with its database by one path: at open, after an append, in a reader."""

import threading
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, Engine, select

from models.embeddings import EmbeddingSpace
from pipeline.archive.columns import Entry
from pipeline.archive.contract import Query
from pipeline.archive.index import SpaceIndex
from pipeline.archive.layout import Layout
from pipeline.archive.ranking import Candidate
from pipeline.archive.schema import removals, sightings, spaces, state
from pipeline.archive.vectors import VectorFile

ROWS_AT_ONCE = 65_536


class DerivedIndexes:
    """One SpaceIndex per space, each change of the database applied once."""

    def __init__(self, engine: Engine, layout: Layout) -> None:
        self._engine = engine
        self._layout = layout
        self._lock = threading.Lock()
        self._seen = 0
        self._generations: dict[int, int] = {}
        self._indexes: dict[EmbeddingSpace, SpaceIndex] = {}

    def catch_up(self) -> None:
        """Apply every change committed since the last call."""
        with self._lock, self._engine.connect() as connection:
            changed = connection.execute(select(state.c.changed)).scalar_one()
            if changed == self._seen:
                return
            known = connection.execute(select(spaces)).all()
            generations = {space.id: space.generation for space in known}
            since = 0 if self._must_restart(generations) else self._seen
            indexes = self._indexes if since else {}
            self._seen = 0  # until all is applied: after a failure the next call starts from nothing
            gone, fresh = _gone(connection, since), _fresh(connection, since)
            for space in known:
                index = indexes.setdefault(EmbeddingSpace(space.name, space.version, space.dim), SpaceIndex(space.dim))
                file = self._layout.vectors((space.id, space.generation), space.dim)
                _apply(index, file, gone.get(space.id, []), fresh.get(space.id, []))
            self._indexes, self._seen, self._generations = indexes, changed, generations

    def _must_restart(self, generations: dict[int, int]) -> bool:
        """Tell whether rows have got other numbers (a compaction), or an index holds mostly what is gone."""
        compacted = any(generations[number] != held for number, held in self._generations.items())
        return compacted or any(index.mostly_dead for index in self._indexes.values())

    def search(self, query: Query) -> list[Candidate]:
        """Return the candidates of a query's space; none when the archive does not know the space."""
        index = self._indexes.get(query.vectors.space)
        return index.search(query) if index is not None else []


def _gone(connection: Connection, since: int) -> dict[int, list[int]]:
    gone: dict[int, list[int]] = defaultdict(list)
    if since:  # an index made from nothing holds nothing that could be given up
        chosen = select(removals.c.space_id, removals.c.vector_row).where(removals.c.changed > since)
        for space_id, vector_row in connection.execute(chosen):
            gone[space_id].append(vector_row)
    return gone


def _fresh(connection: Connection, since: int) -> dict[int, list[Entry]]:
    c = sightings.c
    values = (c.id, c.revision, c.vector_row, c.kind, c.camera_id, c.community, c.first_seen_ms, c.last_seen_ms)
    chosen = select(c.space_id, *values).where(c.changed > since).order_by(c.space_id, c.vector_row)
    fresh: dict[int, list[Entry]] = defaultdict(list)
    for row in connection.execute(chosen):
        fresh[row[0]].append(Entry(*row[1:]))
    return fresh


def _apply(index: SpaceIndex, file: VectorFile, gone: Sequence[int], fresh: Sequence[Entry]) -> None:
    for start in range(0, max(len(fresh), 1), ROWS_AT_ONCE):
        part = fresh[start : start + ROWS_AT_ONCE]
        vectors = file.read(np.array([entry.vector_row for entry in part], np.int64))
        index.apply(gone if start == 0 else (), part, vectors)
