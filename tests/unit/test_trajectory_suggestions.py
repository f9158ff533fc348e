"""Where she can be: arrival windows by hand, and what watching a camera in vain says."""

import pytest

from camera_adapters.site import Way
from models.kinds import Kind
from pipeline.coverage import CameraCoverage, Interval, Intervals, State
from pipeline.trajectory.graph import CameraGraph
from pipeline.trajectory.suggestions import Chance, LastSeen, Suggestion, suggest

#        north (330 m)
#          |
# west -- home -- east -- far      330 m each
GRAPH = CameraGraph.of(
    ["home", "north", "east", "west", "far", "lost"],
    {},
    [Way("home", "north", 330), Way("home", "east", 330), Way("home", "west", 330), Way("east", "far", 330)],
)
LAST = LastSeen("home", 1_000_000)
MINUTE = 60_000


def covered(camera: str, state: State, now_ms: int) -> CameraCoverage:
    return CameraCoverage(camera, LAST.at_ms, now_ms, Intervals.of([Interval(LAST.at_ms, now_ms, state)]), now_ms)


def at(minutes: float, last: LastSeen = LAST, **states: State) -> dict[str, Suggestion]:
    now_ms = LAST.at_ms + round(minutes * MINUTE)
    watched = {camera: covered(camera, state, now_ms) for camera, state in states.items()}
    return {each.camera_id: each for each in suggest(last, now_ms, GRAPH, Kind.PERSON, watched)}


def test_windows_come_from_distance_and_speed() -> None:
    east = at(1)["east"]
    assert east.metres == 330
    assert east.earliest_ms == LAST.at_ms + 110_000  # 3 m/s
    # 300 s at the usual 1.1 m/s, times exp(±1.2816 · 0.45)
    assert east.expected_from_ms == pytest.approx(LAST.at_ms + 168_500, abs=300)
    assert east.expected_to_ms == pytest.approx(LAST.at_ms + 534_000, abs=300)
    assert (east.chance, east.share_watched) == (Chance.AHEAD, None)


def test_all_weights_are_one_and_nobody_knows_the_way_to_lost() -> None:
    found = at(3)
    assert set(found) == {"north", "east", "west", "far"}
    assert sum(each.weight for each in found.values()) == pytest.approx(1)
    assert found["far"].weight < found["east"].weight == pytest.approx(found["west"].weight)


def test_watched_and_not_seen_loses_to_not_watched() -> None:
    live, down = State.LIVE, State.DOWN
    found = at(15, north=live, east=down, west=live, far=live)
    assert found["north"].chance is Chance.NOT_SEEN
    assert (found["east"].chance, found["east"].share_watched) == (Chance.NOT_WATCHED, 0.0)
    assert found["east"].weight > 3 * found["north"].weight
    assert next(iter(found)) == "east"
    assert at(15, north=State.BEHIND)["north"].chance is Chance.NOT_WATCHED


def test_a_camera_behind_a_watched_one_is_less_likely_than_behind_a_dead_one() -> None:
    live, down = State.LIVE, State.DOWN
    watched, dead = at(4, east=live, far=live), at(4, east=down, far=live)
    assert watched["far"].weight < dead["far"].weight


def test_who_came_from_the_west_goes_east() -> None:
    found = at(1, LastSeen("home", LAST.at_ms, before="west"))
    assert found["east"].weight > found["west"].weight * 2
    assert at(1, LastSeen("home", LAST.at_ms, before="lost"))["west"].weight > 0


def test_part_of_the_time_is_a_share() -> None:
    now_ms = LAST.at_ms + 10 * MINUTE
    half = LAST.at_ms + 110_000 + (now_ms - LAST.at_ms - 110_000) // 2
    pieces = (Interval(LAST.at_ms, half, State.DOWN), Interval(half, now_ms, State.LIVE))
    watched = {"east": CameraCoverage("east", LAST.at_ms, now_ms, Intervals.of(pieces), now_ms)}
    found = {each.camera_id: each for each in suggest(LAST, now_ms, GRAPH, Kind.PERSON, watched)}
    assert found["east"].share_watched == pytest.approx(0.5)


def test_nothing_is_known_nothing_is_suggested() -> None:
    assert suggest(LastSeen("elsewhere", 0), 1, GRAPH, Kind.PERSON, {}) == []
    assert suggest(LastSeen("lost", 0), 1, GRAPH, Kind.PERSON, {}) == []
