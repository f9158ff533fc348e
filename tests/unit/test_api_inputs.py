"""Times, boxes and names as people write them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.errors import BadInput
from search_api.inputs import check_name, iso, parse_box, parse_time

NOON_MS = 1777608000000  # 2026-05-01T04:00:00Z, noon in Shanghai


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T12:00:00+08:00", "2026-05-01T04:00:00Z", "2026-05-01 04:00+00:00", " 2026-05-01T04:00:00.000Z "],
)
def test_times_with_a_zone(text: str) -> None:
    assert parse_time(text) == NOON_MS


def test_a_time_without_zone_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as patched:
            patched.setenv("TZ", "Asia/Shanghai")
            time.tzset()
            assert parse_time("2026-05-01T12:00:00") == NOON_MS
            assert parse_time("2026-05-01") == NOON_MS - 12 * 3600 * 1000
    finally:
        time.tzset()


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "2026-05-01T25:00", "12:00", "-1"])
def test_no_time(text: str) -> None:
    with pytest.raises(BadInput, match="is not a time"):
        parse_time(text)


@given(st.integers(min_value=0, max_value=253402300799999))
def test_every_time_survives_the_wire(at_ms: int) -> None:
    assert parse_time(iso(at_ms)) == at_ms


def test_iso_is_utc_with_milliseconds() -> None:
    assert iso(NOON_MS + 7) == "2026-05-01T04:00:00.007Z"
    assert datetime.fromisoformat(iso(NOON_MS)) == datetime(2026, 5, 1, 4, tzinfo=UTC)


def test_box() -> None:
    assert parse_box("10, 20,110.5,320") == (10.0, 20.0, 110.5, 320.0)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "5,5,5,9", "9,5,5,9", "nan,0,1,1", "0,0,inf,1"])
def test_no_box(text: str) -> None:
    with pytest.raises(BadInput, match="box"):
        parse_box(text)


def test_camera_names() -> None:
    assert check_name("--camera", "东门-1.b") == "东门-1.b"
    for bad in ("", "a b", "x" * 65, "a/b"):
        with pytest.raises(BadInput, match="--camera"):
            check_name("--camera", bad)
