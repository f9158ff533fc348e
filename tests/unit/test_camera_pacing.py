"""Which pictures are analysed, and when they were taken."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.pacing import Arrivals, MediaClock, RatePicker, RealTime


def picked(source_fps: float, fps: float, frames: int) -> list[int]:
    picker = RatePicker(fps)
    return [n for n in range(frames) if picker.due(n / source_fps)]


@pytest.mark.parametrize(
    ("source_fps", "fps", "expected"),
    [
        (25, 5, [0, 5, 10, 15, 20]),
        (30, 5, [0, 6, 12, 18, 24]),
        (10, 5, [0, 2, 4, 6, 8]),
        (12.5, 5, [0, 3, 5, 8, 10]),
        (5, 5, [0, 1, 2, 3, 4]),
        (4, 5, [0, 1, 2, 3, 4]),
        (25, 0, [0, 1, 2, 3, 4]),
    ],
)
def test_first_picks_on_the_grid(source_fps: float, fps: float, expected: list[int]) -> None:
    assert picked(source_fps, fps, 40)[:5] == expected


@pytest.mark.parametrize("source_fps", [25, 29.97, 24, 15, 13, 7.3])
def test_no_drift_over_an_hour(source_fps: float) -> None:
    frames = round(3600 * source_fps)
    assert abs(len(picked(source_fps, 5, frames)) - 18_000) <= 1


@given(st.lists(st.floats(0.0, 0.019), min_size=50, max_size=200))
def test_jitter_of_arrival_costs_no_picture(jitter: list[float]) -> None:
    picker = RatePicker(5)
    assert all(picker.due(n / 5 + late) for n, late in enumerate(jitter))


def test_time_that_runs_back_or_leaps_starts_a_new_grid() -> None:
    picker = RatePicker(5)
    assert picker.due(100.0)
    assert not picker.due(100.04)
    assert picker.due(3.0)
    assert not picker.due(3.1)
    assert picker.due(3.2)
    assert picker.due(500.05)
    assert not picker.due(500.2)


def at(clock: MediaClock, times: list[float | None]) -> list[float]:
    return [round(clock.at(t), 3) for t in times]


def test_times_count_from_the_first_picture() -> None:
    assert at(MediaClock(25), [1.48, 1.52, 1.60]) == [0.0, 0.04, 0.12]


def test_missing_times_follow_the_rate() -> None:
    assert at(MediaClock(Fraction(25)), [None] * 4) == [0.0, 0.04, 0.08, 0.12]
    assert at(MediaClock(None), [None, None]) == [0.0, 0.04]
    assert at(MediaClock(25), [None, None, 7.0, 7.04, None, 7.12]) == [0.0, 0.04, 0.08, 0.12, 0.16, 0.2]


def test_one_damaged_time_does_no_harm() -> None:
    assert at(MediaClock(10), [0.0, 0.1, 9999.0, 0.3, -5.0, 0.5]) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_gap_without_recording_is_kept() -> None:
    times = [0.0, 0.1, *(3600 + n / 10 for n in range(6))]
    assert at(MediaClock(10), times) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 3600.4, 3600.5]


def test_a_splice_that_starts_again_continues() -> None:
    times = [50.0, 50.1, *(n / 10 for n in range(7))]
    assert at(MediaClock(10), times) == [round(n / 10, 3) for n in range(9)]


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=60))
def test_time_never_goes_back(times: list[float | None]) -> None:
    clock = MediaClock(25)
    seen = [clock.at(t) for t in times]
    assert all(a <= b for a, b in pairwise(seen))


class Playing:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def real_time(self) -> RealTime:
        return RealTime(lambda: self.now, self.sleep)


def test_playing_takes_as_long_as_filming() -> None:
    playing = Playing()
    film = playing.real_time()
    for n in range(11):
        film.wait_until(n / 5)
        playing.now += 0.05  # the analysis takes its time
    assert playing.now == pytest.approx(1002.05)
    assert playing.slept[:2] == [0.15, 0.15]


def test_a_gap_of_an_hour_is_not_waited_for() -> None:
    playing = Playing()
    film = playing.real_time()
    for t in (0.0, 0.2, 3600.0, 3600.2):
        film.wait_until(t)
    assert playing.slept == [0.2, 2.0, 0.2]


def test_after_a_long_hold_up_nothing_is_played_in_a_hurry() -> None:
    playing = Playing()
    film = playing.real_time()
    film.wait_until(0.0)
    playing.now += 60
    film.wait_until(0.2)
    film.wait_until(0.4)
    assert playing.slept == [0.2]


def test_what_is_read_late_arrived_in_time() -> None:
    arrivals = Arrivals(drift=0.0)
    prompt = [arrivals.arrived(n / 25, 100.0 + n / 25) for n in range(5)]
    assert prompt == pytest.approx([100.0 + n / 25 for n in range(5)])
    held_up = [arrivals.arrived(n / 25, 103.0) for n in range(5, 50)]
    assert held_up == pytest.approx([100.0 + n / 25 for n in range(5, 50)])


def test_a_burst_at_the_start_is_no_delay_later() -> None:
    arrivals = Arrivals(drift=0.0)
    for n in range(50):
        arrivals.arrived(n / 25, 100.0)  # two seconds kept by the camera, all at once
    assert arrivals.arrived(3.0, 101.04) == pytest.approx(101.04)


def test_clocks_that_drift_apart_are_no_delay() -> None:
    arrivals = Arrivals(drift=5e-3)
    for n in range(1000):
        at_s, now_s = n / 5, 100.0 + n / 5 * 1.001
        late = now_s - arrivals.arrived(at_s, now_s)
    assert late == pytest.approx(0.0, abs=0.01)
