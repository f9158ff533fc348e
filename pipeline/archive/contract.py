"""What every archive promises, whatever it is built on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.journal import Journal
from pipeline.archive.looks import Looks
from pipeline.sighting import Record, Sighting


@dataclass(frozen=True, slots=True)
class SightingFilter:
    """Which sightings count; None or empty is no limit. UTC epoch ms; [from_ms, to_ms) overlaps a sighting."""

    kind: Kind | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    cameras: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked for: one or more vectors of one person or vehicle (the best of them counts) and a filter."""

    vectors: Embeddings
    where: SightingFilter
    top: int = 20
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """`rank` from 1; `score` is the cosine -1..1, higher is more alike; in a search by looks alone it is 0..1.

    `reasons` tells of each look asked for whether the sighting agrees, disagrees, or was never seen well enough.
    """

    rank: int
    score: float
    sighting: Sighting
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """One line of the search log: who looked for what, when and why; holds and their ends are lines too.

    `line` is its number in the log, from 1; 0 for one that is not written yet.
    """

    at_ms: int
    who: str
    reason: str
    what: Mapping[str, object]
    hits: int
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of sightings, newest first: behind the sighting with this time (UTC epoch ms) and id."""

    last_seen_ms: int
    sighting_id: str

    @classmethod
    def behind(cls, sighting: Sighting) -> "Cursor":
        """Return the place behind a sighting: where the next page begins."""
        return cls(sighting.last_seen_ms, sighting.id)


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Who holds or releases sightings for which case, when (UTC epoch ms) and why."""

    case: str
    who: str
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CaseHold:
    """What a case holds: since when, by whose first order and why, and how many sightings."""

    case: str
    since_ms: int
    who: str
    reason: str
    sightings: int


@dataclass(frozen=True, slots=True)
class CaseCursor:
    """A place in the list of cases, newest first: behind the case of this name, which holds since a time (UTC ms)."""

    since_ms: int
    case: str

    @classmethod
    def behind(cls, hold: CaseHold) -> "CaseCursor":
        """Return the place behind a case: where the next page begins."""
        return cls(hold.since_ms, hold.case)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A network that made sightings of the archive: `role` (detector, embedder), name, weights' hash, since when."""

    role: str
    name: str
    version: str
    since_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A sighting as it is stored, with its `vector` float32 (d,) of length 1."""

    sighting: Sighting
    vector: NDArray[np.float32]
    space: EmbeddingSpace


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Sightings in the order they were stored, each as it is now; `upto` is the change number to go on from."""

    stored: Sequence[Stored]
    upto: int


