"""From an alert to its receivers: who is told, who is not delayed, who is told next, and what survives kill -9."""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.delivery_faults import one_run
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.database import DATABASE_NAME, open_database
from pipeline.alerting.delivery.outbox import LetterState
from pipeline.alerting.incidents.incident import State
from pipeline.alerting.incidents.reading import Wanted
from pipeline.alerting.rules.schedule import Hours
from pipeline.alerting.service import Alerting
from pipeline.alerting.settings import AlertingSettings
from pipeline.alerting.subscriptions.terms import Digest, Escalation, Terms
from pipeline.errors import BadSubscription
from tests.servers.receiver import Receiver

NOON_MS = 1_777_608_000_000  # Friday 2026-05-01, 12:00 in Shanghai


@dataclass
class Clock:
    """A wall clock that is set by hand, and a monotonic one that a test can move."""

    at_ms: int = NOON_MS
    ahead_s: float = 0.0

    def wall_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return time.monotonic() + self.ahead_s


def alert(n: int, **more: Any) -> Alert:
    values: dict[str, Any] = {
        "source": Source.RULE,
        "name": "yard",
        "kind": "intrusion",
        "severity": Severity.MEDIUM,
        "camera_id": "east",
        "community": "willow",
        "subject": f"person {n}",
        "at_ms": NOON_MS + n,
    } | more
    return Alert(id=f"{n:020x}", **values)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def alerting(tmp_path: Path, clock: Clock) -> Iterator[Alerting]:
    settings = AlertingSettings(
        private_receivers=("127.0.0.0/8",), retry_first_s=0.02, retry_longest_s=0.1, timeout_s=0.5, outbox_limit=10
    )
    made = Alerting(open_database(tmp_path / DATABASE_NAME), settings, wall_ms=clock.wall_ms, clock_s=clock.monotonic_s)
    yield made
    assert made.stop()


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    made = [Receiver().start() for _ in range(2)]
    yield made
    for each in made:
        each.stop()


def eventually(condition: Any, within_s: float = 10) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def hook(receiver: Receiver, **terms: Any) -> Terms:
    return Terms(name="guard", channel="webhook", address=receiver.url, **terms)


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in receiver.taken()]


def pending(alerting: Alerting) -> int:
    return sum(alerting.outbox.waiting().values())


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({}, [1, 2, 4]),  # 3 belongs to the incident of 1
        ({"updates": "every"}, [1, 2, 3, 4]),
        ({"communities": ["maple"]}, [2]),
        ({"kinds": ["fall"]}, [4]),
        ({"sources": [Source.CARE]}, [4]),
        ({"severity": "high"}, [4]),
        ({"hours": [Hours.model_validate({"from": "11:00", "to": "13:00", "timezone": "Asia/Shanghai"})]}, [1, 2, 4]),
        ({"hours": [Hours.model_validate({"from": "11:00", "to": "13:00", "timezone": "Europe/Paris"})]}, []),
        ({"hours": [Hours.model_validate({"days": ["sat", "sun"], "timezone": "Asia/Shanghai"})]}, []),
    ],
)
def test_who_is_told_what(alerting: Alerting, terms: dict[str, Any], told: list[int]) -> None:
    made = alerting.book.add(Terms(name="x", channel="webhook", address="http://127.0.0.1:9/", **terms), "me")
    alerting.desk.take([alert(1), alert(2, community="maple"), alert(3, subject="person 1")])
    alerting.desk.take([alert(4, kind="fall", source=Source.CARE, severity=Severity.CRITICAL)])
    letters = alerting.outbox.letters(made.id, None, 100, None)
    assert [letter.event_id for letter in reversed(letters)] == [alert(n).id for n in told]


def test_an_incident_that_gets_graver_is_told_again(alerting: Alerting) -> None:
    made = alerting.book.add(Terms(name="x", channel="webhook", address="http://127.0.0.1:9/"), "me")
    for n, severity in ((1, Severity.LOW), (2, Severity.HIGH), (3, Severity.HIGH)):
        alerting.desk.take([alert(n, subject="one", severity=severity)])
    assert [x.event_id for x in alerting.outbox.letters(made.id, None, 9, None)] == [alert(2).id, alert(1).id]


