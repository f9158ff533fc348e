"""How long a camera waits for its next try."""

import random

import pytest

from camera_adapters.backoff import BY_REASON, Backoff, Waits
from camera_adapters.errors import Reason


class Fixed:
    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


def waits(reason: Reason, times: int, jitter: float = 0.0) -> list[float]:
    backoff = Backoff(Fixed(jitter))
    return [round(backoff.next_wait_s(reason), 6) for _ in range(times)]


def test_a_refused_camera_is_tried_at_once_and_then_every_three_seconds() -> None:
    assert waits(Reason.REFUSED, 7) == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]
    assert waits(Reason.REFUSED, 6, jitter=1.0) == [0.15, 0.3, 0.6, 1.2, 2.25, 2.25]


def test_a_wrong_password_is_never_tried_within_a_minute() -> None:
    assert waits(Reason.UNAUTHORISED, 6) == [80, 160, 320, 640, 800, 800]
    assert min(waits(Reason.UNAUTHORISED, 1, jitter=0.999999)) >= 60
    assert waits(Reason.UNAUTHORISED, 5, jitter=0.999999)[-1] >= 599


def test_reasons_are_counted_apart_and_forgotten_when_settled() -> None:
    backoff = Backoff(Fixed(0.0))
    assert backoff.next_wait_s(Reason.UNAUTHORISED) == 80
    assert backoff.next_wait_s(Reason.REFUSED) == 0.2
    assert backoff.next_wait_s(Reason.UNAUTHORISED) == 160
    backoff.settled()
    assert backoff.next_wait_s(Reason.UNAUTHORISED) == 80


def test_cameras_of_one_recorder_do_not_come_together() -> None:
    rng = random.Random(3)
    tries = {round(Backoff(rng).next_wait_s(Reason.REFUSED), 4) for _ in range(50)}
    assert len(tries) > 40


def test_every_reason_of_a_failure_has_a_wait() -> None:
    assert set(Reason) - set(BY_REASON) == {Reason.ASKED}


def test_a_very_long_outage_does_not_overflow() -> None:
    assert Waits(0.2, 3.0).nth(10**6) == 3.0


@pytest.mark.parametrize(("first_s", "cap_s"), [(0, 1), (-1, 1), (2, 1)])
def test_senseless_waits_are_refused(first_s: float, cap_s: float) -> None:
    with pytest.raises(ValueError, match="no sense"):
        Waits(first_s, cap_s)
