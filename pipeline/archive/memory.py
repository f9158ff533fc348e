"""The archive's double: the same promises without a disk, for tests and for trying things out."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.embeddings import Embeddings, EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.contract import (
    CaseCursor,
    CaseHold,
    Changes,
    Cursor,
    Hit,
    HoldOrder,
    ModelUse,
    Query,
    SearchRecord,
    SightingFilter,
    Stored,
)
from pipeline.archive.door import check_records, check_space
from pipeline.archive.holds import line_of
from pipeline.archive.journal import InMemoryJournal
from pipeline.archive.looks import Looks, judged, look_score
from pipeline.archive.ranking import best, exact_scores
from pipeline.archive.rows import matches
from pipeline.errors import SightingHeld, UnknownSighting
from pipeline.sighting import Record, Sighting


class InMemoryArchive:
    """An Archive that is gone when the process ends; nothing in it is durable."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.journal = InMemoryJournal()
        self._records: dict[str, Record] = {}
        self._spaces: list[EmbeddingSpace] = []
        self._searches: list[SearchRecord] = []
        self._holds: dict[str, dict[str, HoldOrder]] = {}  # case → sighting id → order
        self._models: dict[tuple[str, str, str], ModelUse] = {}
        self._changed = 0
        self._change_of: dict[str, int] = {}

    def append(self, records: Sequence[Record]) -> None:
        """Store records; raises ValueError."""
        check_records(records)
        with self._lock:
            self._changed += 1
            for record in records:
                held = self._records.get(record.sighting.id)
                if held is None or record.sighting.revision > held.sighting.revision:
                    self._records[record.sighting.id] = record
                    self._change_of[record.sighting.id] = self._changed
                    if record.space not in self._spaces:
                        self._spaces.append(record.space)

    def forget(self, sighting_ids: Sequence[str]) -> int:
        """Drop sightings; return how many; raises SightingHeld."""
        with self._lock:
            for case, held in self._holds.items():
                for sighting_id in sighting_ids:
                    if sighting_id in held:
                        raise SightingHeld(sighting_id, case)
            return sum(self._records.pop(sighting_id, None) is not None for sighting_id in sighting_ids)

    def expire(self, before_ms: int, *, kind: Kind | None = None, limit: int | None = None) -> int:
        """Drop the sightings last seen before a time (UTC epoch ms) that no case holds; return how many."""
        with self._lock:
            held = {name for each in self._holds.values() for name in each}
            old = [
                each
                for each in (record.sighting for record in self._records.values())
                if each.last_seen_ms < before_ms and each.id not in held and kind in (None, each.kind)
            ]
            return self.forget([each.id for each in sorted(old, key=lambda each: each.last_seen_ms)][:limit])

    def hold(self, sighting_ids: Sequence[str], order: HoldOrder) -> int:
        """Keep sightings for a case; return how many it did not hold yet; raises UnknownSighting."""
        with self._lock:
            for sighting_id in sighting_ids:
                self._record(sighting_id)
            held = self._holds.setdefault(order.case, {})
            before = len(held)
            for sighting_id in sighting_ids:
                held.setdefault(sighting_id, order)
            self.record_search(line_of("hold", order, len(held) - before))
            return len(held) - before

    def release(self, order: HoldOrder) -> int:
        """End everything that a case holds; return how many sightings it held."""
        with self._lock:
            lifted = len(self._holds.pop(order.case, {}))
            self.record_search(line_of("release", order, lifted))
            return lifted

    def holds(self, *, limit: int | None = None, after: CaseCursor | None = None) -> Sequence[CaseHold]:
        """Return the cases that hold sightings, the newest first, ties by name; `after` a place in that list."""
        with self._lock:
            firsts = [(min(held.values(), key=lambda o: o.at_ms), len(held)) for held in self._holds.values() if held]
        found = [CaseHold(o.case, o.at_ms, o.who, o.reason, count) for o, count in firsts]
        behind = None if after is None else (-after.since_ms, after.case)
        listed = sorted(found, key=lambda each: (-each.since_ms, each.case))
        return [each for each in listed if behind is None or (-each.since_ms, each.case) > behind][:limit]

    def held(self, case: str, *, limit: int | None = None, after: str = "") -> Sequence[str]:
        """Return the ids of the sightings that a case holds, sorted; `after` an id, no more than `limit`."""
        with self._lock:
            return sorted(name for name in self._holds.get(case, {}) if name > after)[:limit]

    def get(self, sighting_id: str) -> Sighting:
        """Return one sighting; raises UnknownSighting."""
        return self._record(sighting_id).sighting

    def picture(self, sighting_id: str) -> bytes:
        """Return the JPEG of a sighting; raises UnknownSighting."""
        return self._record(sighting_id).picture

    def vector(self, sighting_id: str) -> Embeddings:
        """Return the (1, d) vector of a sighting; raises UnknownSighting."""
        record = self._record(sighting_id)
        return Embeddings(record.vector[None].copy(), record.space)

    def vectors(self, sighting_ids: Sequence[str], space: EmbeddingSpace) -> Mapping[str, NDArray[np.float32]]:
        """Return the vectors (d,) of those sightings that are still there and in that space, by id."""
        with self._lock:
            found = [self._records[name] for name in sighting_ids if name in self._records]
        return {record.sighting.id: record.vector for record in found if record.space == space}

    def search(self, query: Query) -> list[Hit]:
        """Return the best hits by scoring every one; raises SpaceMismatch."""
        with self._lock:
            check_space(query, self.spaces())
            chosen = [
                record
                for record in self._records.values()
                if record.space == query.vectors.space
                and record.sighting.id not in query.exclude
                and matches(record.sighting, query.where)
            ]
        if not chosen or len(query.vectors) == 0:
            return []
        scores = exact_scores(np.stack([record.vector for record in chosen]), query.vectors.vectors)
        sightings = {record.sighting.id: record.sighting for record in chosen}
        order = best(list(sightings), [s.revision for s in sightings.values()], scores, query.top)
        return [Hit(rank, one.score, sightings[one.sighting_id]) for rank, one in enumerate(order, 1)]

    def search_looks(self, looks: Looks, where: SightingFilter, *, top: int = 20) -> list[Hit]:
        """Return the sightings that look as described, best first, then newest, ties by id."""
        if not looks:
            return []
        with self._lock:
            chosen = [r.sighting for r in self._records.values() if matches(r.sighting, where)]
        scored = sorted((-look_score(each, looks), -each.last_seen_ms, each.id) for each in chosen)[: max(top, 0)]
        sightings = {each.id: each for each in chosen}
        return [
            Hit(rank, -score, sightings[name], judged(sightings[name], looks))
            for rank, (score, _, name) in enumerate(scored, 1)
        ]

    def find(self, where: SightingFilter, *, limit: int = 100, after: Cursor | None = None) -> list[Sighting]:
        """Return sightings by the time they were last seen, newest first, ties by id; `after` a place in that list."""
        with self._lock:
            chosen = [r.sighting for r in self._records.values() if matches(r.sighting, where)]
        ordered = sorted((-each.last_seen_ms, each.id) for each in chosen)
        if after is not None:
            ordered = [place for place in ordered if place > (-after.last_seen_ms, after.sighting_id)]
        sightings = {each.id: each for each in chosen}
        return [sightings[name] for _, name in ordered[:limit]]

    def neighbours(self, found: Sequence[Sighting]) -> list[tuple[Sighting | None, Sighting | None]]:
        """Return those of any kind that the camera of each saw next before and after: by last_seen_ms, ties by id."""
        with self._lock:
            stored = sorted((r.sighting for r in self._records.values()), key=_moment)
        return [_beside(one, [s for s in stored if s.key.camera_id == one.key.camera_id]) for one in found]

    def spaces(self) -> Mapping[Kind, Sequence[EmbeddingSpace]]:
        """Return the spaces in use per kind, newest first."""
        with self._lock:
            used = {(record.sighting.kind, record.space) for record in self._records.values()}
            newest_first = list(reversed(self._spaces))
        kinds = {kind for kind, _ in used}
        return {kind: [space for space in newest_first if (kind, space) in used] for kind in kinds}

    def cameras(self, communities: Sequence[str] = ()) -> Sequence[str]:
        """Return the ids of all cameras that have sightings, or those of these communities, sorted."""
        with self._lock:
            sightings = [record.sighting for record in self._records.values()]
        return sorted({s.key.camera_id for s in sightings if not communities or s.community in communities})

    def communities(self) -> Sequence[str]:
        """Return the ids of all communities that have sightings, sorted."""
        with self._lock:
            return sorted({record.sighting.community for record in self._records.values()})

    def count(self, where: SightingFilter | None = None) -> int:
        """Return how many sightings there are."""
        with self._lock:
            return sum(matches(r.sighting, where or SightingFilter()) for r in self._records.values())

    def changes(self, since: int, *, limit: int = 1000) -> Changes:
        """Return what was stored after a change number."""
        with self._lock:
            later = sorted((self._change_of[name], name) for name in self._records if self._change_of[name] > since)
            upto = later[limit - 1][0] if len(later) > limit > 0 else self._changed
            chosen = [self._records[name] for change, name in later if change <= upto]
            return Changes([Stored(each.sighting, each.vector, each.space) for each in chosen], upto)

    def newest_change(self) -> int:
        """Return the number of the newest change."""
        with self._lock:
            return self._changed

    def record_search(self, entry: SearchRecord) -> None:
        """Append to the search log."""
        with self._lock:
            self._searches.append(entry)

    def searches(self, *, limit: int = 100, before: int | None = None) -> Iterator[SearchRecord]:
        """Read the search log, newest first; `before` a line number."""
        with self._lock:
            lines = [replace(entry, line=number) for number, entry in enumerate(self._searches, 1)]
        return iter([entry for entry in reversed(lines) if before is None or entry.line < before][:limit])

    def record_model(self, use: ModelUse) -> None:
        """Note that a network is in use; a known one changes nothing."""
        with self._lock:
            self._models.setdefault((use.role, use.name, use.version), use)

    def models(self) -> Sequence[ModelUse]:
        """Return the networks that were in use, oldest first."""
        with self._lock:
            return sorted(self._models.values(), key=lambda use: use.since_ms)

    def close(self) -> None:
        """Nothing to release."""

    def _record(self, sighting_id: str) -> Record:
        with self._lock:
            record = self._records.get(sighting_id)
        if record is None:
            raise UnknownSighting(sighting_id)
        return record


def _moment(sighting: Sighting) -> tuple[int, str]:
    return sighting.last_seen_ms, sighting.id


def _beside(one: Sighting, ordered: Sequence[Sighting]) -> tuple[Sighting | None, Sighting | None]:
    before = [each for each in ordered if _moment(each) < _moment(one)]
    after = [each for each in ordered if _moment(each) > _moment(one)]
    return before[-1] if before else None, after[0] if after else None
