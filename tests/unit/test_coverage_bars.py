"""Bars of coverage: widths by hand, worst camera first, and nothing shown wider than it was but what would not show."""

from datetime import UTC

import pytest

from pipeline.archive.contract import SightingFilter
from pipeline.coverage import CameraCoverage, Interval, Intervals, State, Watching
from search_api.coverage_bars import MOST_BARS, Bars, bars_of
from search_api.errors import BadInput
from search_api.report import Sheet, render_report
from search_api.wire.coverage import MOST_CAMERAS, MOST_INTERVALS, brief_coverage_out, coverage_out

HOUR = 3_600_000


def camera(name: str, *ends: tuple[int, State, str], of: int = HOUR) -> CameraCoverage:
    starts = [0, *(end for end, _, _ in ends[:-1])]
    intervals = Intervals.of(Interval(a, end, state, why) for a, (end, state, why) in zip(starts, ends, strict=True))
    return CameraCoverage(name, 0, of, intervals, of)


EAST = camera("east", (HOUR // 4, State.DOWN, "refused"), (HOUR, State.LIVE, ""))
WEST = camera("west", (HOUR, State.LIVE, ""))


def bars(*answers: CameraCoverage) -> Bars:
    found = bars_of(Watching(answers), {"east": "东门"}, UTC)
    assert found is not None
    return found


def test_widths_are_shares_of_the_asked_time_and_the_worst_is_first() -> None:
    found = bars(WEST, EAST)
    assert [(bar.name, bar.watched) for bar in found.bars] == [("东门", "75.0 %"), ("west", "100.0 %")]
    assert [(p.x, p.width, p.state) for p in found.bars[0].pieces] == [(0.0, 250.0, "down"), (250.0, 750.0, "live")]
    assert found.bars[0].pieces[0].title == "1970-01-01 00:00:00 – 1970-01-01 00:15:00 断线（拒绝连接）"
    assert "东门 00:00–00:15 断线" in found.zh


def test_a_short_gap_shows_and_nearly_all_is_not_all() -> None:
    gap = camera("c", (1000, State.BEHIND, ""), (10_000_000, State.LIVE, ""), of=10_000_000)
    (bar,) = bars(gap).bars
    assert bar.pieces[0].width == 0.5
    assert bar.watched == "99.9 %"


def test_many_cameras_are_counted_and_none_are_nothing() -> None:
    found = bars(*(camera(f"c{n}", (HOUR, State.LIVE, "")) for n in range(MOST_BARS + 3)))
    assert (len(found.bars), found.left_out) == (MOST_BARS, 3)
    assert bars_of(Watching([]), {}, UTC) is None


def test_the_contact_sheet_has_the_bars_inside() -> None:
    where = SightingFilter()
    sheet = Sheet(
        [], [], where, 0, "wang", "case 7", "store", coverage=bars(EAST, camera("<b>", (HOUR, State.LIVE, "")))
    )
    html = render_report(sheet, lambda _: b"")
    assert html.count("<svg") == 2
    assert html.count('class="down" x="0.0"') == 1
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert 'src="http' not in html
    assert "看守情况" not in render_report(Sheet([], [], where, 0, "wang", "case 7", "store"), lambda _: b"")


def test_a_brief_answer_leaves_out_and_says_so() -> None:
    ends = [(n, State.LIVE if n % 2 else State.DOWN, "") for n in range(1, MOST_INTERVALS + 2)]
    flapping = camera("c", *ends, of=MOST_INTERVALS + 1)
    many = [
        camera(f"c{n:03}", (MOST_INTERVALS + 1, State.LIVE, ""), of=MOST_INTERVALS + 1) for n in range(MOST_CAMERAS)
    ]
    brief, whole = brief_coverage_out(Watching([*many, flapping]), {}), coverage_out([*many, flapping], {})
    assert (brief.cameras[0].camera, brief.cameras[0].intervals, brief.cameras[0].intervals_left_out) == ("c", [], 501)
    assert (len(brief.cameras), brief.cameras_left_out) == (MOST_CAMERAS, 1)
    assert (len(whole.cameras), len(whole.cameras[-1].intervals), whole.cameras_left_out) == (MOST_CAMERAS + 1, 501, 0)
    assert brief.share_watched == whole.share_watched


def test_pages_are_about_all_and_list_some() -> None:
    three = [EAST, camera("north", (HOUR, State.DOWN, "")), WEST]
    first = coverage_out(three, {}, limit=2)
    assert ([each.camera for each in first.cameras], first.next, first.cameras_left_out) == (
        ["east", "north"],
        "north",
        1,
    )
    last = coverage_out(three, {}, limit=2, after="north")
    assert ([each.camera for each in last.cameras], last.next, last.cameras_left_out) == (["west"], None, 0)
    assert (first.zh, first.share_watched) == (last.zh, last.share_watched)
    with pytest.raises(BadInput, match="send the `next`"):
        coverage_out(three, {}, after="nobody")
