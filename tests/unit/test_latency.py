"""Delays of one camera."""

import pytest

from pipeline.analysis.latency import Delays, latency_of


def test_median_and_95th_percentile_by_hand() -> None:
    delays = Delays()
    assert delays.latency().p50_ms is None
    for each in (0.1, 0.2, 0.3, 0.4, -5.0):
        delays.add(each)
    found = delays.latency()  # 0, 100, 200, 300, 400: the 95th percentile lies 0.8 of the way from 300 to 400
    assert (found.p50_ms, found.p95_ms) == (200.0, pytest.approx(380.0))
    delays.clear()
    assert delays.latency().p95_ms is None


def test_only_the_last_thousand_count() -> None:
    delays = Delays()
    for each in [9.0] * 1000 + [0.001] * 1000:
        delays.add(each)
    assert delays.latency() == latency_of([0.001])
