"""How long from an alert to its subscribers, with everything on one machine?

Phase `channels`: 100 alerts a second go to a webhook, an MQTT topic (mosquitto), a Redis stream, an Apprise address,
server-sent events and WebSockets at the same time; a real server process delivers, real receivers note when each
message arrives. Phase `streams`: 1,000 subscribers of server-sent events are held at the same rate, and each must see
every event. The time is from the alert's own `at_ms`, set when it is raised, to its arrival.

Writes benchmarks/results/delivery.json and delivery.png: milliseconds (median, p95, p99, largest) by channel, CPU
seconds of the server per second, its memory. `--rate`, `--seconds`, `--streams`, `--out FOLDER`.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import redis
import structlog
from websockets.sync.client import connect

from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.service import Alerting, open_alerting
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.terms import Channel, Terms
from pipeline.archive.memory import InMemoryArchive
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, listen
from tests.servers.broker import Broker, Listener
from tests.servers.ports import free_port
from tests.servers.receiver import Receiver
from tests.servers.redis_server import RedisServer

RESULTS = Path(__file__).resolve().parent / "results"
TOKEN = "a-token-for-the-benchmark"
TOPIC, STREAM = "zhian/alerts", "zhian.alerts"
SUBJECTS = 200
LIMIT_MS = 2000
FEW_STREAMS, SOCKETS = 10, 5
AT_MS = re.compile(rb'"at_ms":(\d+)')
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pipeline.alerting.service", "search_api.app", "websockets.sync.client"])


@dataclass
class Arrivals:
    """Milliseconds from alert to arrival, by channel; safe to add to from threads."""

    took: dict[str, list[float]] = field(default_factory=dict)
    raised: dict[str, int] = field(default_factory=dict)

    def add(self, channel: str, at_s: float, body: bytes) -> None:
        found = AT_MS.search(body)
        assert found is not None
        self.took.setdefault(channel, []).append(at_s * 1000 - int(found[1]))


def alert(number: int) -> Alert:
    """Return an alert that is raised now; every 200th belongs to the same incident."""
    return Alert(
        f"{number:020x}",
        Source.RULE,
        "yard",
        "intrusion",
        Severity.MEDIUM,
        time.time_ns() // 1_000_000,
        f"camera-{number % 16}",
        "willow",
        f"person {number % SUBJECTS}",
        facts={"direction": "+", "dwell_s": 12.5},
    )


def serve(folder: Path, addresses: dict[str, str], port: int, parent: Connection) -> None:
    """The process that is measured: takes alerts at the asked rate, delivers them, streams them."""
    quiet = structlog.ReturnLoggerFactory()
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=quiet)
    alerting = open_alerting(folder, AlertingSettings(private_receivers=("127.0.0.0/8",), apprise_schemes=("json",)))
    for channel, address in addresses.items():
        alerting.book.add(Terms(name=channel, channel=Channel(channel), address=address, updates="every"), "bench")

    def nothing(*_: object) -> Any:
        raise NotImplementedError

    service = SearchService(InMemoryArchive(), nothing, nothing)
    alerting.start()
    with Serving(create_app(service, Callers.of(bench=TOKEN), alerting), listen("127.0.0.1", port)):
        parent.send("ready")
        while (asked := parent.recv()) is not None:
            before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
            raise_alerts(alerting, *asked)
            parent.send(usage_since(before, time.monotonic() - began))
        alerting.hub.close()
    alerting.stop()


def raise_alerts(alerting: Alerting, first: int, count: int, rate: float) -> None:
    """Raise `count` alerts, `rate` a second; those that fall due while others are written are taken together."""
    began, raised = time.monotonic(), 0
    while raised < count:
        due = min(count, int((time.monotonic() - began) * rate)) - raised
        if due > 0:
            alerting.desk.take([alert(first + raised + n) for n in range(due)])
            raised += due
        time.sleep(0.005)


def usage_since(before: resource.struct_rusage, seconds: float) -> dict[str, float]:
    """Return CPU seconds a second and the largest memory (MiB) of this process."""
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s_per_s": round(cpu_s / seconds, 2), "rss_mib": round(now.ru_maxrss / 1024)}


def hold(port: int, count: int, events: int, parent: Connection) -> None:
    """Another process: hold `count` streams until each has seen `events`, or nothing comes for 15 s."""
    parent.send(asyncio.run(_hold(port, count, events, parent)))


class Subscribers:
    """What many streams have seen: a histogram of ms from alert to arrival, and who has seen everything."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.histogram = np.zeros(60_000, np.int64)
        self.opened = self.complete = 0
        self.last_s = time.monotonic()

    def saw(self, whole: bytes) -> int:
        """Count the events in `whole`; all count as old as the oldest: reading each would be the bottleneck."""
        found = whole.count(b'"at_ms":')
        oldest = AT_MS.search(whole)
        if oldest is not None:
            age_ms = int(time.time() * 1000 - int(oldest[1]))
            self.histogram[min(max(age_ms, 0), len(self.histogram) - 1)] += found
            self.last_s = time.monotonic()
        return found


