"""Each sentence of `pipeline.bus.contract`, for every implementation; Redis is a real server that is killed."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from pipeline.bus import Bus, Delivery, MemoryBus, Message, Start, Subscription, Topic, open_bus
from pipeline.bus.redis_streams import RedisBus
from pipeline.errors import BadSettings, BusUnavailable
from tests.servers.redis_server import RedisServer

MakeBus = Callable[..., Bus]


@pytest.fixture(scope="module")
def server(redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    made = RedisServer(redis_program, tmp_path_factory.mktemp("redis")).start()
    yield made
    made.kill()


@pytest.fixture
def clean_server(server: RedisServer) -> RedisServer:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server


@pytest.fixture(params=["memory", "redis"])
def make_bus(request: pytest.FixtureRequest) -> Iterator[MakeBus]:
    """Makes a bus; those on Redis share one server, as processes would."""
    made: list[Bus] = []

    def make(**settings: float) -> Bus:
        if request.param == "memory":
            settings.pop("lease_s", None)
            settings.pop("partitions", None)
            made.append(MemoryBus(**settings))  # type: ignore[arg-type]
        else:
            made.append(RedisBus(request.getfixturevalue("clean_server").url, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for bus in made:
        bus.close()


@pytest.fixture
def bus(make_bus: MakeBus) -> Bus:
    return make_bus()


def said(number: int, key: str = "north", topic: Topic = Topic.ALERTS) -> Message:
    return Message(topic, key, f"{key}-{number}", 1_777_608_000_000 + number, {"n": number, "名": "门"})


def take_all(subscription: Subscription, wait_s: float = 0.3) -> list[Delivery]:
    """Take and acknowledge until nothing comes."""
    found: list[Delivery] = []
    while news := subscription.take(wait_s=wait_s):
        subscription.ack(news)
        found += news
    return found


def ids(deliveries: list[Delivery]) -> list[str]:
    return [each.message.id for each in deliveries]


def test_a_message_arrives_as_it_was_sent(bus: Bus) -> None:
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    bus.publish([said(1)])
    (delivery,) = reader.take(wait_s=2)
    assert (delivery.message, delivery.again) == (said(1), False)


def test_every_group_gets_every_message_of_its_topic(bus: Bus) -> None:
    one, other = bus.subscribe(Topic.ALERTS, "one", "a"), bus.subscribe(Topic.ALERTS, "other", "a")
    bus.publish([said(1), said(2, topic=Topic.SIGHTINGS), said(3)])
    assert ids(take_all(one)) == ["north-1", "north-3"] == ids(take_all(other))


def test_a_new_group_starts_now_or_with_the_oldest(bus: Bus) -> None:
    bus.publish([said(1)])
    late = bus.subscribe(Topic.ALERTS, "late", "a")
    archaeologist = bus.subscribe(Topic.ALERTS, "early", "a", start=Start.OLDEST)
    bus.publish([said(2)])
    assert ids(take_all(late)) == ["north-2"]
    assert ids(take_all(archaeologist)) == ["north-1", "north-2"]


def test_what_comes_while_nobody_listens_waits_for_a_known_group(bus: Bus) -> None:
    bus.subscribe(Topic.ALERTS, "desk", "a").close()
    bus.publish([said(1)])
    assert ids(take_all(bus.subscribe(Topic.ALERTS, "desk", "b"))) == ["north-1"]


def test_what_was_acknowledged_never_comes_again(bus: Bus) -> None:
    first = bus.subscribe(Topic.ALERTS, "desk", "a")
    bus.publish([said(n) for n in range(5)])
    taken = first.take(wait_s=2)
    first.ack(taken[:2])
    first.ack(taken[:2])
    first.close()
    rest = bus.subscribe(Topic.ALERTS, "desk", "b").take(wait_s=2)
    assert [(each.message.id, each.again) for each in rest] == [(f"north-{n}", True) for n in (2, 3, 4)]


def test_what_is_held_too_long_comes_again(make_bus: MakeBus) -> None:
    bus = make_bus(redeliver_after_s=0.2, lease_s=0.6)
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    bus.publish([said(1)])
    assert ids(reader.take(wait_s=2)) == ["north-1"]
    time.sleep(0.25)
    (again,) = reader.take(wait_s=2)
    assert (again.message.id, again.again) == ("north-1", True)
    assert bus.counters.redelivered == 1


def test_a_silent_consumer_is_replaced(make_bus: MakeBus) -> None:
    bus = make_bus(redeliver_after_s=0.3, lease_s=0.3)
    dead = bus.subscribe(Topic.ALERTS, "desk", "dead")
    bus.publish([said(1), said(2)])
    assert ids(dead.take(wait_s=2)) == ["north-1", "north-2"]
    bus.publish([said(3)])
    heir = bus.subscribe(Topic.ALERTS, "desk", "heir")
    until, found = time.monotonic() + 5, list[str]()
    while len(found) < 3 and time.monotonic() < until:
        found += ids(take_all(heir, wait_s=0.1))
    assert found == ["north-1", "north-2", "north-3"], "what the dead one held comes before what is newer"


def test_limit_and_waiting(bus: Bus) -> None:
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    assert reader.take() == []
    bus.publish([said(n, f"c{n}") for n in range(10)])
    assert [len(reader.take(limit=4, wait_s=1)) for _ in range(4)] == [4, 4, 2, 0]
    later = threading.Timer(0.1, lambda: bus.publish([said(99)]))
    later.start()
    assert ids(reader.take(wait_s=5)) == ["north-99"]
    later.join()


def test_the_oldest_make_room_and_are_counted(make_bus: MakeBus) -> None:
    bus = make_bus(capacity=10, partitions=1)
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    bus.publish([said(n) for n in range(25)])
    assert bus.counters.trimmed == 15
    assert ids(take_all(reader)) == [f"north-{n}" for n in range(15, 25)]
    assert (bus.counters.published, bus.counters.delivered) == (25, 10)


def test_two_consumers_share_and_each_key_keeps_its_order(make_bus: MakeBus) -> None:
    """Four publishers, two consumers that leave and come back at random: nothing lost, no key out of order."""
    bus = make_bus(lease_s=1.0, redeliver_after_s=5.0)
    bus.subscribe(Topic.SIGHTINGS, "watchers", "first").close()
    seen: dict[str, list[int]] = {}
    lock, done = threading.Lock(), threading.Event()

    def publish(camera: int) -> None:
        for n in range(60):
            bus.publish([said(n, f"c{camera}", Topic.SIGHTINGS)])

    def consume(seed: int) -> None:
        rng, turn = random.Random(seed), 0
        reader = bus.subscribe(Topic.SIGHTINGS, "watchers", f"{seed}")
        while not done.is_set():
            news = reader.take(limit=rng.randint(1, 7), wait_s=0.05)
            with lock:
                for each in news:
                    seen.setdefault(each.message.key, []).append(int(each.message.id.partition("-")[2]))
            reader.ack(news)
            turn += 1
            if rng.random() < 0.1:
                reader.close()
                reader = bus.subscribe(Topic.SIGHTINGS, "watchers", f"{seed}-{turn}")
        reader.close()

    publishers = [threading.Thread(target=publish, args=(n,)) for n in range(4)]
    consumers = [threading.Thread(target=consume, args=(n,)) for n in range(2)]
    for thread in publishers + consumers:
        thread.start()
    for thread in publishers:
        thread.join()
    until = time.monotonic() + 10
    while sum(len(set(each)) for each in seen.values()) < 240 and time.monotonic() < until:
        time.sleep(0.02)
    done.set()
    for thread in consumers:
        thread.join()
    assert {key: list(dict.fromkeys(numbers)) for key, numbers in seen.items()} == {
        f"c{n}": list(range(60)) for n in range(4)
    }


def test_a_second_bus_on_the_server_is_a_second_process(clean_server: RedisServer) -> None:
    sender, receiver = RedisBus(clean_server.url, partitions=3), RedisBus(clean_server.url, partitions=7)
    sender.publish([said(0)])
    reader = receiver.subscribe(Topic.CAMERA_STATES, "desk", "a")
    sender.publish([said(n, f"c{n}", Topic.CAMERA_STATES) for n in range(20)])
    assert set(ids(take_all(reader))) == {f"c{n}-{n}" for n in range(20)}
    assert receiver.partitions() == 3, "who comes first settles the number of partitions"
    sender.close()
    receiver.close()


def test_a_killed_server_loses_nothing_and_the_bus_comes_back(redis_program: str, tmp_path: Path) -> None:
    server = RedisServer(redis_program, tmp_path).start()
    bus = RedisBus(server.url, patience_s=10)
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    bus.publish([said(1), said(2)])
    held = reader.take(wait_s=2)
    server.kill()
    restart = threading.Timer(0.3, server.start)
    restart.start()
    assert reader.take(wait_s=0.01) == []
    assert bus.counters.trouble == "it cannot be reached"
    bus.publish([said(3)])
    assert bus.counters.trouble == "" and bus.counters.failures > 0
    restart.join()
    reader.ack(held)
    assert ids(take_all(reader)) == ["north-3"]
    bus.close()
    server.kill()


def test_a_server_that_lost_everything_gets_its_groups_again(redis_program: str, tmp_path: Path) -> None:
    server = RedisServer(redis_program, tmp_path).start()
    bus = RedisBus(server.url, patience_s=10)
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    server.kill()
    server.lose_everything()
    server.start()
    bus.publish([said(1)])
    assert ids(take_all(reader)) == ["north-1"]
    bus.close()
    server.kill()


def test_publishing_to_nobody_says_so_in_time(redis_program: str, tmp_path: Path) -> None:
    server = RedisServer(redis_program, tmp_path)
    address = server.url.replace("redis://", "redis://:hunter2@")
    bus = RedisBus(address, patience_s=0.2)
    with pytest.raises(BusUnavailable, match=r"cannot be reached") as refused:
        bus.publish([said(1)])
    assert "hunter2" not in str(refused.value)
    bus.close()


def test_what_cannot_be_read_is_passed_over_and_counted(clean_server: RedisServer) -> None:
    bus = RedisBus(clean_server.url, partitions=1)
    reader = bus.subscribe(Topic.ALERTS, "desk", "a")
    with redis.Redis.from_url(clean_server.url) as client:
        for content in (b"", b"\xff", b"[]", b'{"v":2,"key":"k","id":"i","at_ms":1,"body":{}}', b'{"v":1,"key":"k"}'):
            client.xadd("zhian:alerts:0", {"m": content})
    bus.publish([said(1)])
    assert ids(take_all(reader)) == ["north-1"]
    assert bus.counters.unreadable == 5
    bus.close()


@pytest.mark.parametrize("where", ["kafka://x", "", "redis://host:port"])
def test_an_unknown_address_is_refused_in_one_sentence(where: str) -> None:
    with pytest.raises(BadSettings, match="bus"):
        open_bus(where)
