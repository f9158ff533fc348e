"""What is shaken in the tracking benchmark, and how much."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.shaken import SCORE, SIDE, Replayed, shaken, spread
from models.detections import Detections


def people(n: int) -> Detections:
    """Boxes 40 x 100 side by side, scores falling from 0.9 to 0.3."""
    left = 50.0 * np.arange(n)
    xyxy = np.stack([left, np.zeros(n), left + 40, np.full(n, 100.0)], axis=1).astype(np.float32)
    return Detections(xyxy, np.linspace(0.9, 0.3, n, dtype=np.float32), np.zeros(n, np.int64))


def test_scores_and_sides_move_by_what_was_measured():
    before = people(4000)
    after = shaken(before, np.random.default_rng(1))
    by_place = np.argsort(after.xyxy[:, 0] + after.xyxy[:, 2])
    assert len(after) == len(before)
    assert np.std(after.xyxy[by_place] - before.xyxy) == pytest.approx(100 * SIDE, rel=0.05)
    assert np.std(after.score[by_place] - before.score) == pytest.approx(SCORE, rel=0.05)


def test_the_best_is_first_again_and_no_score_leaves_its_range():
    after = shaken(
        Detections(people(50).xyxy, np.ones(50, np.float32), np.zeros(50, np.int64)), np.random.default_rng(2)
    )
    assert (np.diff(after.score) <= 0).all()
    assert 0.95 < after.score.min() < after.score.max() == 1.0


def test_what_becomes_flat_is_left_out():
    thin = Detections(np.array([[0, 0, 0.001, 100]] * 20, np.float32), np.ones(20, np.float32), np.zeros(20, np.int64))
    after = shaken(thin, np.random.default_rng(3))
    assert 0 < len(after) < 20
    assert (after.xyxy[:, 2:] > after.xyxy[:, :2]).all()


def test_a_replay_goes_on_where_it_was_and_one_seed_gives_one_replay():
    found = [people(n) for n in (3, 0, 2, 5)]
    detector = SimpleNamespace(input="416 x 416")
    one, same, other = (Replayed(detector, found, seed) for seed in (1, 1, 2))
    picture = np.zeros((1, 1, 3), np.uint8)
    first = one.detect([picture] * 2, [(1, 1)] * 2, min_score=0.0)
    second = one.detect([picture] * 2, [(1, 1)] * 2, min_score=0.5)
    assert [len(each) for each in first] == [3, 0]
    assert [len(each) for each in second] == [1, 3]
    np.testing.assert_array_equal(same.detect([picture], [(1, 1)], min_score=0.0)[0].xyxy, first[0].xyxy)
    assert not np.array_equal(other.detect([picture], [(1, 1)], min_score=0.0)[0].xyxy, first[0].xyxy)


def test_a_spread_by_hand():
    assert spread([0.5, 0.7, 0.6]) == {"mean": 0.6, "sd": 0.1, "least": 0.5, "most": 0.7}