def test_a_receiver_that_hangs_delays_nobody_else(alerting: Alerting, receivers: list[Receiver]) -> None:
    bad, good = receivers
    bad.status = 0
    alerting.book.add(hook(bad), "me")
    alerting.book.add(hook(good), "me")
    alerting.start()
    began = time.monotonic()
    alerting.desk.take([alert(n) for n in range(1, 31)])
    eventually(lambda: len(good.taken()) == 30)
    assert not bad.taken()
    bad.status = 204
    eventually(lambda: {body["id"] for body in bodies(bad)} == {alert(n).id for n in range(1, 31)})
    assert time.monotonic() - began < 10


def test_order_is_kept_while_the_receiver_fails(alerting: Alerting, receivers: list[Receiver]) -> None:
    receiver = receivers[0]
    alerting.book.add(hook(receiver, updates="every"), "me")
    alerting.start()
    for n in range(1, 41):
        receiver.status = 500 if n % 3 else 204
        alerting.desk.take([alert(n, subject=f"person {n % 3}")])
        time.sleep(0.005)
    receiver.status = 204
    eventually(lambda: pending(alerting) == 0)
    for person in range(3):
        mine = [int(body["id"], 16) for body in bodies(receiver) if int(body["id"], 16) % 3 == person]
        first = list(dict.fromkeys(mine))
        assert first == [n for n in range(1, 41) if n % 3 == person]


def test_nobody_acknowledges_so_the_next_is_told_and_then_the_next(
    alerting: Alerting, receivers: list[Receiver], clock: Clock
) -> None:
    chief = alerting.book.add(hook(receivers[0], communities=["elsewhere"]), "me")
    officer = alerting.book.add(
        Terms(name="officer", channel="stream", kinds=["x"], escalate=Escalation(to=chief.id, after_s=60)), "me"
    )
    alerting.book.add(Terms(name="g", channel="stream", escalate=Escalation(to=officer.id, after_s=60)), "me")
    alerting.desk.take([alert(1), alert(2)])
    alerting.desk.step(f"i-{alert(2).id}", State.ACKNOWLEDGED, "wang")
    alerting.start()
    pass_time(clock, 59)
    assert not alerting.upkeep.look()
    pass_time(clock, 1)
    assert alerting.upkeep.look() or alerting.upkeep.escalated
    pass_time(clock, 60)
    eventually(lambda: bodies(receivers[0]))
    (body,) = bodies(receivers[0])
    assert (body["event"], body["incident"], body["to"]) == ("escalated", f"i-{alert(1).id}", "guard")
    assert "无人确认" in body["text"]["zh"]
    assert alerting.upkeep.escalated == 2


def pass_time(clock: Clock, seconds: float) -> None:
    """Both clocks go on together: no jump."""
    clock.at_ms += round(seconds * 1000)
    clock.ahead_s += seconds


def test_a_jump_of_the_clock_neither_hurries_nor_delays_an_escalation(
    alerting: Alerting, receivers: list[Receiver], clock: Clock
) -> None:
    chief = alerting.book.add(hook(receivers[0], communities=["elsewhere"]), "me")
    alerting.book.add(Terms(name="g", channel="stream", escalate=Escalation(to=chief.id, after_s=60)), "me")
    alerting.desk.take([alert(1)])
    clock.at_ms += 86_400_000
    alerting.upkeep.look()
    assert alerting.upkeep.escalated == 0
    clock.at_ms -= 2 * 86_400_000
    alerting.upkeep.look()
    pass_time(clock, 61)
    alerting.upkeep.look()
    assert alerting.upkeep.escalated == 1


def test_a_muted_person_is_not_told_even_by_escalation_but_the_next_one_is(
    alerting: Alerting, receivers: list[Receiver], clock: Clock
) -> None:
    chief = alerting.book.add(hook(receivers[0], communities=["elsewhere"]), "me")
    officer = alerting.book.add(
        hook(receivers[1], communities=["elsewhere"], escalate=Escalation(to=chief.id, after_s=60)), "me"
    )
    alerting.book.add(Terms(name="g", channel="stream", escalate=Escalation(to=officer.id, after_s=60)), "me")
    alerting.book.mute(officer.id, NOON_MS + 3_600_000, "wang", "asleep")
    alerting.desk.take([alert(1)])
    alerting.start()
    for _ in range(2):
        pass_time(clock, 61)
        alerting.upkeep.look()
    eventually(lambda: bodies(receivers[0]))
    assert not receivers[1].posts


