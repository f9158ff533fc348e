"""Appends of several threads become one commit, and each caller gets its own answer."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pipeline.archive.commits import MOST_RECORDS, GroupCommit


class Store:
    """Notes what it was given at once; refuses everything that comes with a bad one."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []

    def __call__(self, records: Sequence[Any]) -> None:
        self.calls.append(list(records))
        if "bad" in records:
            raise ValueError("bad")


def appended_together(store: Callable[[Sequence[Any]], None], appends: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Let each append come from a thread of its own while the turn is taken; return what they raised."""
    turn = threading.Lock()
    group = GroupCommit(store, turn)
    raised: dict[int, str] = {}

    def append(number: int) -> None:
        try:
            group.append(appends[number])
        except (ValueError, KeyboardInterrupt) as error:
            raised[number] = str(error)

    threads = []
    with turn:
        for number in range(len(appends)):
            threads.append(threading.Thread(target=append, args=(number,)))
            threads[-1].start()
            while len(group._waiting) <= number:  # one after the other, so that their order is known
                time.sleep(0.001)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return raised


def test_what_waits_is_stored_at_once_in_the_order_it_came() -> None:
    store = Store()
    assert appended_together(store, [["a"], ["b", "c"], ["d"]]) == {}
    assert store.calls == [["a", "b", "c", "d"]]


def test_one_that_cannot_be_stored_does_not_spoil_the_others() -> None:
    store = Store()
    assert appended_together(store, [["a"], ["bad"], ["c"]]) == {1: "bad"}
    assert store.calls == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]


def test_a_commit_has_a_limit_but_any_one_append_is_taken() -> None:
    store = Store()
    large = list(range(MOST_RECORDS + 1))
    assert appended_together(store, [["a"], large, ["b"]]) == {}
    assert store.calls == [["a"], large, ["b"]]


def test_an_interrupted_thread_leaves_the_others_their_turn() -> None:
    calls: list[list[str]] = []

    def store(records: Sequence[Any]) -> None:
        calls.append(list(records))
        if len(calls) == 1:
            raise KeyboardInterrupt

    group = GroupCommit(store, threading.Lock())
    with pytest.raises(KeyboardInterrupt):
        group.append(["a"])
    group.append(["b"])
    assert calls == [["a"], ["a", "b"]]


def test_an_interrupt_while_they_are_stored_one_by_one_loses_none() -> None:
    calls: list[list[str]] = []

    def store(records: Sequence[Any]) -> None:
        calls.append(list(records))
        if calls[2:] == [["bad"]]:
            raise KeyboardInterrupt("stop")
        if "bad" in records:
            raise ValueError("bad")

    assert appended_together(store, [["a"], ["bad"], ["c"]]) == {0: "stop", 1: "bad"}
    assert calls == [["a", "bad", "c"], ["a"], ["bad"], ["bad", "c"], ["bad"], ["c"]]


def test_many_threads_get_every_answer_whoever_leads() -> None:
    stored: list[int] = []
    chance = random.Random(1)

    def store(records: Sequence[Any]) -> None:
        time.sleep(chance.random() / 5_000)
        if any(number % 50 == 7 for number in records):
            raise ValueError
        stored.extend(records)

    group = GroupCommit(store, threading.Lock())
    refused: list[int] = []

    def append(first: int) -> None:
        for number in range(first, 800, 8):
            try:
                group.append([number])
            except ValueError:
                refused.append(number)

    threads = [threading.Thread(target=append, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert sorted(refused) == list(range(7, 800, 50))
    assert sorted(stored + refused) == list(range(800))
