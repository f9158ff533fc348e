"""From a budget to a threshold: hand-computed tails, made-up strangers, and what a few acquaintances may not do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.embeddings import EmbeddingSpace
from pipeline.alerting.budget import Evidence, Scores, Tail, calibrate
from pipeline.alerting.budget.beliefs import BELIEFS, UNKNOWN, belief_of
from pipeline.alerting.budget.scores import BINS, bin_of
from pipeline.alerting.budget.tail import fitted

BELIEF = Tail(0.25, 0.3, 8.0)
LAW = Tail(0.25, 0.35, 10.0)


def strangers(count: int, law: Tail = LAW, seed: int = 1) -> np.ndarray:
    """Scores whose upper quarter follows the law exactly, by inverting it; the rest lies below the level."""
    shares = np.random.default_rng(seed).random(count)
    above = 1 - (1 - law.level) * (shares / law.share).clip(1e-12) ** (1 / law.steepness)
    return np.where(shares < law.share, above, law.level - shares * 0.3)


def test_a_tail_by_hand() -> None:
    tail = Tail(0.25, 0.5, 2.0)
    assert tail.share_above(0.5) == tail.share_above(0.1) == 0.25
    assert tail.share_above(0.75) == pytest.approx(0.0625)  # half the way to 1: a quarter of a quarter
    assert tail.score_at(0.0625) == pytest.approx(0.75)
    assert tail.score_at(0.9) == 0.5
    assert tail.share_above(1.0) == 0.0


@given(st.floats(1e-9, 0.25), st.floats(-0.5, 0.9), st.floats(0.5, 40))
def test_threshold_and_share_are_inverse(share: float, level: float, steepness: float) -> None:
    tail = Tail(0.25, level, steepness)
    threshold = tail.score_at(share)
    assert level <= threshold <= 0.99
    if threshold < 0.99:
        assert tail.share_above(threshold) == pytest.approx(share, rel=1e-6)


def test_many_scores_settle_the_tail() -> None:
    tail = fitted(Scores.of(strangers(20_000)), BELIEF)
    for share in (1e-2, 1e-3, 1e-4):
        assert tail.score_at(share) == pytest.approx(LAW.score_at(share), abs=0.02)


def test_no_score_leaves_the_belief_and_few_change_it_little() -> None:
    assert fitted(Scores.of(np.empty(0)), BELIEF) == BELIEF
    few = fitted(Scores.of(np.full(4, -0.5)), BELIEF)
    assert abs(few.score_at(1e-3) - BELIEF.score_at(1e-3)) < 0.15


def test_sightings_of_the_one_looked_for_bend_it_little() -> None:
    pure = strangers(2_000)
    with_her = np.concatenate([pure, np.full(20, 0.85)])
    before, after = (fitted(Scores.of(each), BELIEF).score_at(1e-3) for each in (pure, with_her))
    assert before <= after < before + 0.08


def test_the_highest_of_many_say_the_same_as_all() -> None:
    scores = strangers(8_000)
    some = Scores.of(np.sort(scores)[-1_000:], total=8_000)
    assert fitted(some, BELIEF).score_at(1e-3) == pytest.approx(fitted(Scores.of(scores), BELIEF).score_at(1e-3))


def test_a_histogram_says_nearly_the_same_as_the_scores() -> None:
    scores = strangers(5_000)
    counts = np.bincount(bin_of(scores.astype(np.float32)), minlength=BINS)
    close = fitted(Scores.counted(counts), BELIEF).score_at(1e-3)
    assert close == pytest.approx(fitted(Scores.of(scores), BELIEF).score_at(1e-3), abs=0.01)
    assert bin_of(np.array([-1.0, 0.0, 0.0049, 1.0, 7.0], np.float32)).tolist() == [0, 200, 200, 399, 399]


@pytest.mark.parametrize("seed", range(5))
def test_the_budget_is_kept_on_strangers_not_seen_before(seed: int) -> None:
    """A thousand sightings a day and a budget of 2: over 100 more days at most 4 a day, and not for never firing."""
    evidence = Evidence(recorded={"north": Scores.of(strangers(5_000, seed=seed))}, per_day={"north": 1_000})
    found = calibrate(2, evidence, UNKNOWN)
    false = int((strangers(100_000, seed=100 + seed) > found.threshold("north")).sum())
    assert 60 < false < 400
    assert found.measured


def test_each_camera_has_its_own_threshold_where_it_was_measured() -> None:
    harder = Tail(0.25, 0.55, 10.0)
    recorded = {"north": Scores.of(strangers(2_000)), "south": Scores.of(strangers(2_000, harder))}
    found = calibrate(4, Evidence(recorded=recorded, per_day={"north": 500, "south": 500}), UNKNOWN)
    assert found.threshold("north") == pytest.approx(LAW.score_at(4 / 1000), abs=0.04)
    assert found.threshold("south") == pytest.approx(harder.score_at(4 / 1000), abs=0.04)
    assert found.threshold("west") == found.everywhere


def test_the_curve_falls_and_says_what_the_budget_costs() -> None:
    evidence = Evidence(archive=Scores.of(strangers(1_000)), per_day={"north": 700.0})
    found = calibrate(24, evidence, BELIEFS["person_small"])
    false = [point.false_alerts_per_day for point in found.curve]
    hits = [point.hit_rate for point in found.curve]
    assert false == sorted(false, reverse=True) and hits == sorted(hits, reverse=True, key=float)
    near = min(found.curve, key=lambda point: abs(point.threshold - found.everywhere))
    assert near.false_alerts_per_day == pytest.approx(700 * 0.02, rel=0.35)  # 24 of 700 would be more than 1 in 50
    assert (found.recorded, found.archive) == (0, 1_000)


def test_without_any_score_it_says_so_and_is_careful() -> None:
    found = calibrate(1, Evidence(), belief_of(EmbeddingSpace("brand new net", "1", 8)))
    assert not found.measured and found.curve[0].hit_rate is None
    assert found.everywhere > 0.9
    stricter = calibrate(0.1, Evidence(), UNKNOWN)
    assert stricter.everywhere > found.everywhere


def test_hit_rates_by_hand() -> None:
    belief = BELIEFS["person_small"]
    assert belief.hit_rate(0.2) == 1.0 and belief.hit_rate(0.95) == 0.0
    assert belief.hit_rate(0.73) == 0.5


def test_what_people_called_false_teaches_the_threshold() -> None:
    quiet = calibrate(2, Evidence(), UNKNOWN).everywhere
    false = (0.96, 0.97, 0.98, 0.985)
    taught = calibrate(2, Evidence(false_alerts=false, days=1.0), UNKNOWN)
    assert 0.97 < taught.everywhere < 0.98, "two a day may pass, the third and fourth best may not"
    assert calibrate(2, Evidence(false_alerts=false, days=2.0), UNKNOWN).everywhere == quiet
    assert calibrate(2, Evidence(false_alerts=(0.98,), days=0.0), UNKNOWN).everywhere == quiet, "one proves nothing"
