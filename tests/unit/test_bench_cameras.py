"""The search for the largest number of cameras, on machines made up of arithmetic."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.camera_load import CameraFigures, LoadFigures
from pipeline.bench.cameras import CamerasFigures, largest
from pipeline.bench.cameras_report import cameras_report, is_signed, signed
from pipeline.bench.plan import Reading, parse_metrics, plan
from search_api.cli.bench_cameras import numbers
from search_api.errors import BadInput


def machine(limit: int, cost: float = 0.1):
    def measure(cameras: int) -> LoadFigures:
        held = cameras <= limit
        return LoadFigures(cameras, 5, 1, held, "" if held else "slow", cost * cameras, {}, 1, 1, ())

    return measure


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40), st.floats(0.01, 1))
def test_the_largest_number_that_holds_is_found(limit: int, least: int, more: int, cost: float) -> None:
    found = largest(machine(limit, cost), least, least + more)
    expected = min(limit, least + more) if limit >= least else 0
    assert found.max_cameras == expected
    assert found.load.cameras == (expected or least)
    assert len({each.cameras for each in found.tried}) == len(found.tried)


def test_one_number_is_measured_once() -> None:
    found: CamerasFigures = largest(machine(100), 8, 8)
    assert (found.max_cameras, len(found.tried)) == (8, 1)


@pytest.mark.parametrize(("text", "expected"), [("8", (8, 8)), ("2..16", (2, 16)), ("4..", (4, 512)), ("..9", (1, 9))])
def test_numbers_of_cameras(text: str, expected: tuple[int, int]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize("text", ["", "x", "0", "9..3", "1..9999", "1..2..3", "-2"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--cameras"):
        numbers(text)


def test_signed_figures_are_known_and_changed_ones_are_not() -> None:
    made = signed({"cameras": 8, "per_camera": [{"camera": "a", "fps_in": 5.0}]}, b"k" * 32)
    read = json.loads(json.dumps(made))
    assert is_signed(read, b"k" * 32)
    assert not is_signed(read, b"j" * 32)
    assert not is_signed({**read, "cameras": 80}, b"k" * 32)
    assert not is_signed({"cameras": 8}, b"k" * 32)


def test_the_report_is_one_page_with_its_plots() -> None:
    camera = CameraFigures("<gate>", 5.0, 4.9, 1, 0, "replaced by later frames", 3, 40.0, 90.0, None, None)
    load = LoadFigures(1, 5, 10.0, False, "<slow>", 0.2, {"decode": 0.6, "detect": 0.4}, 300.0, 9, (camera,))
    page = cameras_report(CamerasFigures(0, load, (load,)))
    assert "&lt;gate&gt;" in page and "<gate>" not in page and "<slow>" not in page
    assert "data:image/png;base64," in page


def metrics(cpu_s: float, dropped: int, live: int = 4) -> str:
    cameras = "".join(f'zhian_camera_state{{camera="c{n}",state="live"}} 1.0\n' for n in range(live))
    return (
        f"# HELP x y\nzhian_cpu_seconds_total {cpu_s}\nzhian_cpu_cores 2.0\n{cameras}"
        f'zhian_camera_frames_dropped_total{{camera="c0"}} {dropped}\n'
        'zhian_camera_latency_seconds{camera="c0",quantile="0.95"} 0.12\n'
    )


def test_room_for_more_by_hand() -> None:
    # 4 cameras use 8 s of CPU in 10 s: 0.2 cores each. 0.9 of 2 cores leave 1.0: 5 more.
    found = plan(Reading(0.0, parse_metrics(metrics(100, 7))), Reading(10.0, parse_metrics(metrics(108, 7))))
    assert found is not None
    assert (found.cameras, found.used_cores, found.cores_per_camera, found.more) == (4, 0.8, 0.2, 5)
    assert found.latency_p95_ms == 120.0


def test_nothing_fits_while_frames_are_lost_and_nothing_is_said_of_nothing() -> None:
    losing = plan(Reading(0.0, parse_metrics(metrics(100, 7))), Reading(10.0, parse_metrics(metrics(108, 9))))
    assert losing is not None and (losing.dropped, losing.more) == (2, 0)
    dark = parse_metrics(metrics(100, 7, live=0))
    assert plan(Reading(0.0, dark), Reading(10.0, dark)) is None
