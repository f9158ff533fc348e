"""Is nothing lost? Alerts are delivered while everything around them breaks, in random order, many times.

Each run delivers to a webhook, a Redis stream and an MQTT topic, while the receiver is away, answers 500 or hangs, the
Redis server is killed with -9 and started again, the delivering process is killed with -9 while it sends, and the wall
clock jumps by up to ten days either way. Then everything is well again, and the run holds when every alert that was
acknowledged has arrived on every channel, whatever came twice carries the same id and the same words, and the messages
of each incident came in order. Outages are short and waits are shortened alike: 0.02 to 0.3 s instead of 1 to 300 s.

Writes benchmarks/results/delivery_faults.json, or `--out FILE`. `--runs N` (default 100), `--seed N`, `--at-once N`.
"""

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from pipeline.alerting.subscriptions.terms import Channel, Terms
from tests.servers.alerting_process import INCIDENTS, Task, durable, opened, work
from tests.servers.broker import Broker, Listener
from tests.servers.receiver import Receiver
from tests.servers.redis_server import RedisServer

RESULT = Path(__file__).resolve().parent / "results" / "delivery_faults.json"
ALERTS = 60
TOPIC = "zhian/alerts"
STREAM = "zhian.alerts"
HEALED_S = 180.0  # far more than it takes: a busy machine is no loss
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.servers.alerting_process", "aiomqtt", "redis.asyncio", "httpx"])


