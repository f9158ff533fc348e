"""The alerter's thread: what waits, what makes room, and what ends it."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from pipeline.alerter import Alerter
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.errors import AlertingFull


def alert(number: int) -> Alert:
    return Alert(f"a{number}", Source.RULE, "r", "intrusion", Severity.HIGH, number, "c1", "willow", f"s{number}")


def until(holds: Callable[[], bool], longest_s: float = 5.0) -> bool:
    end = time.monotonic() + longest_s
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


class Desk:
    """Keeps alerts by id; full while `full` is set."""

    def __init__(self) -> None:
        self.full = False
        self.kept: dict[str, Alert] = {}
        self.tries = 0

    def take(self, alerts: Sequence[Alert]) -> None:
        self.tries += 1
        if self.full:
            raise AlertingFull("no room for alerts on the disk: free some")
        self.kept.update((each.id, each) for each in alerts)


class Follower:
    def __init__(self, error: Exception | None = None) -> None:
        self.looks, self.saves, self.error = 0, 0, error

    def catch_up(self) -> int:
        self.looks += 1
        if self.error:
            raise self.error
        return 0

    def save(self) -> None:
        self.saves += 1


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_alerts_of_rules_are_taken_and_followers_look(desk: Desk) -> None:
    follower = Follower()
    alerter = Alerter(desk.take, [follower], [lambda frame, tracks: [alert(1), alert(2)]])
    alerter.start()
    alerter.observe(None, None)  # type: ignore[arg-type]
    assert until(lambda: len(desk.kept) == 2)
    looks = follower.looks
    alerter.stored()
    assert until(lambda: follower.looks > looks)
    assert alerter.stop() and follower.saves == 1
    assert (alerter.raised, alerter.dropped, alerter.failure) == (2, 0, None)


def test_what_the_disk_has_no_room_for_waits_and_the_oldest_make_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.rounds.AFTER_TROUBLE_S", 0.02)
    desk.full = True
    alerter = Alerter(desk.take, [], capacity=3)
    alerter.start()
    for number in range(5):
        alerter.noticed([alert(number)])
    assert until(lambda: desk.tries > 2)
    assert desk.kept == {}
    desk.full = False
    assert until(lambda: len(desk.kept) == 3)
    assert (sorted(desk.kept), alerter.dropped) == (["a2", "a3", "a4"], 2)
    assert alerter.stop()


def test_what_came_last_is_taken_before_the_end(desk: Desk) -> None:
    alerter = Alerter(desk.take, [])
    alerter.start()
    alerter.noticed([alert(n) for n in range(100)])
    assert alerter.stop()
    assert len(desk.kept) == 100


def test_trouble_of_a_follower_passes_and_a_fault_of_ours_is_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.rounds.AFTER_TROUBLE_S", 0.01)
    follower = Follower(AlertingFull("full"))
    alerter = Alerter(desk.take, [follower])
    alerter.start()
    assert until(lambda: follower.looks > 2) and alerter.failure is None
    follower.error = ZeroDivisionError("ours")
    assert until(lambda: isinstance(alerter.failure, ZeroDivisionError))
    assert alerter.stop()


def test_many_threads_may_notice_at_once(desk: Desk) -> None:
    alerter = Alerter(desk.take, [])
    alerter.start()
    threads = [
        threading.Thread(target=lambda part=part: [alerter.noticed([alert(100 * part + n)]) for n in range(100)])  # type: ignore[misc]
        for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alerter.stop() and len(desk.kept) == 400