def test_after_an_outage_people_get_one_digest_and_systems_everything(
    alerting: Alerting, receivers: list[Receiver], clock: Clock
) -> None:
    people, system = receivers
    people.stop()
    system.stop()
    alerting.book.add(hook(people, digest=Digest(over=3, after_s=60)), "me")
    alerting.book.add(hook(system), "me")
    alerting.desk.take([alert(n) for n in range(1, 10)])
    alerting.start()
    eventually(lambda: [lane.failed > 0 for lane in alerting.delivery.counters().values()] == [True, True])
    pass_time(clock, 61)
    people.start()
    system.start()
    eventually(lambda: pending(alerting) == 0)
    told = bodies(people)
    assert {message for body in told for message in body.get("messages", [body["id"]])} == {
        alert(n).id for n in range(1, 10)
    }
    assert [body["event"] for body in told][-1] == "digest"
    assert len(told) < 9
    assert {body["id"] for body in bodies(system)} == {alert(n).id for n in range(1, 10)}


def test_an_outbox_is_bounded_and_says_what_it_gave_up(alerting: Alerting) -> None:
    made = alerting.book.add(Terms(name="x", channel="webhook", address="http://127.0.0.1:9/"), "me")
    alerting.desk.take([alert(n) for n in range(1, 26)])
    alerting.upkeep.look()
    dead = alerting.outbox.letters(made.id, LetterState.DEAD, 100, None)
    assert [letter.event_id for letter in reversed(dead)] == [alert(n).id for n in range(1, 16)]
    assert {letter.reason for letter in dead} == {"outbox_full"}
    assert (pending(alerting), alerting.upkeep.overflowed) == (10, 15)


def test_what_is_old_is_forgotten_with_everything_about_it(alerting: Alerting) -> None:
    made = alerting.book.add(Terms(name="x", channel="webhook", address="http://127.0.0.1:9/"), "me")
    alerting.desk.take([alert(n) for n in range(1, 8)])
    assert alerting.upkeep.forget(NOON_MS + 4) == 3
    assert {i.id for i in alerting.reader.incidents(Wanted(), limit=9)} == {f"i-{alert(n).id}" for n in range(4, 8)}
    assert len(alerting.outbox.letters(made.id, None, 100, None)) == 4


def test_changed_terms_take_effect_and_a_kept_address_stays(alerting: Alerting, receivers: list[Receiver]) -> None:
    made = alerting.book.add(hook(receivers[0]), "me")
    alerting.start()
    alerting.desk.take([alert(1)])
    eventually(lambda: receivers[0].taken() and not pending(alerting))
    alerting.book.change(made.id, Terms(name="x", channel="webhook", kinds=["fall"]))
    alerting.desk.take([alert(2), alert(3, kind="fall")])
    eventually(lambda: len(receivers[0].taken()) == 2)
    assert bodies(receivers[0])[1]["id"] == alert(3).id
    alerting.book.change(made.id, hook(receivers[1]))
    alerting.desk.take([alert(4)])
    eventually(receivers[1].taken)
    alerting.book.remove(made.id)
    alerting.desk.take([alert(5)])
    assert pending(alerting) == 0


def test_an_escalation_does_not_lead_to_itself(alerting: Alerting) -> None:
    made = alerting.book.add(Terms(name="x", channel="stream"), "me")
    with pytest.raises(BadSubscription, match="itself"):
        alerting.book.change(made.id, Terms(name="x", channel="stream", escalate=Escalation(to=made.id, after_s=60)))


@pytest.mark.parametrize("seed", [1, 7])
def test_nothing_is_lost_whatever_breaks(seed: int, redis_program: str, mosquitto_program: str) -> None:
    """A short version of benchmarks/delivery_faults.py."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = one_run(seed, Path(folder), redis_program=redis_program, mosquitto_program=mosquitto_program)
    assert not outcome.wrong
    assert outcome.faults
