"""What the bench of searches measures against."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.bench.county import FILTERS, County
from pipeline.bench.looks import SAME_PERSON, Looks
from pipeline.bench.search import bench_search
from pipeline.bench.truth import Truth
from pipeline.errors import BenchFailed


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
        assert [{row for row in rows if row >= 0} for rows in truth.best()[place].tolist()] == wanted


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


def test_a_filled_archive_is_measured_again_without_filling(tmp_path: Path) -> None:
    told: list[list[str]] = [[], []]
    figures = [
        bench_search(tmp_path / "a", 600, 16, with_flat=again, report=lambda what, *_: told[again].append(what))  # noqa: B023
        for again in (False, True)
    ]
    assert "filling" in told[False]
    assert not {"filling", "sealing"} & set(told[True])
    assert figures[0].appended_per_s == figures[1].appended_per_s
    assert [each.recall_at_50 for each in figures[0].filters] == [each.recall_at_50 for each in figures[1].filters]
    assert all(work_ms > 0 for each in figures for work_ms in each.fixed_work_ms)
    assert figures[0].filters[3].flat_p50_ms is None
    assert figures[1].filters[3].flat_p50_ms is not None
    with pytest.raises(BenchFailed, match="filled with 600 rows"):
        bench_search(tmp_path / "a", 601, 16, report=lambda *_: None)