class Archive(Protocol):
    """Sightings that stay.

    - `append` returns only when every record is durable; a kill -9 at any later moment loses none of them, and one
      during `append` leaves each record whole or absent.
    - appending a known sighting id with a higher revision replaces row, vector and picture; the same or a lower
      revision changes nothing.
    - vectors of one kind live in one space or in several; a query meets only vectors of its own space, and
      SpaceMismatch is raised when the archive holds sightings of that kind in other spaces only.
    - `search` is exact: best first, ties by sighting id, never a half-stored sighting.
    - a second writer on the same archive is refused with ArchiveBusy; readers are always welcome.
    - an archive written by a newer version is refused with ArchiveTooNew; a full disk is ArchiveFull, and the archive
      goes on once there is room: what was acknowledged stays.
    - `forget` and `expire` leave neither row, nor vector, nor picture.
    - a held sighting stays until every case that holds it has released it: `expire` passes it over, `forget` refuses
      the whole call with SightingHeld. It stays up to date: a higher revision still replaces what it was.
    - `hold` and `release` are lines of the search log, in the same step; readers may hold, too, like they search.
    - `find` has a place for every sighting, so that a page begun after a cursor neither repeats nor skips one that
      was there before, whatever is appended meanwhile.
    - whoever asks for the `changes` since the number of the last answer gets every append, also over restarts; a
      sighting whose revision grows is a change again.
    - every method may be called from any thread; a search sees each `append` wholly or not at all.
    - `append` raises ValueError for a record that cannot be one: no picture, a vector of another dimension or length.
    """

    @property
    def journal(self) -> Journal:
        """When each camera was watched."""
        ...

    def append(self, records: Sequence[Record]) -> None:
        """Store records durably."""
        ...

    def forget(self, sighting_ids: Sequence[str]) -> int:
        """Erase sightings with vector and picture; unknown ids are skipped. Return how many; raises SightingHeld."""
        ...

    def expire(self, before_ms: int, *, kind: Kind | None = None, limit: int | None = None) -> int:
        """Erase sightings last seen before a time (UTC epoch ms), of one kind, the oldest `limit`; return how many."""
        ...

    def hold(self, sighting_ids: Sequence[str], order: HoldOrder) -> int:
        """Keep sightings for a case; return how many it did not hold yet. Raises UnknownSighting, and holds none."""
        ...

    def release(self, order: HoldOrder) -> int:
        """End everything that a case holds; return how many sightings it held."""
        ...

    def holds(self, *, limit: int | None = None, after: CaseCursor | None = None) -> Sequence[CaseHold]:
        """Return the cases that hold sightings, the newest first, ties by name; `after` a place in that list."""
        ...

    def held(self, case: str, *, limit: int | None = None, after: str = "") -> Sequence[str]:
        """Return the ids of the sightings that a case holds, sorted; `after` an id, no more than `limit`."""
        ...

    def get(self, sighting_id: str) -> Sighting:
        """Return one sighting; raises UnknownSighting."""
        ...

    def picture(self, sighting_id: str) -> bytes:
        """Return the JPEG of a sighting; raises UnknownSighting."""
        ...

    def vector(self, sighting_id: str) -> Embeddings:
        """Return the (1, d) vector of a sighting; raises UnknownSighting."""
        ...

    def vectors(self, sighting_ids: Sequence[str], space: EmbeddingSpace) -> Mapping[str, NDArray[np.float32]]:
        """Return the vectors (d,) of those sightings that are still there and in that space, by id."""
        ...

    def search(self, query: Query) -> list[Hit]:
        """Return at most `query.top` hits; raises SpaceMismatch."""
        ...

    def search_looks(self, looks: Looks, where: SightingFilter, *, top: int = 20) -> list[Hit]:
        """Return the sightings that look as described, best first, then newest, ties by id."""
        ...

    def find(self, where: SightingFilter, *, limit: int = 100, after: Cursor | None = None) -> list[Sighting]:
        """Return sightings by the time they were last seen, newest first, ties by id; `after` a place in that list."""
        ...

    def neighbours(self, found: Sequence[Sighting]) -> list[tuple[Sighting | None, Sighting | None]]:
        """Return those of any kind that the camera of each saw next before and after: by last_seen_ms, ties by id."""
        ...

    def spaces(self) -> Mapping[Kind, Sequence[EmbeddingSpace]]:
        """Return the spaces in use per kind, newest first."""
        ...

    def cameras(self, communities: Sequence[str] = ()) -> Sequence[str]:
        """Return the ids of all cameras that have sightings, or those of these communities."""
        ...

    def communities(self) -> Sequence[str]:
        """Return the ids of all communities that have sightings."""
        ...

    def count(self, where: SightingFilter | None = None) -> int:
        """Return how many sightings there are."""
        ...

    def changes(self, since: int, *, limit: int = 1000) -> Changes:
        """Return what was stored after the change `since` (0: everything), whole changes, about `limit` sightings."""
        ...

    def newest_change(self) -> int:
        """Return the number of the newest change; it only grows."""
        ...

    def record_search(self, entry: SearchRecord) -> None:
        """Append to the search log durably."""
        ...

    def searches(self, *, limit: int = 100, before: int | None = None) -> Iterator[SearchRecord]:
        """Read the search log, newest first; `before` a line number."""
        ...

    def record_model(self, use: ModelUse) -> None:
        """Note that a network is in use; a known role, name and version changes nothing."""
        ...

    def models(self) -> Sequence[ModelUse]:
        """Return the networks that were in use, oldest first."""
        ...

    def close(self) -> None:
        """Release files and the writer's lock."""
        ...
