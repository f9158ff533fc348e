"""Messages a second and the time from publishing to receiving, in memory and over a real Redis server.

Sightings with vectors of 256 numbers, 20 cameras, one publisher and two consumers of one group; then with the server
killed -9 and started again in the middle: what was published is received, in the order of each camera. Writes
results/bus.json.
"""

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.evaluation_set import write_result
from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive.contract import Stored
from pipeline.bus import Bus, MemoryBus, Message, Topic
from pipeline.bus.bodies import sighting_message
from pipeline.bus.redis_streams import RedisBus
from pipeline.sighting import Shot, Sighting, TrackletKey
from tests.servers.redis_server import RedisServer

MESSAGES, CAMERAS, BATCH = 20_000, 20, 10
PACED, PACE_S = 2_000, 0.005
SPACE = EmbeddingSpace("person_small", "made-up", 256)


def main(argv: list[str]) -> int:
    """Run; fails when a message is lost or out of order."""
    result: dict[str, object] = {"memory": _measure(lambda: MemoryBus(capacity=MESSAGES))}
    program = shutil.which("redis-server")
    if program is None:
        print("redis-server is not installed: only the bus in memory is measured", file=sys.stderr)
    else:
        with tempfile.TemporaryDirectory() as folder:
            server = RedisServer(program, Path(folder)).start()
            result["redis"] = _measure(lambda: RedisBus(server.url, capacity=4 * MESSAGES))
            result["redis_killed"] = _killed(server)
            server.kill()
    write_result("bus", result)
    print(json.dumps(result, indent=1))
    flat = [each for each in result.values() if isinstance(each, dict)]
    return sum(each["lost"] + each["out_of_order"] for each in flat)


def _measure(make: Callable[[], Bus]) -> dict[str, object]:
    messages = _messages(MESSAGES)
    bus = make()
    sink = _Sink(bus)
    began = time.perf_counter()
    for start in range(0, MESSAGES, BATCH):
        bus.publish(messages[start : start + BATCH])
    published_s = time.perf_counter() - began
    sink.wait(MESSAGES)
    received_s = time.perf_counter() - began
    fast = sink.checked(messages)
    sink.close()
    paced, sent = _Sink(bus), {}
    for message in _messages(PACED, "paced"):
        sent[message.id] = time.perf_counter()
        bus.publish([message])
        time.sleep(PACE_S)
    paced.wait(PACED)
    paced.close()
    waits = np.array([paced.at[name] - at for name, at in sent.items() if name in paced.at]) * 1000
    bus.close()
    return {
        "published_per_s": round(MESSAGES / published_s),
        "received_per_s": round(MESSAGES / received_s),
        "paced_p50_ms": round(float(np.percentile(waits, 50)), 2),
        "paced_p95_ms": round(float(np.percentile(waits, 95)), 2),
        **fast,
    }


def _killed(server: RedisServer) -> dict[str, object]:
    """Publish while the server is killed -9 five times."""
    bus = RedisBus(server.url, capacity=4 * MESSAGES, patience_s=30)
    sink, messages = _Sink(bus), _messages(2_000, "killed")
    for number, message in enumerate(messages):
        if number % 400 == 200:
            server.kill()
            threading.Timer(0.2, server.start).start()
        bus.publish([message])
    sink.wait(len(messages))
    found = sink.checked(messages)
    sink.close()
    failures = bus.counters.failures
    bus.close()
    return {"messages": len(messages), "kills": 5, "failed_calls": failures, **found}


class _Sink:
    """Two consumers that note what came, when, and in which order."""

    def __init__(self, bus: Bus) -> None:
        self.at: dict[str, float] = {}
        self.order: dict[str, list[str]] = {}
        self.again = 0
        self._lock, self._done = threading.Lock(), threading.Event()
        group = f"bench-{time.perf_counter_ns()}"
        readers = [bus.subscribe(Topic.SIGHTINGS, group, f"c{n}") for n in range(2)]
        self._threads = [threading.Thread(target=self._take, args=(reader,), daemon=True) for reader in readers]
        for thread in self._threads:
            thread.start()

    def _take(self, reader) -> None:
        while not self._done.is_set():
            news = reader.take(200, 0.2)
            now = time.perf_counter()
            with self._lock:
                for each in news:
                    self.again += each.message.id in self.at
                    if each.message.id not in self.at:
                        self.at[each.message.id] = now
                        self.order.setdefault(each.message.key, []).append(each.message.id)
            if news:
                reader.ack(news)
        reader.close()

    def wait(self, count: int, longest_s: float = 60.0) -> None:
        until = time.perf_counter() + longest_s
        while len(self.at) < count and time.perf_counter() < until:
            time.sleep(0.005)

    def checked(self, messages: list[Message]) -> dict[str, object]:
        wanted: dict[str, list[str]] = {}
        for message in messages:
            wanted.setdefault(message.key, []).append(message.id)
        wrong = sum(self.order.get(key, []) != ids for key, ids in wanted.items())
        lost = len({m.id for m in messages} - set(self.at))
        return {"lost": lost, "out_of_order": wrong if not lost else 0, "repeated": self.again}

    def close(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()


def _messages(count: int, session: str = "s") -> list[Message]:
    vector = np.random.default_rng(1).normal(size=SPACE.dim).astype(np.float32)
    vector /= np.linalg.norm(vector)
    made = []
    for number in range(count):
        key = TrackletKey(f"camera-{number % CAMERAS}", session, number)
        shot = Shot(number, (1.0, 2.0, 30.0, 90.0), 0.8, 0.5)
        sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "park", number, number, shot, (768, 576), 12)
        made.append(sighting_message(Stored(sighting, vector, SPACE)))
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
