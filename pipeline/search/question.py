"""What is asked of an archive, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.contract import Hit, SightingFilter
from pipeline.search.confidence import Confidence
from pipeline.search.reranking import Reranking
from pipeline.search.subject import Detector, Image, Photo, Subject
from pipeline.search.zone import Zone
from pipeline.sighting import Sighting
from pipeline.words import Parse

APART_MS = 30_000  # a tracker that lost somebody finds her again within seconds


class Embedder(Protocol):
    """What a search needs of `models.embedder.Embedder`."""

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        ...

    def embed(self, crops: Sequence[Image]) -> Embeddings:
        """Return one vector per crop."""
        ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """The networks of a search, each loaded when it is first needed."""

    detector: Callable[[], Detector]
    embedder: Callable[[Kind], Embedder]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Who is looked for and where; at least one photo, a sighting, a confirmed sighting, or words.

    Photos show the same one; a sighting asks for more like it. `confirmed` are sightings known to show the one meant,
    `rejected` known not to. With `coat_may_have_changed` what is worn above the waist counts for little, and no hit is
    said to be sure. `rerank` says how the best hits are ordered; `grouped` makes one hit of those that belong together.
    A `zone` keeps those whose best picture shows them in that part of the picture of the one camera of the filter.
    """

    where: SightingFilter = field(default_factory=SightingFilter)
    top: int = 20
    photos: tuple[Photo, ...] = ()
    sighting_id: str | None = None
    words: Parse | None = None
    confirmed: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    coat_may_have_changed: bool = False
    rerank: Reranking = Reranking.EXPANSION
    grouped: bool = True
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class HitGroup:
    """One hit: `hit` is the best sighting of it and carries the group's rank, `others` the rest.

    Of a search with photos they are one visit to one camera; by words alone all that look like one person, anywhere.
    `id` is the id of the earliest sighting of the group. `likeness` is the mean cosine of the best hit with everything
    that shows the one meant, -1..1; None for a search by words alone. `confidence` is None there too, and where nothing
    was measured for the network. `before` and `after` passed the same camera just before and just after.
    """

    id: str
    hit: Hit
    others: tuple[Hit, ...] = ()
    likeness: float | None = None
    confidence: Confidence | None = None
    confirmed: bool = False
    before: Sighting | None = None
    after: Sighting | None = None

    @property
    def cameras(self) -> int:
        """How many cameras saw it."""
        return len({each.sighting.key.camera_id for each in (self.hit, *self.others)})

    @property
    def stay_ms(self) -> tuple[int, int]:
        """From when to when the visit lasted that the best hit is of, UTC epoch ms."""
        first, last = self.hit.sighting.first_seen_ms, self.hit.sighting.last_seen_ms
        here = [e.sighting for e in self.others if e.sighting.key.camera_id == self.hit.sighting.key.camera_id]
        for each in [*sorted(here, key=lambda s: s.first_seen_ms), *sorted(here, key=lambda s: -s.last_seen_ms)]:
            if each.first_seen_ms < last + APART_MS and each.last_seen_ms > first - APART_MS:
                first, last = min(first, each.first_seen_ms), max(last, each.last_seen_ms)
        return first, last


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`groups` best first; `subjects` has the one meant in each photo; `searched` sightings passed the filter."""

    groups: Sequence[HitGroup]
    subjects: Sequence[Subject] = field(default=())
    searched: int = 0

    @property
    def hits(self) -> list[Hit]:
        """The best hit of each group, in order."""
        return [group.hit for group in self.groups]
