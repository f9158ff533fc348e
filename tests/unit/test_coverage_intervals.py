"""Every millisecond that is asked about has one state, and the best report of it counts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.archive.journal import InMemoryJournal, Span, SpanState
from pipeline.coverage import CameraCoverage, Interval, Intervals, State, coverage
from pipeline.coverage.answer import asked_time
from pipeline.coverage.intervals import partition
from pipeline.errors import BadTimeRange

LIVE, SHEDDING, DOWN = SpanState.LIVE, SpanState.SHEDDING, SpanState.DOWN


def span(
    from_ms: int,
    to_ms: int,
    state: SpanState = LIVE,
    indexed_ms: int | None = None,
    reason: str = "",
    camera: str = "g",
) -> Span:
    return Span(camera, "s", state, from_ms, to_ms, to_ms if indexed_ms is None else indexed_ms, reason)


def told(intervals: tuple[Interval, ...]) -> list[tuple[int, int, str, str]]:
    return [(each.from_ms, each.to_ms, each.state.value, each.reason) for each in intervals]


def test_live_down_live() -> None:
    spans = [span(0, 100), span(100, 140, DOWN, reason="refused"), span(140, 200)]
    assert told(partition(spans, 50, 250)) == [
        (50, 100, "live", ""),
        (100, 140, "down", "refused"),
        (140, 200, "live", ""),
        (200, 250, "unknown", "no_record"),
    ]


def test_what_is_not_indexed_is_behind_whatever_the_camera_did() -> None:
    assert told(partition([span(0, 100, indexed_ms=70)], 0, 100)) == [(0, 70, "live", ""), (70, 100, "behind", "")]
    assert told(partition([span(0, 100, SHEDDING, indexed_ms=0)], 10, 90)) == [(10, 90, "behind", "")]


def test_film_analysed_later_fills_the_gap_of_a_dead_stream() -> None:
    spans = [span(0, 100, DOWN, reason="timeout"), span(20, 60)]
    assert told(partition(spans, 0, 100)) == [
        (0, 20, "down", "timeout"),
        (20, 60, "live", ""),
        (60, 100, "down", "timeout"),
    ]


def test_what_was_lost_is_lost_whatever_was_reported() -> None:
    assert told(partition([span(0, 100), span(20, 60, SpanState.LOST, indexed_ms=20)], 0, 100)) == [
        (0, 20, "live", ""),
        (20, 60, "behind", "lost"),
        (60, 100, "live", ""),
    ]


def test_the_newer_of_two_reasons_counts() -> None:
    spans = [span(0, 100, DOWN, reason="refused"), span(40, 100, DOWN, reason="unauthorised")]
    assert told(partition(spans, 0, 100)) == [(0, 40, "down", "refused"), (40, 100, "down", "unauthorised")]


SPANS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(1, 40),
        st.integers(0, 40),
        st.sampled_from(SpanState),
        st.sampled_from(["", "x"]),
    ),
    max_size=12,
)


@given(SPANS, st.integers(0, 80), st.integers(1, 40))
def test_intervals_partition_the_asked_time(
    made: list[tuple[int, int, int, SpanState, str]], from_ms: int, length: int
) -> None:
    spans = [span(a, a + n, state, min(a + i, a + n), reason) for a, n, i, state, reason in made]
    to_ms = from_ms + length
    found = partition(spans, from_ms, to_ms)
    assert [found[0].from_ms, found[-1].to_ms] == [from_ms, to_ms]
    for one, following in pairwise(found):
        assert one.to_ms == following.from_ms
        assert (one.state, one.reason) != (following.state, following.reason)
    for at in range(from_ms, to_ms):
        (here,) = [each for each in found if each.from_ms <= at < each.to_ms]
        assert here.state is best_at(spans, at)


@given(st.lists(SPANS, min_size=1, max_size=4), st.integers(0, 80), st.integers(1, 40))
def test_many_cameras_at_once_are_answered_as_one_by_one(
    made: list[list[tuple[int, int, int, SpanState, str]]], from_ms: int, length: int
) -> None:
    journal, cameras, to_ms = InMemoryJournal(), [f"c{n}" for n in range(len(made))], from_ms + length
    for camera, of_camera in zip(cameras, made, strict=True):
        journal.note([span(a, a + n, s, min(a + i, a + n), reason, camera) for a, n, i, s, reason in of_camera])
    for answer in coverage(journal, cameras, from_ms, to_ms):
        noted = journal.spans(0, 200, [answer.camera_id])
        otherwise = "no_record" if noted else "never_heard_of"
        alone = partition(journal.spans(from_ms, to_ms, [answer.camera_id]), from_ms, to_ms, otherwise=otherwise)
        assert list(answer.intervals) == list(alone)
        assert answer.watched_ms == sum(each.length_ms for each in alone if each.state is State.LIVE)
        assert [answer.intervals[0], answer.intervals[-1]] == [alone[0], alone[-1]]
        assert answer.intervals[1:] == list(alone[1:])


def best_at(spans: list[Span], at: int) -> State:
    """Return the state of one millisecond, said in another way."""
    covering = [s for s in spans if s.from_ms <= at < s.to_ms]
    if any(s.state is SpanState.LOST for s in covering):
        return State.BEHIND
    stored = [s.state for s in covering if s.state is DOWN or at < s.indexed_ms]
    if LIVE in stored:
        return State.LIVE
    if SHEDDING in stored:
        return State.SHEDDING
    if any(s.state is not DOWN for s in covering):
        return State.BEHIND
    return State.DOWN if covering else State.UNKNOWN


def test_an_answer_per_camera_in_the_order_asked() -> None:
    journal = InMemoryJournal()
    journal.note([span(0, 400, camera="east"), span(400, 600, DOWN, reason="refused", camera="east")])
    journal.note([span(900, 1000, indexed_ms=950, camera="west")])
    west, east, nobody = coverage(journal, ["west", "east", "nobody"], 0, 1000)
    assert (east.watched_ms, east.share_watched, east.watermark_ms) == (400, 0.4, 600)
    assert [each.state for each in east.gaps] == [State.DOWN, State.UNKNOWN]
    assert (west.share_watched, west.watermark_ms) == (0.05, 950)
    unknown = Intervals.of([Interval(0, 1000, State.UNKNOWN, "never_heard_of")])
    assert nobody == CameraCoverage("nobody", 0, 1000, unknown, None)
    assert coverage(journal, [], 0, 10) == []
    with pytest.raises(BadTimeRange):
        coverage(journal, ["east"], 5, 5)


def test_a_question_without_ends_means_the_time_of_the_records() -> None:
    journal = InMemoryJournal()
    assert asked_time(journal, ["east"], None, None) is None
    journal.note([span(100, 400, camera="east"), span(300, 900, camera="west")])
    assert asked_time(journal, ["east"], None, None) == (100, 400)
    assert asked_time(journal, [], None, 700) == (100, 700)
    assert asked_time(journal, ["never"], 200, None) == (200, 900)
    assert asked_time(journal, ["east"], 400, None) is None
    assert asked_time(journal, ["east"], 5, 7) == (5, 7)