@dataclass
class Outcome:
    """What a run found: faults by kind, duplicates by channel, and what is wrong, in words."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    duplicates: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    healed_s: float = 0.0


class Rig:
    """Servers, receivers, and the process between them."""

    def __init__(self, folder: Path, seed: int, *, redis_program: str, mosquitto_program: str) -> None:
        self._folder = folder
        self._seed = seed
        self.random = random.Random(seed)
        for name in ("redis", "mqtt", "zhian"):
            (folder / name).mkdir()
        self.receiver = Receiver().start()
        self.redis = RedisServer(redis_program, folder / "redis").start()
        self._broker = Broker(mosquitto_program, folder / "mqtt").start()
        self._listener = Listener(self._broker.port, TOPIC)
        self._offset_ms = PROCESSES.Value("q", 0)
        self.acknowledged: set[int] = set()
        self.sent_to = 0
        self._subscribe()
        self._start()

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._view.stop()
        self._listener.close()
        self._broker.kill()
        self.redis.kill()
        self.receiver.stop()

    def kill(self) -> None:
        """Kill -9 the process that delivers."""
        self._note()
        self._process.kill()
        self._process.join()
        self._note()

    def restart(self) -> None:
        """Kill -9 and start again: it goes on with the first alert that it has not acknowledged."""
        self.kill()
        self._start()

    def jump(self) -> None:
        """Let the wall clock jump."""
        with self._offset_ms.get_lock():
            self._offset_ms.value += self.random.choice((-1, 1)) * self.random.randrange(1000, 10 * 86_400_000)

    def done(self) -> bool:
        """Tell whether every alert is acknowledged and nothing waits."""
        self._note()
        return len(self.acknowledged) == ALERTS and not self._view.outbox.waiting()

    def arrived(self) -> dict[str, list[dict[str, Any]]]:
        """Return the messages on each channel, in the order of their arrival."""
        with redis.Redis.from_url(self.redis.url) as client:
            entries = [json.loads(fields[b"body"]) for _, fields in client.xrange(STREAM)]
        return {
            "webhook": [json.loads(post.body) for post in self.receiver.taken()],
            "redis": entries,
            "mqtt": [json.loads(payload) for _, payload in self._listener.received],
        }

    def dead(self) -> int:
        """Return how many letters were given up."""
        return sum(count for (_, state), count in self._view.outbox.counts().items() if state == "dead")

    def _subscribe(self) -> None:
        self._view = opened(self._folder / "zhian")
        for channel, address in (
            (Channel.WEBHOOK, self.receiver.url),
            (Channel.REDIS, f"{self.redis.url}?stream={STREAM}"),
            (Channel.MQTT, f"mqtt://127.0.0.1:{self._broker.port}/{TOPIC}"),
        ):
            self._view.book.add(Terms(name=channel, channel=channel, address=address, updates="every"), "bench")

    def _start(self) -> None:
        ours, theirs = PROCESSES.Pipe()
        first = max(self.acknowledged, default=-1) + 1
        task = Task(self._folder / "zhian", first, ALERTS, self.random.uniform(0.0, 0.05), self._seed)
        self._pipe = ours
        self._process = PROCESSES.Process(target=work, args=(task, self._offset_ms, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def _note(self) -> None:
        self.acknowledged.update(durable(self._pipe))


def breaks(rig: Rig) -> dict[str, Callable[[], None]]:
    """Return the faults by name; each lasts until `heal` or mends itself."""

    def answer(status: int) -> Callable[[], None]:
        return lambda: setattr(rig.receiver, "status", status)

    def restart_redis() -> None:
        rig.redis.kill()
        time.sleep(rig.random.uniform(0, 0.4))
        rig.redis.start()

    return {
        "receiver_away": rig.receiver.stop,
        "receiver_500": answer(500),
        "receiver_hangs": answer(0),
        "redis_killed": restart_redis,
        "process_killed": rig.restart,
        "clock_jumps": rig.jump,
    }


def heal(rig: Rig) -> None:
    """Let the receiver be well."""
    rig.receiver.stop()
    rig.receiver.status = 204
    rig.receiver.start()


def one_run(seed: int, folder: Path, *, redis_program: str, mosquitto_program: str) -> Outcome:
    """Break things while alerts are delivered, heal them, and look at what arrived."""
    outcome = Outcome(seed)
    rig = Rig(folder, seed, redis_program=redis_program, mosquitto_program=mosquitto_program)
    try:
        faults = breaks(rig)
        for _ in range(rig.random.randrange(3, 8)):
            time.sleep(rig.random.uniform(0.0, 0.4))
            name = rig.random.choice(sorted(faults))
            faults[name]()
            outcome.faults[name] += 1
            if name.startswith("receiver"):
                time.sleep(rig.random.uniform(0.1, 0.8))
                heal(rig)
        began = time.monotonic()
        while not rig.done() and time.monotonic() - began < HEALED_S:
            time.sleep(0.05)
        time.sleep(0.2)  # what the broker still forwards
        outcome.healed_s = round(time.monotonic() - began, 2)
        outcome.acknowledged = len(rig.acknowledged)
        judge(rig, outcome)
    finally:
        rig.close()
    return outcome


def judge(rig: Rig, outcome: Outcome) -> None:
    """Write down what is wrong with the messages that arrived."""
    if len(rig.acknowledged) != ALERTS:
        outcome.wrong.append(f"only {len(rig.acknowledged)} of {ALERTS} alerts were taken")
    if rig.dead():
        outcome.wrong.append(f"{rig.dead()} letters were given up")
    for channel, bodies in rig.arrived().items():
        first: dict[str, dict[str, Any]] = {}
        for body in bodies:
            if first.setdefault(body["id"], body) != body:
                outcome.wrong.append(f"{channel}: {body['id']} came twice with different words")
        outcome.duplicates[channel] = len(bodies) - len(first)
        numbers = [body["facts"]["number"] for body in first.values()]
        lost = rig.acknowledged - set(numbers)
        if lost:
            outcome.wrong.append(f"{channel}: lost {sorted(lost)}")
        for incident in range(INCIDENTS):
            mine = [number for number in numbers if number % INCIDENTS == incident]
            if mine != sorted(mine):
                outcome.wrong.append(f"{channel}: out of order {mine}")


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Return the result file's content."""
    faults, duplicates = Counter[str](), Counter[str]()
    for outcome in outcomes:
        faults += outcome.faults
        duplicates += Counter(outcome.duplicates)
    return {
        "runs": len(outcomes),
        "alerts": sum(outcome.acknowledged for outcome in outcomes),
        "faults": dict(sorted(faults.items())),
        "duplicates": dict(sorted(duplicates.items())),
        "longest_after_healing_s": max(outcome.healed_s for outcome in outcomes),
        "wrong": [{"seed": outcome.seed, "what": outcome.wrong} for outcome in outcomes if outcome.wrong],
        "holds": not any(outcome.wrong for outcome in outcomes),
    }


def main(argv: list[str]) -> int:
    """Run, write the result, and return 0 when every run holds."""
    parser = argparse.ArgumentParser(prog="delivery_faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args(argv)
    programs = {
        "redis_program": shutil.which("redis-server") or "redis-server",
        "mosquitto_program": shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "mosquitto",
    }

    def run(seed: int) -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            outcome = one_run(seed, Path(folder), **programs)
        print(f"run {seed}: {dict(outcome.faults)} {outcome.wrong or 'holds'}", flush=True)
        return outcome

    with ThreadPoolExecutor(asked.at_once) as pool:
        result = summary(list(pool.map(run, range(asked.seed, asked.seed + asked.runs))))
    asked.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
