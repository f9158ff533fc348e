"""The register of residents in care: durable; a withdrawal erases pictures, vectors and where she was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from models.embeddings import Embeddings, EmbeddingSpace
from pipeline.alerting.care.resident import Companion, Resident
from pipeline.alerting.care.tables import TABLES, pictures, resident_of, residents, row_of, seen
from pipeline.alerting.database import make_missing_tables, read, write
from pipeline.alerting.watches.tables import STORED
from pipeline.errors import BadEnrolment, UnknownResident

MOST_COMPANIONS = 8
MOST_PHOTOS = 24  # of a resident
PictureName = tuple[str, str, int]  # resident, companion ("": herself), place
LeftWith = Literal["alone", "companion", "co-traveller"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A sighting taken for a resident; `due_ms` (UTC epoch ms) is when to decide with whom she left, None: not.

    `company` is what was decided, None when nothing was.
    """

    resident_id: str
    sighting_id: str
    camera_id: str
    last_ms: int
    score: float
    due_ms: int | None = None
    company: LeftWith | None = None


class CareRegister:
    """Safe to use from many threads, and from several processes on one database."""

    def __init__(self, engine: Engine) -> None:
        make_missing_tables(engine, *TABLES)
        self._engine = engine

    def enrol(self, resident: Resident, crops: Sequence[bytes]) -> None:
        """Write a resident down with a JPEG for each of her vectors."""
        assert resident.vectors is not None
        with write(self._engine) as connection:
            connection.execute(insert(residents), row_of(resident))
            rows = _picture_rows(resident.id, "", resident.name, resident.vectors, crops)
            connection.execute(insert(pictures), rows)

    def add_companion(self, resident_id: str, companion: Companion, crops: Sequence[bytes]) -> None:
        """Write down somebody with whom she may leave; raises UnknownResident, BadEnrolment."""
        with write(self._engine) as connection:
            row = _row(connection, resident_id)
            if row["withdrawn_ms"] is not None:
                raise BadEnrolment("the enrolment was withdrawn: enrol anew, with consent")
            known = select(func.count(pictures.c.companion.distinct())).where(
                pictures.c.resident_id == resident_id, pictures.c.companion != ""
            )
            if connection.execute(known).scalar_one() >= MOST_COMPANIONS:
                raise BadEnrolment(f"more than {MOST_COMPANIONS} companions: withdraw, and enrol those who count")
            rows = _picture_rows(resident_id, companion.id, companion.name, companion.vectors, crops)
            connection.execute(insert(pictures), rows)

    def add_photos(self, resident_id: str, vectors: Embeddings, crops: Sequence[bytes]) -> None:
        """Write down how she looks as well, a JPEG for each vector; raises UnknownResident, BadEnrolment."""
        own = (pictures.c.resident_id == resident_id) & (pictures.c.companion == "")
        with write(self._engine) as connection:
            row = _row(connection, resident_id)
            last = connection.execute(select(func.max(pictures.c.place)).where(own)).scalar_one()
            if last is None:
                raise BadEnrolment("the enrolment is over and all that showed her is erased: enrol anew, with consent")
            if last + 1 + len(crops) > MOST_PHOTOS:
                raise BadEnrolment(f"{MOST_PHOTOS} photos are kept of a resident at most: {last + 1} are there")
            rows = _picture_rows(resident_id, "", row["name"], vectors, crops, first=last + 1)
            connection.execute(insert(pictures), rows)

    def remove_companion(self, resident_id: str, name: str, at_ms: int) -> None:
        """Erase a companion of this name; raises UnknownResident, BadEnrolment when there is none."""
        mine = (pictures.c.resident_id == resident_id) & (pictures.c.companion != "") & (pictures.c.name == name)
        with write(self._engine) as connection:
            _row(connection, resident_id)
            if not connection.execute(delete(pictures).where(mine)).rowcount:
                raise BadEnrolment(f"{name} is none of her companions")
            connection.execute(update(residents).where(residents.c.id == resident_id).values(changed_ms=at_ms))
        self._fold()

    def change(self, resident: Resident, at_ms: int) -> None:
        """Put what a resident's guardian wants now in the place of what was; raises UnknownResident, BadEnrolment."""
        with write(self._engine) as connection:
            if _row(connection, resident.id)["withdrawn_ms"] is not None:
                raise BadEnrolment("the enrolment was withdrawn: enrol anew, with consent")
            values = row_of(resident) | {"changed_ms": at_ms}
            connection.execute(update(residents).where(residents.c.id == resident.id).values(values))

    def withdraw(self, resident_id: str, who: str, why: str, at_ms: int) -> Resident:
        """End an enrolment and erase all that shows her or her companions; raises UnknownResident, BadEnrolment."""
        if not why.strip():
            raise BadEnrolment("say why the enrolment is withdrawn: the reason is kept")
        with write(self._engine) as connection:
            if _row(connection, resident_id)["withdrawn_ms"] is not None:
                raise BadEnrolment("the enrolment was withdrawn already")
            values = {"withdrawn_ms": at_ms, "withdrawn_by": who, "withdrawn_why": why.strip()}
            connection.execute(update(residents).where(residents.c.id == resident_id).values(values))
            _erase(connection, [resident_id])
        self._fold()
        return self.get(resident_id)

    def sweep(self, now_ms: int) -> int:
        """Erase all that shows residents whose enrolment has expired; return of how many."""
        over = select(residents.c.id).where(residents.c.expires_ms <= now_ms)
        with write(self._engine) as connection:
            chosen = select(pictures.c.resident_id).where(pictures.c.resident_id.in_(over)).distinct()
            gone = list(connection.execute(chosen).scalars())
            _erase(connection, gone)
        if gone:
            self._fold()
        return len(gone)

    def get(self, resident_id: str) -> Resident:
        """Return one resident; raises UnknownResident."""
        with read(self._engine) as connection:
            return resident_of(_row(connection, resident_id), _photos(connection, resident_id))

    def all(self) -> list[Resident]:
        """Return residents, the last enrolled first, those whose enrolment is over included."""
        with read(self._engine) as connection:
            rows = connection.execute(select(residents).order_by(residents.c.created_ms.desc(), residents.c.id))
            return [resident_of(row, _photos(connection, row["id"])) for row in rows.mappings().all()]

    def described_otherwise(self, space: EmbeddingSpace) -> list[PictureName]:
        """Return the pictures whose vectors are of another space."""
        c = pictures.c
        with read(self._engine) as connection:
            rows = connection.execute(select(c.resident_id, c.companion, c.place).where(c.space != str(space)))
            return [(row[0], row[1], row[2]) for row in rows]

    def crop(self, picture: PictureName) -> bytes:
        """Return the JPEG of a resident or companion; raises UnknownResident."""
        with read(self._engine) as connection:
            found: bytes | None = connection.execute(select(pictures.c.crop).where(_is(picture))).scalar_one_or_none()
        if found is None:
            raise UnknownResident(picture[0])
        return found

    def describe_anew(self, picture: PictureName, vectors: Embeddings) -> None:
        """Replace the vector of a picture by the one (1, d) of the embedder that is in use now."""
        values = {"vector": vectors.vectors[0].astype(STORED).tobytes(), "space": str(vectors.space)}
        with write(self._engine) as connection:
            connection.execute(update(pictures).where(_is(picture)).values(values))

    def mark(self, now_ms: int) -> frozenset[tuple[str, int, int]]:
        """Return the residents enrolled now, each with number of pictures and last change: it changes with either."""
        counted = (
            select(residents.c.id, func.count(pictures.c.place), func.coalesce(residents.c.changed_ms, 0))
            .join(pictures, pictures.c.resident_id == residents.c.id)
            .where(residents.c.withdrawn_ms.is_(None), residents.c.expires_ms > now_ms)
            .group_by(residents.c.id)
        )
        with read(self._engine) as connection:
            return frozenset((row[0], row[1], row[2]) for row in connection.execute(counted))

    def note(self, found: Sequence[Recognised]) -> None:
        """Write down where residents were seen; of a sighting that is known, how long it lasted."""
        with write(self._engine) as connection:
            for one in found:
                values = {name: getattr(one, name) for name in Recognised.__slots__}
                given = insert_or(seen).values(values)
                connection.execute(
                    given.on_conflict_do_update(
                        index_elements=["resident_id", "sighting_id"], set_={"last_ms": one.last_ms, "score": one.score}
                    )
                )

    def due(self, now_ms: int) -> list[Recognised]:
        """Return those who left and of whom it is time to decide with whom."""
        with read(self._engine) as connection:
            rows = connection.execute(select(seen).where(seen.c.due_ms <= now_ms).order_by(seen.c.due_ms))
            return [Recognised(**row) for row in rows.mappings()]

    def decided(self, one: Recognised, company: LeftWith | None) -> None:
        """Note with whom she left; None: nobody can say any more."""
        where = (seen.c.resident_id == one.resident_id) & (seen.c.sighting_id == one.sighting_id)
        with write(self._engine) as connection:
            connection.execute(update(seen).where(where).values(due_ms=None, company=company))

    def last_seen(self, resident_id: str, *, limit: int = 1) -> list[Recognised]:
        """Return where a resident was seen last, newest first."""
        chosen = select(seen).where(seen.c.resident_id == resident_id)
        with read(self._engine) as connection:
            rows = connection.execute(chosen.order_by(seen.c.last_ms.desc(), seen.c.sighting_id).limit(limit))
            return [Recognised(**row) for row in rows.mappings()]

    def _fold(self) -> None:
        """Fold the log, so that what was erased leaves it too."""
        with self._engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _row(connection: Connection, resident_id: str) -> RowMapping:
    row = connection.execute(select(residents).where(residents.c.id == resident_id)).mappings().one_or_none()
    if row is None:
        raise UnknownResident(resident_id)
    return row


def _photos(connection: Connection, resident_id: str) -> list[RowMapping]:
    chosen = select(pictures).where(pictures.c.resident_id == resident_id)
    return list(connection.execute(chosen.order_by(pictures.c.companion, pictures.c.place)).mappings())


def _picture_rows(
    resident_id: str, companion: str, name: str, vectors: Embeddings, crops: Sequence[bytes], *, first: int = 0
) -> list[dict[str, object]]:
    return [
        {
            "resident_id": resident_id,
            "companion": companion,
            "place": place,
            "name": name,
            "space": str(vectors.space),
            "vector": vector.astype(STORED).tobytes(),
            "crop": crop,
        }
        for place, (vector, crop) in enumerate(zip(vectors.vectors, crops, strict=True), first)
    ]


def _is(picture: PictureName) -> ColumnElement[bool]:
    resident_id, companion, place = picture
    c = pictures.c
    return (c.resident_id == resident_id) & (c.companion == companion) & (c.place == place)


def _erase(connection: Connection, resident_ids: Sequence[str]) -> None:
    for table in (pictures, seen):
        connection.execute(delete(table).where(table.c.resident_id.in_(resident_ids)))
