"""What every channel must do, against real servers: receipts, ids, failures with a reason, connections made anew."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
import redis

from pipeline.alerting.delivery.carriers import Carriers
from pipeline.alerting.delivery.channel import Carrier, Parcel, Reason, Undelivered
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.terms import Channel, Subscription, Terms
from tests.servers.broker import Broker, Listener
from tests.servers.receiver import Receiver
from tests.servers.redis_server import RedisServer

TIMEOUT_S = 1.0
BODY = {"id": "a1", "incident": "i-a1", "kind": "fall", "severity": "high", "text": {"zh": "跌倒", "en": "fall"}}
PARCEL = Parcel("a1", "i-a1", BODY, b"\xff\xd8 small \xff\xd9")


class Rig(Protocol):
    """A receiver of one channel."""

    channel: Channel
    port: int

    def address(self, port: int) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def received(self) -> list[dict[str, object]]: ...


class WebhookRig:
    channel = Channel.WEBHOOK

    def __init__(self) -> None:
        self._receiver = Receiver()
        self.port = self._receiver.port

    def address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/alerts"

    def start(self) -> None:
        self._receiver.start()

    def kill(self) -> None:
        self._receiver.stop()

    def received(self) -> list[dict[str, object]]:
        return [json.loads(post.body) for post in self._receiver.posts]


class AppriseRig(WebhookRig):
    channel = Channel.APPRISE

    def address(self, port: int) -> str:
        return f"json://127.0.0.1:{port}/alerts"


class MqttRig:
    channel = Channel.MQTT

    def __init__(self, program: str, folder: Path) -> None:
        self._broker = Broker(program, folder)
        self._listeners: list[Listener] = []
        self.port = self._broker.port

    def address(self, port: int) -> str:
        return f"mqtt://127.0.0.1:{port}/zhian/alerts"

    def start(self) -> None:
        self._broker.start()
        self._listeners.append(Listener(self.port, "zhian/alerts"))

    def kill(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._broker.kill()

    def received(self) -> list[dict[str, object]]:
        return [json.loads(payload) for listener in self._listeners for _, payload in listener.received]


class RedisRig:
    channel = Channel.REDIS

    def __init__(self, program: str, folder: Path) -> None:
        self._server = RedisServer(program, folder)
        self.port = self._server.port

    def address(self, port: int) -> str:
        return f"redis://127.0.0.1:{port}/0?stream=zhian.alerts"

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.kill()

    def received(self) -> list[dict[str, object]]:
        with redis.Redis.from_url(self._server.url) as client:
            return [json.loads(fields[b"body"]) for _, fields in client.xrange("zhian.alerts")]


@pytest.fixture(params=["webhook", "mqtt", "redis", "apprise"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    rigs: dict[str, object] = {"webhook": WebhookRig, "apprise": AppriseRig}
    if request.param in rigs:
        made = rigs[request.param]()  # type: ignore[operator]
    elif request.param == "mqtt":
        made = MqttRig(request.getfixturevalue("mosquitto_program"), tmp_path)
    else:
        made = RedisRig(request.getfixturevalue("redis_program"), tmp_path)
    yield made
    made.kill()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def carrier(
    rig: Rig, threads: ThreadPoolExecutor, *, port: int | None = None, private: tuple[str, ...] = ("127.0.0.0/8",)
) -> Carrier:
    settings = AlertingSettings(private_receivers=private, timeout_s=TIMEOUT_S, apprise_schemes=("json",))
    terms = Terms(name="x", channel=rig.channel, address=rig.address(rig.port if port is None else port))
    return Carriers(settings, threads).carrier(Subscription("s", terms, "me", 0, 0, "secret"))


def wait_for(rig: Rig, count: int) -> list[dict[str, object]]:
    until = time.monotonic() + 5
    while len(found := rig.received()) < count and time.monotonic() < until:
        time.sleep(0.02)
    return found


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in kept:
            connection.close()


def test_what_arrives_is_receipted_and_sent_again_has_the_same_id(rig: Rig, threads: ThreadPoolExecutor) -> None:
    rig.start()

    async def twice() -> list[str]:
        made = carrier(rig, threads)
        receipts = [await made.send(PARCEL), await made.send(PARCEL)]
        await made.close()
        await made.close()
        return receipts

    assert all(asyncio.run(twice()))
    found = wait_for(rig, 2)
    assert len(found) == 2
    if rig.channel is Channel.APPRISE:
        assert all("a1" in str(each["message"]) and "跌倒" in str(each["message"]) for each in found)
    else:
        assert [each["id"] for each in found] == ["a1", "a1"]
        assert found[0]["text"] == BODY["text"]
        assert found[0]["thumbnail"]


def test_nobody_there_then_there_then_gone_and_back(rig: Rig, threads: ThreadPoolExecutor) -> None:
    async def through() -> None:
        made = carrier(rig, threads)
        with pytest.raises(Undelivered) as away:
            await made.send(PARCEL)
        assert away.value.reason in {Reason.UNREACHABLE, Reason.FAILING}
        assert not away.value.for_good
        for _ in range(2):
            await asyncio.to_thread(rig.start)
            for tried in range(5):  # what was connected before may have to notice first
                try:
                    await made.send(PARCEL)
                    break
                except Undelivered:
                    assert tried < 4
            await asyncio.to_thread(rig.kill)
        with pytest.raises(Undelivered):
            await made.send(PARCEL)
        await made.close()

    asyncio.run(through())


def test_one_that_hangs_is_given_up_in_time(rig: Rig, threads: ThreadPoolExecutor) -> None:
    if rig.channel is Channel.APPRISE:
        pytest.skip("its plug-ins have timeouts of their own")

    async def hang(port: int) -> float:
        made, began = carrier(rig, threads, port=port), time.monotonic()
        with pytest.raises(Undelivered) as late:
            await made.send(PARCEL)
        assert late.value.reason in {Reason.TIMEOUT, Reason.UNREACHABLE}
        took = time.monotonic() - began
        await made.close()
        return took

    with silent_port() as port:
        assert asyncio.run(hang(port)) < TIMEOUT_S * 5


def test_a_private_address_is_refused_unless_it_is_allowed(rig: Rig, threads: ThreadPoolExecutor) -> None:
    if rig.channel is Channel.APPRISE:
        pytest.skip("only mail servers are named in its addresses: see test_delivery_guard")
    rig.start()

    async def send() -> None:
        made = carrier(rig, threads, private=("10.0.0.0/8",))
        with pytest.raises(Undelivered) as refused:
            await made.send(PARCEL)
        assert refused.value.reason is Reason.REFUSED_ADDRESS
        await made.close()

    asyncio.run(send())
    assert rig.received() == []