class Stream(asyncio.Protocol):
    """One subscriber of server-sent events."""

    def __init__(self, shared: Subscribers) -> None:
        self._shared = shared
        self._seen = 0
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if not self._open:
            self._open = True
            self._shared.opened += data.startswith(b"HTTP/1.1 200")
        whole = self._rest + data
        end = whole.rfind(b"\n\n")
        if end < 0:
            self._rest = whole
            return
        self._rest, before = whole[end:], self._seen
        self._seen += self._shared.saw(whole[:end])
        self._shared.complete += before < self._shared.events <= self._seen


async def _hold(port: int, count: int, events: int, parent: Connection) -> dict[str, Any]:
    shared, loop = Subscribers(events), asyncio.get_running_loop()
    held = [await loop.create_connection(lambda: Stream(shared), "127.0.0.1", port) for _ in range(count)]
    began = time.monotonic()
    while shared.opened < count and time.monotonic() - began < 30:
        await asyncio.sleep(0.05)
    parent.send(shared.opened)
    shared.last_s = time.monotonic()
    while shared.complete < count and time.monotonic() - shared.last_s < 15:
        await asyncio.sleep(0.05)
    still = sum(not transport.is_closing() for transport, _ in held)
    return {"opened": shared.opened, "held": still, "complete": shared.complete, "histogram": shared.histogram}


def receive(parent: Connection) -> None:
    """Another process: two receivers of webhooks; sends their ports, then what they took."""
    made = [Receiver().start() for _ in range(2)]
    parent.send([each.port for each in made])
    parent.recv()
    parent.send([[(post.at_s, post.body) for post in each.taken()] for each in made])


@contextmanager
def receivers(folder: Path, arrivals: Arrivals) -> Iterator[dict[str, str]]:
    """Run the real receivers; yields their addresses by channel. What arrives is noted when the block ends."""
    for name in ("redis", "mqtt"):
        (folder / name).mkdir()
    with ExitStack() as running:
        ours, theirs = PROCESSES.Pipe()
        posts = PROCESSES.Process(target=receive, args=(theirs,), daemon=True)
        posts.start()
        running.callback(posts.kill)
        hook, notified = ours.recv()
        server = RedisServer(shutil.which("redis-server") or "redis-server", folder / "redis").start()
        running.callback(server.kill)
        broker = Broker(shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "mosquitto", folder / "mqtt").start()
        running.callback(broker.kill)
        listener = Listener(broker.port, TOPIC)
        running.callback(listener.close)
        threading.Thread(target=follow_redis, args=(server.url, arrivals), daemon=True).start()
        yield {
            "webhook": f"http://127.0.0.1:{hook}/",
            "apprise": f"json://127.0.0.1:{notified}/",
            "redis": f"{server.url}?stream={STREAM}",
            "mqtt": f"mqtt://127.0.0.1:{broker.port}/{TOPIC}",
        }
        ours.send("what came?")
        hooked, notes = ours.recv()
        for at_s, body in hooked:
            arrivals.add("webhook", at_s, body)
        for at_s, payload in listener.received:
            arrivals.add("mqtt", at_s, payload)
        arrivals.took["apprise"] = [at_s * 1000 - raised_ms(body, arrivals) for at_s, body in notes]


def raised_ms(body: bytes, arrivals: Arrivals) -> int:
    """Return when the alert that an Apprise message names by id was raised."""
    return arrivals.raised[str(json.loads(body)["message"]).rsplit(" ", 1)[-1]]


def follow_redis(url: str, arrivals: Arrivals) -> None:
    """Read the stream as a consumer would, until the server is gone."""
    last: Any = "0"
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                for _, entries in client.xread({STREAM: last}, block=1000) or []:
                    at_s = time.time()
                    for last, fields in entries:  # noqa: B007 - the last one is where to go on
                        arrivals.add("redis", at_s, fields[b"body"])
            except redis.RedisError:
                return


