"""Which letter goes next: order per incident, one poisoned message, a receiver that is away, digests."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_adapters.backoff import Waits
from pipeline.alerting.delivery.backlog import Backlog, Batch
from pipeline.alerting.delivery.digest import name_of, parcel_of
from pipeline.alerting.delivery.outbox import Letter, LetterState
from pipeline.alerting.subscriptions.terms import Digest

NOON_MS = 1_777_608_000_000
BODY = '{"id":"%d","incident":"%s","at":"","at_ms":0,"kind":"fall","severity":"%s","text":{"zh":"跌","en":"fall"}}'


class NoJitter:
    def random(self) -> float:
        return 0.0


def letter(
    number: int, incident: str = "a", *, digest: str = "", severity: str = "low", at_ms: int = NOON_MS
) -> Letter:
    body = BODY % (number, incident, severity)
    event = f"e{number}"
    return Letter(number, "s", event, "alert", incident, "", body, LetterState.PENDING, 0, at_ms, None, "", "", digest)


def backlog(at_once: int = 4, terms: Digest | None = None, first_s: float = 1, longest_s: float = 60) -> Backlog:
    return Backlog(at_once=at_once, waits=Waits(first_s, longest_s), rng=NoJitter(), terms=terms)


def taken(queue: Backlog, now_s: float = 0.0, now_ms: int = NOON_MS) -> list[Batch]:
    batches = []
    while batch := queue.take(now_s, now_ms):
        batches.append(batch)
    return batches


def ids(batches: list[Batch]) -> list[int]:
    return [each.id for batch in batches for each in batch.letters]


def test_one_of_an_incident_at_a_time_and_several_incidents_side_by_side() -> None:
    queue = backlog(at_once=3)
    queue.add([letter(1, "a"), letter(2, "a"), letter(3, "b"), letter(4, "c"), letter(5, "d")])
    first = taken(queue)
    assert ids(first) == [1, 3, 4]
    queue.arrived(first[0])
    assert ids(taken(queue)) == [2]


def test_a_receiver_that_is_away_is_asked_ever_more_rarely_with_one_letter() -> None:
    queue = backlog(at_once=3, longest_s=4)
    queue.add([letter(n, f"i{n}") for n in range(1, 6)])
    for batch in taken(queue, 0.0):  # three were under way: they failed together, once
        queue.failed(batch, 0.0)
    now, waits = 0.0, []
    for _ in range(4):
        due = queue.next_s(now)
        assert due is not None
        assert taken(queue, due - 0.001) == []
        (batch,) = taken(queue, due)
        waits.append(round(due - now, 3))
        now = due
        queue.failed(batch, now)
    assert waits == [1, 2, 4, 4]
    (batch,) = taken(queue, now + 4)
    queue.arrived(batch)
    assert len(taken(queue, now + 4)) == 3  # open again for all


def test_the_receiver_may_ask_for_a_longer_wait() -> None:
    queue = backlog()
    queue.add([letter(1)])
    (batch,) = taken(queue)
    queue.failed(batch, 0.0, asked_wait_s=30)
    assert taken(queue, 29.9) == []
    assert ids(taken(queue, 30)) == [1]


def test_one_poisoned_message_holds_up_only_its_incident() -> None:
    queue = backlog(at_once=1)
    queue.add([letter(1, "bad"), letter(2, "bad")] + [letter(n, f"good{n}") for n in range(3, 8)])
    now, arrived = 0.0, []
    for _ in range(30):
        due = queue.next_s(now)
        if due is None:
            break
        now = max(now, due)
        (batch,) = taken(queue, now)
        if batch.letters[0].incident_id == "bad":
            queue.failed(batch, now)
        else:
            arrived.append(batch.letters[0].id)
            queue.arrived(batch)
        if len(arrived) == 5:
            break
    assert arrived == [3, 4, 5, 6, 7]
    assert queue.held == 2


def test_how_long_a_letter_has_failed_is_known_and_forgotten_with_it() -> None:
    queue = backlog()
    queue.add([letter(1), letter(2)])
    (first,) = taken(queue, 5.0)
    assert (first.attempts, first.failing_since_s) == (1, None)
    queue.failed(first, 7.0)
    (second,) = taken(queue, 100.0)
    assert (second.attempts, second.failing_since_s) == (2, 7.0)
    queue.gone(second)
    (third,) = taken(queue, 200.0)
    assert (third.letters[0].id, third.attempts, third.failing_since_s) == (2, 1, None)


def test_what_piled_up_becomes_one_digest_and_stays_the_same_when_sent_again() -> None:
    queue = backlog(terms=Digest(over=3, after_s=60))
    letters = [letter(n, f"i{n % 2}", severity="high" if n == 2 else "low") for n in range(1, 6)]
    queue.add(letters)
    (batch,) = taken(queue, 0.0, NOON_MS + 60_000)
    assert (ids([batch]), batch.digested) == ([1, 2, 3, 4, 5], True)
    named = [replace(each, digest=name_of(batch.letters)) for each in batch.letters]
    body = parcel_of(named).body
    assert body["messages"] == ["e1", "e2", "e3", "e4", "e5"]
    assert (body["severity"], body["counts"]) == ("high", {"fall": 5})
    assert "5" in body["text"]["zh"] and "5" in body["text"]["en"]

    again = backlog(terms=Digest(over=3, after_s=60))  # after a restart, with one more letter
    again.add([*named, letter(6, "i0")])
    (resent,) = [batch for batch in taken(again) if batch.digested]
    assert ids([resent]) == [1, 2, 3, 4, 5]
    assert parcel_of(resent.letters).body == body
    again.arrived(resent)
    assert ids(taken(again)) == [6]


@pytest.mark.parametrize(
    ("terms", "count", "waited_s"),
    [(None, 100, 1000), (Digest(over=3, after_s=60), 3, 1000), (Digest(over=3, after_s=60), 100, 59)],
)
def test_few_or_fresh_letters_are_told_one_by_one(terms: Digest | None, count: int, waited_s: int) -> None:
    queue = backlog(terms=terms)
    queue.add([letter(n, f"i{n}") for n in range(count)])
    assert not any(batch.digested for batch in taken(queue, 0.0, NOON_MS + waited_s * 1000))


def test_letters_read_again_are_queued_once_and_those_sent_again_in_their_place() -> None:
    queue = backlog(at_once=1)
    queue.add([letter(2), letter(4)])
    (under_way,) = taken(queue)
    queue.add([letter(1), letter(2), letter(3), letter(4)])
    assert queue.held == 4
    queue.arrived(under_way)
    rest = []
    while batches := taken(queue):
        rest += ids(batches)
        queue.arrived(batches[0])
    assert rest == [1, 3, 4]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
def test_whatever_fails_nothing_is_lost_and_incidents_keep_their_order(seed: int, at_once: int, digests: bool) -> None:
    chance = random.Random(seed)
    queue = backlog(at_once=at_once, terms=Digest(over=5, after_s=0) if digests else None)
    letters = [letter(n, f"i{chance.randrange(4)}") for n in range(1, 21)]
    queue.add(letters[:10])
    waiting, arrived, now, under_way = letters[10:], list[Letter](), 0.0, list[Batch]()
    for _ in range(600):
        if waiting and chance.random() < 0.3:
            queue.add([waiting.pop(0)])
        under_way += taken(queue, now)
        running = [
            each.incident_id for batch in under_way for each in {x.incident_id: x for x in batch.letters}.values()
        ]
        assert len(running) == len(set(running)) and len(under_way) <= at_once
        if under_way:
            batch = under_way.pop(chance.randrange(len(under_way)))
            if chance.random() < 0.4:
                queue.failed(batch, now)
            else:
                queue.arrived(batch)
                arrived += batch.letters
        else:
            now = queue.next_s(now) or now
        now += chance.random()
    assert sorted(each.id for each in arrived) == list(range(1, 21))
    for incident in range(4):
        mine = [each.id for each in arrived if each.incident_id == f"i{incident}"]
        assert mine == sorted(mine)
