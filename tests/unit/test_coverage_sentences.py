"""One line an officer reads; every word of it worked out by hand."""

from datetime import UTC, timedelta, timezone

from pipeline.coverage import CameraCoverage, Interval, Intervals, State
from pipeline.coverage.sentences import sentence

BEIJING = timezone(timedelta(hours=8))
FIVE_PM = 1777626000000  # 2026-05-01 17:00 in Beijing
MINUTE = 60_000


def camera(name: str, *pieces: tuple[int, State, str], start: int = FIVE_PM) -> CameraCoverage:
    """Return a coverage of pieces, each (minutes, state, reason)."""
    intervals, at = [], start
    for minutes, state, reason in pieces:
        intervals.append(Interval(at, at + minutes * MINUTE, state, reason))
        at += minutes * MINUTE
    watermark = None if pieces[0][1] is State.UNKNOWN and len(pieces) == 1 else at
    return CameraCoverage(name, start, at, Intervals.of(intervals), watermark)


EAST = camera("east", (40, State.DOWN, "refused"), (80, State.LIVE, ""))
WEST = camera("west", (120, State.LIVE, ""))
NEVER = camera("north", (120, State.UNKNOWN, "never_heard_of"))


def test_a_gap_is_told_with_its_reason() -> None:
    assert sentence([WEST, EAST], "zh", BEIJING, {"east": "东门"}) == (
        "东门 17:00–17:40 断线（拒绝连接），有效看守 67 %；其余 1 台全程有效看守。"
    )
    assert sentence([WEST, EAST], "en", UTC, {"east": "East gate"}) == (
        "East gate 09:00–09:40 down (refused), watched 67 % of the time; the other 1 watched all the time."
    )


def test_all_watched_and_never_heard_of_are_different_things() -> None:
    assert sentence([WEST], "zh", BEIJING, {}) == "全部 1 台全程有效看守。"
    assert sentence([NEVER, WEST], "zh", BEIJING, {}) == "north 从未有记录；其余 1 台全程有效看守。"
    assert sentence([NEVER], "en", BEIJING, {}) == "north: no record at all."
    assert sentence([], "en", BEIJING, {}) == "No cameras."


def test_several_days_have_dates_and_short_times_seconds() -> None:
    long = camera("c", (60 * 24, State.LIVE, ""), (60, State.BEHIND, ""))
    assert "05-02 17:00–18:00 未入库" in sentence([long], "zh", BEIJING, {})
    short = camera("c", (1, State.SHEDDING, ""), (2, State.LIVE, ""))
    assert "17:00:00–17:01:00 too many frames dropped" in sentence([short], "en", BEIJING, {})


def test_many_gaps_and_many_cameras_are_counted() -> None:
    flapping = [(1, State.DOWN, "timeout"), (1, State.LIVE, "")] * 5
    said = sentence([camera("c", *flapping)], "en", BEIJING, {})
    assert said.count("no answer") == 3 and "and 2 more gaps" in said
    many = [camera(f"c{n}", (1 + n, State.DOWN, "timeout"), (59 - n, State.LIVE, "")) for n in range(8)]
    said = sentence(many, "en", BEIJING, {})
    assert said.startswith("c7 ") and "; 3 more with gaps (watched 95–98 % of the time)." in said
    said = sentence([camera(f"c{n}", (9, State.UNKNOWN, "never_heard_of")) for n in range(8)], "zh", BEIJING, {})
    assert said == "c0、c1、c2、c3、c4等 8 台 从未有记录。"


def test_next_to_nothing_is_not_nothing() -> None:
    hardly = camera("c", (60 * 24 * 30, State.DOWN, "timeout"), (1, State.LIVE, ""))
    assert "watched <1 % of the time" in sentence([hardly], "en", BEIJING, {})
    never = camera("c", (60, State.DOWN, "timeout"))
    assert "watched 0 % of the time" in sentence([never], "en", BEIJING, {})


def test_nearly_all_is_not_all() -> None:
    nearly = camera("c", (60 * 24 * 30, State.LIVE, ""), (1, State.DOWN, "timeout"))
    assert "有效看守 99 %" in sentence([nearly], "zh", BEIJING, {})


def test_a_shortened_answer_says_what_it_is_about() -> None:
    assert sentence([WEST], "zh", BEIJING, {}, shortened=True).startswith(
        "只核对了 2026-05-01 17:00 – 2026-05-01 19:00：全部"
    )
    said = sentence([WEST], "en", BEIJING, {}, shortened=True)
    assert said == "looked at 2026-05-01 17:00 – 2026-05-01 19:00 only: all 1 watched all the time."


def test_the_day_is_said_once_where_it_stays_the_same() -> None:
    hours = 60
    days = camera("east", (2 * hours, State.DOWN, "refused"), (9 * hours, State.DOWN, ""), (hours, State.LIVE, ""))
    told = sentence([days], "zh", BEIJING, {})
    assert told == "east 05-01 17:00–19:00 断线（拒绝连接）、05-01 19:00–05-02 04:00 断线，有效看守 8 %。"
