"""A full disk delays, it does not lose, and what must be lost is counted."""

from collections.abc import Sequence

import numpy as np

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import HoldOrder, SightingFilter
from pipeline.archive.memory import InMemoryArchive
from pipeline.errors import ArchiveFull
from pipeline.retention import Retention
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.storekeeper import Storekeeper

SPACE = EmbeddingSpace("colour_stripes", "1-fp32", 2)


def record(track_id: int, last_seen_ms: int = 10, kind: Kind = Kind.PERSON) -> Record:
    key = TrackletKey("gate", "s", track_id)
    shot = Shot(5, (0, 0, 10, 20), 0.9, 0.8)
    sighting = Sighting(key.sighting_id(), key, kind, "", 0, last_seen_ms, shot, (100, 100), 5)
    return Record(sighting, np.array([1, 0], np.float32), SPACE, b"\xff\xd8jpeg")


class FullDisk(InMemoryArchive):
    full = True

    def append(self, records: Sequence[Record]) -> None:
        if self.full:
            raise ArchiveFull("the disk is full")
        super().append(records)


def test_waits_while_the_disk_is_full_and_stores_all_afterwards() -> None:
    now, archive = [0.0], FullDisk()
    keeper = Storekeeper(archive, capacity=3, retry_s=10, clock=lambda: now[0])
    assert keeper.keep([record(1)]) == []
    assert keeper.unstored == 1
    archive.full = False
    assert keeper.keep([record(2)]) == []  # not before the retry time
    now[0] = 10.0
    assert len(keeper.keep([record(3)])) == 3
    assert (archive.count(), keeper.waiting, keeper.dropped, keeper.unstored) == (3, 0, 0, 0)


def test_drops_the_oldest_beyond_its_capacity_and_counts() -> None:
    archive = FullDisk()
    told: list[int] = []
    keeper = Storekeeper(archive, capacity=2, clock=lambda: 0.0, on_drop=lambda r: told.append(r.sighting.key.track_id))
    for track_id in range(1, 6):
        keeper.keep([record(track_id)])
    archive.full = False
    assert [r.sighting.key.track_id for r in keeper.flush()] == [4, 5]
    assert keeper.dropped == 3
    assert told == [1, 2, 3]


def test_retention_forgets_what_is_too_old_once_a_period() -> None:
    now, archive = [0.0], InMemoryArchive()
    day_ms = 86_400_000
    archive.append([record(1, last_seen_ms=1 * day_ms), record(2, last_seen_ms=9 * day_ms)])
    retention = Retention(archive, 5, lambda: 10 * day_ms, every_s=60, clock=lambda: now[0])
    assert retention.sweep_when_due() == 1
    assert archive.count() == 1
    archive.append([record(3, last_seen_ms=1 * day_ms)])
    now[0] = 59.0
    assert retention.sweep_when_due() == 0
    now[0] = 60.0
    assert retention.sweep_when_due() == 1


def test_each_kind_has_its_days_and_a_held_sighting_has_no_end() -> None:
    day_ms = 86_400_000
    archive = InMemoryArchive()
    archive.append([record(1, 4 * day_ms), record(2, 4 * day_ms), record(3, 4 * day_ms, Kind.MOTOR_VEHICLE)])
    archive.hold([record(1).sighting.id], HoldOrder("12", "wang", "lost", 0))
    retention = Retention(archive, 5, lambda: 10 * day_ms, days_by_kind={Kind.MOTOR_VEHICLE: 7}, clock=lambda: 0.0)
    assert retention.sweep_when_due() == 1
    assert sorted(s.key.track_id for s in archive.find(SightingFilter())) == [1, 3]


def test_a_long_sweep_goes_in_steps() -> None:
    now, archive = [0.0], InMemoryArchive()
    archive.append([record(n, n) for n in range(5)])
    retention = Retention(archive, 1, lambda: 10**9, every_s=60, step=2, clock=lambda: now[0])
    assert [retention.sweep_when_due() for _ in range(4)] == [2, 2, 1, 0]
    now[0] = 60.0
    archive.append([record(9, 9)])
    assert retention.sweep_when_due() == 1
