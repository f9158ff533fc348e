"""The book of watches: who asked for what, until when; durable, and open to several processes at a time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from models.embeddings import Embeddings
from pipeline.alerting.budget.scores import BINS, Counts
from pipeline.alerting.database import make_missing_tables, read, write
from pipeline.alerting.incidents.incident import Outcome
from pipeline.alerting.incidents.tables import alerts, incidents
from pipeline.alerting.watches.tables import (
    STORED,
    TABLES,
    cursors,
    hits,
    pictures,
    row_of,
    scores,
    vectors_of,
    watch_of,
    watches,
)
from pipeline.alerting.watches.watch import Watch
from pipeline.errors import BadWatch, UnknownWatch


@dataclass(frozen=True, slots=True)
class WatchHit:
    """A sighting that a watch took for the one it looks for; those of one visit share the `alert_id`."""

    watch_id: str
    sighting_id: str
    camera_id: str
    first_ms: int
    last_ms: int
    score: float
    threshold: float
    alert_id: str


class WatchBook:
    """Keeps watches, what they found and how far they have looked; safe to use from many threads."""

    def __init__(self, engine: Engine) -> None:
        make_missing_tables(engine, incidents, alerts, *TABLES)
        self._engine = engine

    def add(self, watch: Watch, crops: Sequence[bytes] = ()) -> None:
        """Write a watch down with a JPEG for each of its vectors; raises BadWatch when its name is taken."""
        vectors = watch.target.vectors
        with write(self._engine) as connection:
            if connection.execute(select(watches.c.id).where(watches.c.name == watch.name)).first() is not None:
                raise BadWatch(f"there is or was a watch called {watch.name!r} already: choose another name")
            connection.execute(insert(watches), row_of(watch))
            if vectors is not None:
                connection.execute(insert(pictures), _picture_rows(watch.id, vectors, crops))

    def withdraw(self, watch_id: str, who: str, why: str, at_ms: int) -> Watch:
        """End a watch before its time and erase its pictures; raises UnknownWatch, BadWatch."""
        if not why.strip():
            raise BadWatch("say why the watch is withdrawn: the reason is kept with it")
        with write(self._engine) as connection:
            row = _row(connection, watch_id)
            if row["withdrawn_ms"] is not None:
                raise BadWatch(f"the watch was withdrawn already, by {row['withdrawn_by']}")
            values = {"withdrawn_ms": at_ms, "withdrawn_by": who, "withdrawn_why": why.strip()}
            connection.execute(update(watches).where(watches.c.id == watch_id).values(values))
            _erase(connection, [watch_id])
        self._fold()
        return self.get(watch_id)

    def get(self, watch_id: str) -> Watch:
        """Return one watch; raises UnknownWatch."""
        with read(self._engine) as connection:
            row = _row(connection, watch_id)
            return watch_of(row, _vectors(connection, [watch_id]).get(watch_id))

    def all(self, *, limit: int = 1000) -> list[Watch]:
        """Return watches, the youngest first, those that are over included."""
        return self._chosen(select(watches).order_by(watches.c.created_ms.desc(), watches.c.id).limit(limit))

    def active(self, now_ms: int) -> list[Watch]:
        """Return the watches that stand."""
        chosen = select(watches).where(watches.c.withdrawn_ms.is_(None), watches.c.expires_ms > now_ms)
        return self._chosen(chosen.order_by(watches.c.id))

    def active_ids(self, now_ms: int) -> frozenset[str]:
        """Return which watches stand."""
        chosen = select(watches.c.id).where(watches.c.withdrawn_ms.is_(None), watches.c.expires_ms > now_ms)
        with read(self._engine) as connection:
            return frozenset(connection.execute(chosen).scalars())

    def crop(self, watch_id: str, place: int = 0) -> bytes:
        """Return a JPEG that a watch was made with; raises UnknownWatch when there is none, or none any more."""
        chosen = select(pictures.c.crop).where(pictures.c.watch_id == watch_id, pictures.c.place == place)
        with read(self._engine) as connection:
            found: bytes | None = connection.execute(chosen).scalar_one_or_none()
        if not found:
            raise UnknownWatch(f"watch {watch_id} has no picture number {place}, or it was erased with its end")
        return found

    def describe_anew(self, watch_id: str, vectors: Embeddings) -> None:
        """Replace the vectors of a watch's pictures, in order: another embedder is in use."""
        with write(self._engine) as connection:
            for place, vector in enumerate(vectors.vectors):
                where = (pictures.c.watch_id == watch_id) & (pictures.c.place == place)
                values = {"vector": vector.astype(STORED).tobytes(), "space": str(vectors.space)}
                connection.execute(update(pictures).where(where).values(values))
            connection.execute(delete(scores).where(scores.c.watch_id == watch_id))

    def sweep(self, now_ms: int) -> int:
        """Erase the pictures of watches that are over; return of how many."""
        over = select(watches.c.id).where((watches.c.expires_ms <= now_ms) | watches.c.withdrawn_ms.is_not(None))
        with write(self._engine) as connection:
            ids = connection.execute(select(pictures.c.watch_id).where(pictures.c.watch_id.in_(over)).distinct())
            gone = list(ids.scalars())
            _erase(connection, gone)
        if gone:
            self._fold()
        return len(gone)

    def hits(self, watch_ids: Sequence[str], *, since_ms: int = 0, limit: int = 10_000) -> list[WatchHit]:
        """Return what watches found, newest first."""
        chosen = select(hits).where(hits.c.watch_id.in_(watch_ids), hits.c.last_ms >= since_ms)
        with read(self._engine) as connection:
            rows = connection.execute(chosen.order_by(hits.c.last_ms.desc(), hits.c.sighting_id).limit(limit))
            return [WatchHit(**row) for row in rows.mappings()]

    def false_scores(self, watch_id: str) -> list[float]:
        """Return the scores of a watch's alerts whose incidents people closed as false."""
        chosen = (
            select(func.max(hits.c.score))
            .join(alerts, alerts.c.id == hits.c.alert_id)
            .join(incidents, incidents.c.id == alerts.c.incident_id)
            .where(hits.c.watch_id == watch_id, incidents.c.outcome == Outcome.FALSE)
            .group_by(hits.c.alert_id)
        )
        with read(self._engine) as connection:
            return list(connection.execute(chosen).scalars())

    def cursor(self, follower: str) -> int | None:
        """Return the archive's change number up to which a follower has looked, None before its first."""
        chosen = select(cursors.c.change).where(cursors.c.follower == follower)
        with read(self._engine) as connection:
            return connection.execute(chosen).scalar_one_or_none()

    def move(self, follower: str, change: int) -> None:
        """Write down how far a follower has looked."""
        with write(self._engine) as connection:
            given = insert_or(cursors).values(follower=follower, change=change)
            connection.execute(given.on_conflict_do_update(index_elements=["follower"], set_={"change": change}))

    def note(self, found: Sequence[WatchHit]) -> None:
        """Write down what watches found; a sighting that was found already is brought up to date."""
        with write(self._engine) as connection:
            for hit in found:
                values = {column.name: getattr(hit, column.name) for column in hits.columns}
                given = insert_or(hits).values(values)
                connection.execute(given.on_conflict_do_update(index_elements=["watch_id", "sighting_id"], set_=values))

    def scores(self, watch_ids: Sequence[str]) -> dict[str, dict[str, Counts]]:
        """Return the recorded scores by watch and camera, as histograms int64 (400,)."""
        found: dict[str, dict[str, Counts]] = {}
        with read(self._engine) as connection:
            for row in connection.execute(select(scores).where(scores.c.watch_id.in_(watch_ids))):
                counts = np.zeros(BINS, np.int64)
                for place, count in json.loads(row.counts).items():
                    counts[int(place)] = count
                found.setdefault(row.watch_id, {})[row.camera_id] = counts
        return found

    def keep_scores(self, recorded: Mapping[tuple[str, str], Counts]) -> None:
        """Write down histograms by watch and camera, in place of the ones before."""
        with write(self._engine) as connection:
            for (watch_id, camera_id), counts in recorded.items():
                text = json.dumps({int(place): int(counts[place]) for place in np.flatnonzero(counts)})
                values = {"watch_id": watch_id, "camera_id": camera_id, "counts": text}
                given = insert_or(scores).values(values)
                connection.execute(
                    given.on_conflict_do_update(index_elements=["watch_id", "camera_id"], set_={"counts": text})
                )

    def hit_counts(self) -> dict[str, int]:
        """Return how many alerts each watch has raised."""
        chosen = select(hits.c.watch_id, func.count(hits.c.alert_id.distinct())).group_by(hits.c.watch_id)
        with read(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(chosen)}

    def _chosen(self, chosen: Select[Any]) -> list[Watch]:
        with read(self._engine) as connection:
            rows = connection.execute(chosen).mappings().all()
            vectors = _vectors(connection, [row["id"] for row in rows])
            return [watch_of(row, vectors.get(row["id"])) for row in rows]

    def _fold(self) -> None:
        """Fold the log, so that what was erased leaves it too."""
        with self._engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _row(connection: Connection, watch_id: str) -> RowMapping:
    row = connection.execute(select(watches).where(watches.c.id == watch_id)).mappings().one_or_none()
    if row is None:
        raise UnknownWatch(f"no watch {watch_id}")
    return row


def _vectors(connection: Connection, watch_ids: Sequence[str]) -> dict[str, Embeddings]:
    chosen = select(pictures).where(pictures.c.watch_id.in_(watch_ids)).order_by(pictures.c.watch_id, pictures.c.place)
    by_watch: dict[str, list[RowMapping]] = {}
    for row in connection.execute(chosen).mappings():
        by_watch.setdefault(row["watch_id"], []).append(row)
    found = {watch_id: vectors_of(rows) for watch_id, rows in by_watch.items()}
    return {watch_id: vectors for watch_id, vectors in found.items() if vectors is not None}


def _picture_rows(watch_id: str, vectors: Embeddings, crops: Sequence[bytes]) -> list[dict[str, object]]:
    return [
        {
            "watch_id": watch_id,
            "place": place,
            "space": str(vectors.space),
            "vector": vector.astype(STORED).tobytes(),
            "crop": crop,
        }
        for place, (vector, crop) in enumerate(zip(vectors.vectors, crops, strict=True))
    ]


def _erase(connection: Connection, watch_ids: Sequence[str]) -> None:
    connection.execute(delete(pictures).where(pictures.c.watch_id.in_(watch_ids)))
