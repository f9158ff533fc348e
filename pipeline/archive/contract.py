"""What every archive promises, whatever it is built on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

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
    """One line of the search log: who looked for what, when and why."""

    at_ms: int
    who: str
    reason: str
    what: Mapping[str, object]
    hits: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A network that made sightings of the archive: `role` (detector, embedder), name, weights' hash, since when."""

    role: str
    name: str
    version: str
    since_ms: int


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
        """Erase sightings with vector and picture; unknown ids are skipped. Return how many were erased."""
        ...

    def expire(self, before_ms: int) -> int:
        """Erase all sightings last seen before a time (UTC epoch ms). Return how many were erased."""
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

    def search(self, query: Query) -> list[Hit]:
        """Return at most `query.top` hits; raises SpaceMismatch."""
        ...

    def search_looks(self, looks: Looks, where: SightingFilter, *, top: int = 20) -> list[Hit]:
        """Return the sightings that look as described, best first, then newest, ties by id."""
        ...

    def find(self, where: SightingFilter, *, limit: int = 100) -> list[Sighting]:
        """Return sightings by time, newest first."""
        ...

    def spaces(self) -> Mapping[Kind, Sequence[EmbeddingSpace]]:
        """Return the spaces in use per kind, newest first."""
        ...

    def cameras(self) -> Sequence[str]:
        """Return the ids of all cameras that have sightings."""
        ...

    def communities(self) -> Sequence[str]:
        """Return the ids of all communities that have sightings."""
        ...

    def count(self, where: SightingFilter | None = None) -> int:
        """Return how many sightings there are."""
        ...

    def record_search(self, entry: SearchRecord) -> None:
        """Append to the search log durably."""
        ...

    def searches(self, *, limit: int = 100) -> Iterator[SearchRecord]:
        """Read the search log, newest first."""
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
