"""Engines raced with a clock that only moves when they run."""

import pytest

from models.engine import Figure, mean_ms, race


class Course:
    """Runs that cost what `cost_s` says for a batch, by a clock of their own."""

    def __init__(self, **cost_s):
        self.now_s = 0.0
        self.cost_s = cost_s
        self.ran = []

    def runs(self):
        return {label: lambda batch, label=label: self.run(label, batch) for label in self.cost_s}

    def run(self, label, batch):
        self.ran.append((label, batch))
        cost = self.cost_s[label]
        self.now_s += cost(self.ran.count((label, batch)), batch) if callable(cost) else cost * batch

    def figures(self, batches=(1, 4), budget_s=1.0):
        return race(self.runs(), batches, budget_s=budget_s, clock=lambda: self.now_s)


def test_what_a_row_costs_is_told_for_every_engine_and_batch():
    course = Course(slow=0.02, fast=0.01)
    assert set(course.figures()) == {
        Figure("slow", 1, 20.0), Figure("slow", 4, 20.0), Figure("fast", 1, 10.0), Figure("fast", 4, 10.0),
    }  # fmt: skip


def test_the_first_two_runs_do_not_count_and_of_the_rest_the_shortest_time():
    times = {1: 9.0, 2: 0.05, 3: 0.3, 4: 0.1, 5: 0.2}
    course = Course(one=lambda turn, _: times[turn])
    assert course.figures(batches=(1,)) == (Figure("one", 1, 100.0),)


def test_who_is_far_behind_leaves_after_one_round_and_the_race_ends_with_the_budget():
    course = Course(hopeless=1.0, near=0.012, best=0.01)
    course.figures(batches=(1,), budget_s=2.0)
    assert course.ran.count(("hopeless", 1)) == 2 + 1
    assert course.ran.count(("best", 1)) == course.ran.count(("near", 1))
    assert 2.0 < course.now_s < 2.1 + 2.1


def test_a_lone_engine_is_run_three_times_and_no_longer():
    course = Course(one=0.1)
    course.figures(batches=(1,), budget_s=60.0)
    assert len(course.ran) == 2 + 3


def test_the_mean_over_the_batches_counts_the_fastest_first():
    figures = [Figure("a", 1, 10.0), Figure("a", 8, 4.0), Figure("b", 1, 5.0), Figure("b", 8, 5.0)]
    assert list(mean_ms(figures).items()) == [("b", 5.0), ("a", pytest.approx(7.0))]