def follow_events(port: int, arrivals: Arrivals) -> None:
    """Read server-sent events until the server is gone."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as lines:
        connection.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        for line in lines:
            if line.startswith(b"data:"):
                at_s = time.time()
                arrivals.add("sse", at_s, line)
                told = json.loads(line[5:])
                arrivals.raised[told["id"]] = told["at_ms"]


def follow_socket(port: int, arrivals: Arrivals) -> None:
    """Read a WebSocket until the server is gone."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with connect(f"ws://127.0.0.1:{port}/v1/events/ws", additional_headers=headers) as connection:
        for message in connection:
            text = message.encode() if isinstance(message, str) else message
            if b"at_ms" in text:
                arrivals.add("websocket", time.time(), text)


@contextmanager
def server(folder: Path, addresses: dict[str, str]) -> Iterator[tuple[int, Connection]]:
    """Run the measured process; yields its port and the pipe that asks it for alerts."""
    port = free_port()
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=serve, args=(folder, addresses, port, theirs), daemon=True)
    process.start()
    assert ours.recv() == "ready"
    try:
        yield port, ours
    finally:
        ours.send(None)
        process.join(20)
        process.kill()


def all_channels(folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Measure all channels at once."""
    arrivals, count = Arrivals(), int(rate * seconds)
    with receivers(folder, arrivals) as addresses, server(folder, addresses) as (port, pipe):
        for target, number in ((follow_events, FEW_STREAMS), (follow_socket, SOCKETS)):
            for _ in range(number):
                threading.Thread(target=target, args=(port, arrivals), daemon=True).start()
        time.sleep(1)
        pipe.send((0, count, rate))
        usage = pipe.recv()
        time.sleep(3)
    expected = {"sse": count * FEW_STREAMS, "websocket": count * SOCKETS}
    channels = {
        name: {**spread(took), "missing": expected.get(name, count) - len(took)} for name, took in arrivals.took.items()
    }
    return {"alerts": count, "rate": rate, "server": usage, "channels": channels, "took": arrivals.took}


def many_streams(folder: Path, rate: float, seconds: float, count: int) -> dict[str, Any]:
    """Measure many subscribers of server-sent events."""
    events = int(rate * seconds)
    with server(folder, {}) as (port, pipe):
        ours, theirs = PROCESSES.Pipe()
        holder = PROCESSES.Process(target=hold, args=(port, count, events, theirs), daemon=True)
        holder.start()
        ours.recv()
        pipe.send((0, events, rate))
        usage = pipe.recv()
        found = ours.recv()
        holder.join(20)
    histogram = found.pop("histogram")
    took = np.repeat(np.arange(len(histogram)), histogram)
    return {**found, "alerts": events, "rate": rate, "server": usage, **spread(took)}


def spread(took: Any) -> dict[str, float]:
    """Return median, p95, p99 and largest, in ms."""
    if not len(took):
        return {"messages": 0}
    p50, p95, p99 = np.percentile(took, (50, 95, 99))
    shown = {"median_ms": p50, "p95_ms": p95, "p99_ms": p99, "largest_ms": np.max(took)}
    return {"messages": len(took), **{name: round(float(value)) for name, value in shown.items()}}


def plot(took: dict[str, list[float]], path: Path) -> None:
    """Draw which share of the messages had arrived after which time, one line a channel."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, values in sorted(took.items()):
        ordered = np.sort(values)
        axes.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered), label=name)
    axes.axvline(LIMIT_MS, color="grey", linestyle=":", label="limit at 95 %")
    axes.set(xscale="log", xlabel="ms from alert to subscriber", ylabel="share of messages", ylim=(0, 1.01))
    axes.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(argv: list[str]) -> int:
    """Measure, write the result, and return 0 when everything holds."""
    parser = argparse.ArgumentParser(prog="delivery", description=__doc__)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        channels = all_channels(Path(folder), asked.rate, asked.seconds)
    with tempfile.TemporaryDirectory() as folder:
        streams = many_streams(Path(folder), asked.rate, asked.seconds, asked.streams)
    plot(channels.pop("took"), asked.out / "delivery.png")
    every = list(channels["channels"].values())
    holds = all(each["p95_ms"] <= LIMIT_MS and not each["missing"] for each in every) and len(every) == 6
    holds = holds and streams["complete"] == asked.streams and streams["p95_ms"] <= LIMIT_MS
    result = {"limit_p95_ms": LIMIT_MS, "channels": channels, "streams": streams, "holds": bool(holds)}
    (asked.out / "delivery.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
