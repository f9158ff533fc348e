"""What an archive in a folder tells of its sightings: one by one, in pages, counted, as they changed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.books import LocalBooks
from pipeline.archive.changes import changes_since, newest_change
from pipeline.archive.contract import Changes, Cursor, SightingFilter
from pipeline.archive.failures import archive_errors
from pipeline.archive.packs import PictureTorn
from pipeline.archive.picture_rows import PICTURE_OF, picture_of
from pipeline.archive.reading import neighbours_of, vectors_of
from pipeline.archive.rows import SIGHTING_COLUMNS, behind, conditions, sighting_of
from pipeline.archive.schema import sightings, spaces, tallies
from pipeline.errors import ArchiveDamaged, UnknownSighting
from pipeline.sighting import Sighting

ATTEMPTS = 5  # a row that changes between two reads is read again; five times in a row is no coincidence


class LocalReads(LocalBooks):
    """The part of a LocalArchive that reads rows, vectors and pictures, and no index."""

    def get(self, sighting_id: str) -> Sighting:
        """Return one sighting; raises UnknownSighting."""
        with self._reading() as connection:
            row = connection.execute(select(sightings).where(sightings.c.id == sighting_id)).one_or_none()
        if row is None:
            raise UnknownSighting(sighting_id)
        return sighting_of(row)

    def picture(self, sighting_id: str) -> bytes:
        """Return the JPEG of a sighting; raises UnknownSighting, ArchiveDamaged when it is gone or not what it was."""
        for _ in range(ATTEMPTS):
            with self._reading() as connection:
                row = connection.execute(PICTURE_OF, {"id": sighting_id}).one_or_none()
            if row is None:
                raise UnknownSighting(sighting_id)
            with archive_errors(self._layout.folder), suppress(FileNotFoundError, PictureTorn):
                return picture_of(self._layout, row)
        raise ArchiveDamaged(f"the picture of sighting {sighting_id} is missing or damaged in {self._layout.folder}")

    def vector(self, sighting_id: str) -> Embeddings:
        """Return the (1, d) vector of a sighting; raises UnknownSighting, ArchiveDamaged when it was overwritten."""
        return self._with_vector(sighting_id)[1]

    def _with_vector(self, sighting_id: str) -> tuple[Sighting, Embeddings]:
        """Return a sighting and its (1, d) vector, both of one revision; raises as `vector` does."""
        place = (sightings.c.vector_row, *spaces.c["id", "generation", "name", "version", "dim"])
        chosen = select(*SIGHTING_COLUMNS, *place).join(spaces).where(sightings.c.id == sighting_id)
        for _ in range(ATTEMPTS):
            with self._reading() as connection:
                row = connection.execute(chosen).one_or_none()  # one statement: between two it may change
                if row is None:
                    raise UnknownSighting(sighting_id)
                vector_row, space_id, generation, name, version, dim = row[len(SIGHTING_COLUMNS) :]
                file = self._layout.vectors((space_id, generation), dim)
                vectors = file.read(np.array([vector_row], np.int64))
            if vectors.any():  # zeros: the row was given up and erased since it was looked up
                known = sighting_of(row[: len(SIGHTING_COLUMNS)])
                return known, Embeddings(vectors, EmbeddingSpace(name, version, dim))
        raise ArchiveDamaged(f"the vector of sighting {sighting_id} is erased in {self._layout.folder}")

    def vectors(self, sighting_ids: Sequence[str], space: EmbeddingSpace) -> Mapping[str, NDArray[np.float32]]:
        """Return the vectors (d,) of those sightings that are still there and in that space, by id."""
        with self._reading() as connection:
            return vectors_of(connection, self._layout, sighting_ids, space)

    def find(self, where: SightingFilter, *, limit: int = 100, after: Cursor | None = None) -> list[Sighting]:
        """Return sightings by the time they were last seen, newest first, ties by id; `after` a place in that list."""
        chosen = (
            select(sightings)
            .where(*conditions(where), *([] if after is None else behind(after)))
            .order_by(sightings.c.last_seen_ms.desc(), sightings.c.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return [sighting_of(row) for row in connection.execute(chosen)]

    def neighbours(self, found: Sequence[Sighting]) -> list[tuple[Sighting | None, Sighting | None]]:
        """Return those of any kind that the camera of each saw next before and after: by last_seen_ms, ties by id."""
        with self._reading() as connection:
            return neighbours_of(connection, found)

    def spaces(self) -> Mapping[Kind, Sequence[EmbeddingSpace]]:
        """Return the spaces in use per kind, newest first."""
        chosen = select(tallies.c.kind, tallies.c.space_id).distinct().subquery()
        used = select(chosen.c.kind, spaces).join(spaces).order_by(spaces.c.id.desc())
        found: dict[Kind, list[EmbeddingSpace]] = {}
        with self._reading() as connection:
            for row in connection.execute(used):
                found.setdefault(Kind(row.kind), []).append(EmbeddingSpace(row.name, row.version, row.dim))
        return found

    def cameras(self, communities: Sequence[str] = ()) -> Sequence[str]:
        """Return the ids of all cameras that have sightings, or those of these communities, sorted."""
        chosen = select(tallies.c.camera_id).distinct().order_by(tallies.c.camera_id)
        if communities:
            chosen = chosen.where(tallies.c.community.in_(communities))
        with self._reading() as connection:
            return connection.scalars(chosen).all()

    def communities(self) -> Sequence[str]:
        """Return the ids of all communities that have sightings, sorted."""
        chosen = select(tallies.c.community).distinct().order_by(tallies.c.community)
        with self._reading() as connection:
            return connection.scalars(chosen).all()

    def count(self, where: SightingFilter | None = None) -> int:
        """Return how many sightings there are."""
        where = where or SightingFilter()
        if where.from_ms is None and where.to_ms is None:
            chosen = select(func.coalesce(func.sum(tallies.c.sightings), 0)).where(*conditions(where, tallies))
        else:
            chosen = select(func.count()).select_from(sightings).where(*conditions(where))
        with self._reading() as connection:
            number: int = connection.execute(chosen).scalar_one()
        return number

    def changes(self, since: int, *, limit: int = 1000) -> Changes:
        """Return what was stored after a change number."""
        with self._reading() as connection:
            return changes_since(connection, self._layout, since, limit)

    def newest_change(self) -> int:
        """Return the number of the newest change."""
        with self._reading() as connection:
            return newest_change(connection)
