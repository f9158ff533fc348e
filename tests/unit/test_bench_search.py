"""What the bench of searches measures against."""

import numpy as np

from pipeline.bench.county import FILTERS, County
from pipeline.bench.looks import SAME_PERSON, Looks
from pipeline.bench.truth import Truth


def test_the_truth_of_rows_seen_in_parts_is_that_of_all() -> None:
    rng = np.random.default_rng(0)
    vectors, asked = rng.normal(size=(500, 8)).astype(np.float32), rng.normal(size=(3, 8)).astype(np.float32)
    masks = [np.ones(500, bool), rng.random(500) < 0.1, np.arange(500) == 7]
    truth = Truth(asked, masks, 20)
    for start in (0, 60, 300):
        truth.see(start, vectors[start : {0: 60, 60: 300, 300: 500}[start]])
    for place, mask in enumerate(masks):
        scores = np.where(mask, asked @ vectors.T, -np.inf)
        wanted = [set(np.argsort(-row)[: min(20, mask.sum())].tolist()) for row in scores]
        assert truth.best(place) == wanted


def test_people_made_after_real_vectors_keep_their_mean_and_come_back() -> None:
    rng = np.random.default_rng(1)
    real = rng.normal(size=(200, 16)) * np.linspace(0.2, 2, 16) + np.linspace(0.8, 0, 16)
    real = np.asarray(real / np.linalg.norm(real, axis=1, keepdims=True), np.float32)
    crowd = Looks(1, 16, real=real, seed=3)
    same = crowd.sightings(400, 1)
    np.testing.assert_allclose(np.linalg.norm(same, axis=1), 1, atol=1e-5)
    assert abs(float((same @ same.T).mean()) - SAME_PERSON) < 0.15
    many = Looks(400, 16, real=real, seed=3).sightings(4_000, 1)
    assert float(many.mean(axis=0) @ real.mean(axis=0)) > 0.5 * float(np.square(real.mean(axis=0)).sum())


def test_a_county_selects_the_shares_that_its_filters_are_named_for() -> None:
    county = County(200_000)
    for share, where in FILTERS.items():
        assert 0.8 * share <= county.mask(where).mean() <= 1.25 * share
