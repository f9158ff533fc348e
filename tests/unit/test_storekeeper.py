"""A full disk delays, it does not lose, and what must be lost is counted."""

from collections.abc import Sequence

import numpy as np

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.memory import InMemoryArchive
from pipeline.errors import ArchiveFull
from pipeline.retention import Retention
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.storekeeper import Storekeeper

SPACE = EmbeddingSpace("colour_stripes", "1-fp32", 2)


def record(track_id: int, last_seen_ms: int = 10) -> Record:
    key = TrackletKey("gate", "s", track_id)
    shot = Shot(5, (0, 0, 10, 20), 0.9, 0.8)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "", 0, last_seen_ms, shot, (100, 100), 5)
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
    archive.full = False
    assert keeper.keep([record(2)]) == []  # not before the retry time
    now[0] = 10.0
    assert len(keeper.keep([record(3)])) == 3
    assert (archive.count(), keeper.waiting, keeper.dropped) == (3, 0, 0)


def test_drops_the_oldest_beyond_its_capacity_and_counts() -> None:
    archive = FullDisk()
    keeper = Storekeeper(archive, capacity=2, clock=lambda: 0.0)
    for track_id in range(1, 6):
        keeper.keep([record(track_id)])
    archive.full = False
    assert [r.sighting.key.track_id for r in keeper.flush()] == [4, 5]
    assert keeper.dropped == 3


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
