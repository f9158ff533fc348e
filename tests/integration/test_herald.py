"""What archive and alerting wrote down reaches the bus in order, over outages and restarts of either side."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.errors import Reason
from camera_adapters.stream_state import Status, StreamState
from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.watches import WatchBook
from pipeline.archive import InMemoryArchive, Stored
from pipeline.bus import Delivery, MemoryBus, Message, Start, Subscription, Topic
from pipeline.bus.bodies import sighting_message, stored_of
from pipeline.bus.message import UnreadableMessage, decode, encode
from pipeline.bus.redis_streams import RedisBus
from pipeline.herald import Herald
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from tests.servers.redis_server import RedisServer

SPACE = EmbeddingSpace("person_small", "aaaa-fp32", 8)


def record(track: int, camera: str = "north", revision: int = 1) -> Record:
    key = TrackletKey(camera, "s1", track)
    vector = np.random.default_rng(track).normal(size=8).astype(np.float32)
    shot = Shot(track + 5, (1.5, 2.0, 30.25, 90.0), 0.75, 0.5)
    sighting = Sighting(
        key.sighting_id(), key, Kind.PERSON, "willow", track, track + 9, shot, (768, 576), 12, revision, True,
        {"upper_colour": "red"}, {"upper_colour": 0.75},
    )  # fmt: skip
    return Record(sighting, vector / np.linalg.norm(vector), SPACE, b"jpeg")


def alert(number: int) -> Alert:
    return Alert(f"a{number}", Source.RULE, "r", "intrusion", Severity.HIGH, number, "north", "willow", f"s{number}")


class Site:
    def __init__(self, folder: Path) -> None:
        self.archive = InMemoryArchive()
        self.engine = open_database(folder / "alerting.sqlite")
        self.desk, self.cursors = IncidentDesk(self.engine), WatchBook(self.engine)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.engine.dispose()


def take(reader: Subscription, count: int, longest_s: float = 10.0) -> list[Delivery]:
    end, found = time.monotonic() + longest_s, list[Delivery]()
    while len(found) < count and time.monotonic() < end:
        news = reader.take(wait_s=0.1)
        reader.ack(news)
        found += news
    return found


def test_sightings_states_and_alerts_are_told(site: Site) -> None:
    bus = MemoryBus()
    readers = {topic: bus.subscribe(topic, "test", "a") for topic in Topic}
    herald = Herald(bus, site.archive, site.engine, site.cursors)
    herald.start()
    site.archive.append([record(1), record(2)])
    site.archive.append([record(1, revision=2)])
    site.desk.take([alert(1)])
    herald.camera_state(StreamState("north", Status.BACKING_OFF, 77, Reason.REFUSED, "nobody listens"))
    herald.told()
    sightings = take(readers[Topic.SIGHTINGS], 2)
    assert {each.message.body["track"] for each in sightings} == {1, 2}
    (told,) = take(readers[Topic.ALERTS], 1)
    assert (told.message.id, told.message.body["kind"]) == ("a1", "intrusion")
    (state,) = take(readers[Topic.CAMERA_STATES], 1)
    assert (state.message.key, state.message.body["status"], state.message.body["reason"]) == (
        "north", "backing_off", "refused",
    )  # fmt: skip
    assert herald.stop() and herald.failure is None


def test_an_outage_of_the_bus_and_a_restart_lose_nothing(site: Site, redis_program: str, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(redis_program, folder).start()
    bus = RedisBus(server.url, patience_s=0.2)
    listener = RedisBus(server.url)
    reader = listener.subscribe(Topic.SIGHTINGS, "centre", "a", start=Start.OLDEST)
    alerts = listener.subscribe(Topic.ALERTS, "centre", "a", start=Start.OLDEST)
    herald = Herald(bus, site.archive, site.engine, site.cursors)
    herald.start()
    site.archive.append([record(1)])
    assert len(take(reader, 1)) == 1
    server.kill()
    for number in range(2, 6):
        site.archive.append([record(number)])
        site.desk.take([alert(number)])
    herald.told()
    assert herald.stop()
    site.archive.append([record(6)])  # stored while no herald was there
    server.start()
    second = Herald(bus, site.archive, site.engine, site.cursors)
    second.start()
    found = [each.message.body["track"] for each in take(reader, 5)]
    assert list(dict.fromkeys(found)) == [2, 3, 4, 5, 6]
    assert {each.message.id for each in take(alerts, 4)} == {"a2", "a3", "a4", "a5"}  # an incident each
    assert second.stop() and second.failure is None
    bus.close()
    listener.close()
    server.kill()


@given(
    st.integers(1, 1 << 40),
    st.text(min_size=1, max_size=20),
    st.sampled_from(list(Kind)),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    st.integers(0, 1 << 30),
)
def test_a_sighting_comes_back_from_the_bus_as_it_was(
    track: int, camera: str, kind: Kind, attributes: dict[str, str], seed: int
) -> None:
    made = record(1)
    key = TrackletKey(camera, "s\n1", track)
    sighting = Sighting(
        key.sighting_id(), key, kind, camera, track, track + 1, made.sighting.shot, (1920, 1080), 3, 2, False,
        attributes, dict.fromkeys(attributes, 0.5),
    )  # fmt: skip
    vector = np.random.default_rng(seed).normal(size=8).astype(np.float32)
    message = decode(Topic.SIGHTINGS, encode(sighting_message(Stored(sighting, vector, SPACE))))
    back = stored_of(message)
    assert back.sighting == sighting and back.space == SPACE
    np.testing.assert_array_equal(back.vector, vector)


@pytest.mark.parametrize(
    "change", [{"vector": "AAAA"}, {"vector": "%"}, {"kind": "dragon"}, {"track": "one"}, {"shot": 5}, {"space": "x"}]
)
def test_a_message_that_is_no_sighting_is_said_to_be_none(change: dict[str, object]) -> None:
    message = sighting_message(Stored(record(1).sighting, record(1).vector, SPACE))
    broken = Message(message.topic, message.key, message.id, message.at_ms, {**message.body, **change})  # type: ignore[dict-item]
    with pytest.raises(UnreadableMessage, match="no sighting"):
        stored_of(broken)
