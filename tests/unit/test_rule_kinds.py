"""Each kind of rule on ways of made-up people, counted by hand. Boxes are 100 pixels high, 10 scenes a second."""

import pytest

from pipeline.alerting.rules.camera_rules import CameraRules
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.alerting.rules.scene import Event
from pipeline.alerting.rules.settings import RuleSettings
from tests.unit.rule_scenes import Way, scenes, told, walk

ZONE = [[200, 200], [400, 200], [400, 400], [200, 400]]
LINE = [[300, 200], [300, 400]]  # downwards: its positive side is the left


def rule(kind: str, **more: object) -> RuleSettings:
    return check_rules({"rules": [{"name": "r", "kind": kind, **more}]})[0]


def run(settings: RuleSettings, *ways: Way, **look: float) -> list[Event]:
    return told(CameraRules([settings]), scenes(*ways, **look))


def directions(events: list[Event]) -> list[tuple[int, str]]:
    return [(event.frame, event.direction) for event in events]


def test_a_walk_over_the_line_and_back_is_two_crossings():
    there = walk((250, 300), (350, 300), 11)  # 10 pixels a step: on the line at step 6, over it at step 7
    events = run(rule("line_crossing", line=LINE), there + there[::-1])
    assert directions(events) == [(7, "-"), (17, "+")]
    assert [event.t_ms for event in events] == [600, 1600]


def test_one_direction_only():
    there = walk((250, 300), (350, 300), 11)
    assert directions(run(rule("line_crossing", line=LINE, direction="+"), there + there[::-1])) == [(17, "+")]


def test_a_foot_that_trembles_on_the_line_crosses_nothing():
    trembling = [(298.0 if i % 2 else 302.0, 300.0) for i in range(30)]
    assert run(rule("line_crossing", line=LINE), trembling) == []


def test_who_stays_just_beyond_the_line_has_crossed_it():
    events = run(rule("line_crossing", line=LINE), [(299.0, 300.0)] * 3 + [(303.0, 300.0)] * 10)
    assert directions(events) == [(4, "-")]


def test_around_the_end_of_the_line_is_no_crossing():
    around = walk((250, 450), (350, 450), 11)
    assert run(rule("line_crossing", line=LINE), around) == []


def test_a_crossing_while_hidden_counts_when_seen_again():
    way = [*walk((250, 300), (280, 300), 4), *[None] * 5, *walk((340, 300), (360, 300), 3)]
    assert directions(run(rule("line_crossing", line=LINE), way)) == [(10, "-")]


def test_counting_knows_how_many_are_inside_and_tells_once_over_the_limit():
    into = walk((350, 300), (250, 300), 11)
    ways = [[None] * delay + into for delay in (0, 3, 6)] + [[None] * 30 + into[::-1]]
    events = run(rule("counting", line=LINE, limit=2), *ways)
    assert [(e.facts["count"], e.facts["over_limit"]) for e in events] == [
        (1, False),
        (2, False),
        (3, True),
        (2, False),
    ]


def test_who_goes_out_uncounted_is_no_debt():
    out = walk((250, 300), (350, 300), 11)
    events = run(rule("counting", line=LINE), out, [None] * 5 + out[::-1])
    assert [event.facts["count"] for event in events] == [0, 1]


def test_a_visit_is_told_once_with_the_frame_of_its_entry():
    way = walk((150, 300), (390, 300), 25)  # inside from x = 200, step 6
    events = run(rule("intrusion", zone=ZONE, min_dwell_s=1.5), way)
    assert [(e.frame, e.t_ms, e.facts["dwell_s"]) for e in events] == [(6, 500, 1.5)]


def test_two_visits_are_two_events_and_a_short_one_is_none():
    through = walk((150, 300), (450, 300), 31)
    assert len(run(rule("intrusion", zone=ZONE), through + through[::-1])) == 2
    assert run(rule("intrusion", zone=ZONE, min_dwell_s=2.5), through) == []


def test_a_step_over_the_border_does_not_end_a_visit():
    way = [(205.0, 300.0)] * 8 + [(198.0, 300.0)] * 3 + [(205.0, 300.0)] * 10
    events = run(rule("loitering", zone=ZONE, min_dwell_s=2.0), way)
    assert [event.frame for event in events] == [1]


def test_a_long_step_out_ends_a_visit():
    way = [(205.0, 300.0)] * 8 + [(185.0, 300.0)] + [(205.0, 300.0)] * 12
    assert run(rule("loitering", zone=ZONE, min_dwell_s=1.5), way) == []


def test_night_needs_less():
    eight_pm = 20 * 3_600_000
    night = {"from": "22:00", "to": "06:00", "timezone": "UTC", "min_dwell_s": 1}
    settings = rule("loitering", zone=ZONE, min_dwell_s=5, night=night)
    way = [(300.0, 300.0)] * 30
    assert told(CameraRules([settings]), scenes(way, start_ms=eight_pm)) == []
    assert len(told(CameraRules([settings]), scenes(way, start_ms=eight_pm + 3 * 3_600_000))) == 1


def test_who_does_not_move_may_not_count():
    settings = rule("intrusion", zone=ZONE, min_moved=0.5)
    assert run(settings, [(300.0, 300.0)] * 30) == []
    assert len(run(settings, walk((300, 300), (360, 300), 30))) == 1


def test_a_rule_sleeps_outside_its_hours_and_wakes_to_what_is_there():
    hours = {"from": "00:00:01", "to": "00:00:04", "timezone": "UTC"}
    events = run(rule("intrusion", zone=ZONE, schedule=hours), [(300.0, 300.0)] * 60)
    assert [event.frame for event in events] == [11]


def test_kinds_and_small_ones_that_do_not_count():
    way = [(300.0, 300.0)] * 30
    assert run(rule("intrusion", zone=ZONE), way, kind=1) == []
    assert run(rule("intrusion", zone=ZONE, min_height_px=120), way) == []
    assert len(run(rule("intrusion", zone=ZONE, objects=["person", "motor_vehicle"]), way, kind=1)) == 1


def test_a_vehicle_that_stands_in_a_fire_lane():
    arrives = walk((100, 300), (290, 300), 20)
    events = run(rule("fire_lane_blocked", zone=ZONE, min_dwell_s=3), arrives + [(300.0, 300.0)] * 40, kind=1)
    assert len(events) == 1
    assert 15 <= events[0].frame <= 20  # once it slowed down, not when it rolled in at 11


def test_a_vehicle_that_creeps_through_a_fire_lane_blocks_nothing():
    assert run(rule("fire_lane_blocked", zone=ZONE, min_dwell_s=3), walk((200, 300), (400, 300), 80), kind=1) == []


def test_an_e_bike_indoors_is_told_and_a_person_is_not():
    way = [(300.0, 300.0)] * 20
    assert len(run(rule("e_bike_indoors", zone=ZONE), way, kind=2)) == 1
    assert run(rule("e_bike_indoors", zone=ZONE), way, kind=0) == []


def test_a_crowd_is_told_once_and_again_after_a_calm():
    def people(n: int, steps: int) -> list[Way]:
        return [[(220.0 + 30 * i, 300.0)] * steps for i in range(n)]

    settings = rule("crowd", zone=ZONE, limit=3, min_dwell_s=2, calm_s=4)
    assert run(settings, *people(2, 60)) == []
    events = run(settings, *people(3, 60))
    assert [(event.frame, event.track_id, event.facts["count"]) for event in events] == [(1, 0, 3)]
    two, third = people(3, 200)[:2], [(280.0, 300.0)] * 50
    short, long = [*third, *[None] * 20, *third], [*third, *[None] * 60, *third]
    assert [event.frame for event in run(settings, *two, short)] == [1]
    assert [event.frame for event in run(settings, *two, long)] == [1, 111]


def test_running_is_told_and_walking_is_not():
    assert run(rule("running"), walk((100, 300), (400, 300), 31)) == []  # 1 height a second
    events = run(rule("running"), walk((100, 300), (300, 300), 21) + walk((320, 300), (720, 300), 21))
    assert len(events) == 1
    assert events[0].facts["heights_per_s"] >= 1.6


def test_the_wrong_way_is_told_where_it_began():
    settings = rule("wrong_way", heading=[[0, 0], [100, 0]], min_moved=1.0)
    assert run(settings, walk((100, 300), (700, 300), 30)) == []
    assert run(settings, walk((300, 100), (300, 700), 30)) == []
    events = run(settings, walk((300, 300), (500, 300), 21) + walk((490, 300), (200, 300), 30))
    assert [event.frame for event in events] == [21]


def test_a_fall_is_told_and_bending_down_is_not():
    upright = list(scenes([(300.0, 300.0)] * 20))
    lying = list(scenes([(300.0, 300.0)] * 30, height=40.0, width=100.0))

    def film(after):
        return [*upright, *(s.__class__(20 + s.frame, 2000 + s.t_ms, *_rest(s)) for s in after)]

    assert [e.frame for e in told(CameraRules([rule("fall")]), film(lying))] == [21]
    assert told(CameraRules([rule("fall")]), film(lying[:10])) == []


def _rest(scene):
    return scene.track_id, scene.class_id, scene.xyxy, scene.frame_size


def test_a_rule_that_is_switched_off_is_not_run():
    assert run(rule("intrusion", zone=ZONE, enabled=False), [(300.0, 300.0)] * 30) == []


def test_events_are_counted_by_rule():
    rules = CameraRules([rule("intrusion", zone=ZONE)])
    told(rules, scenes([(300.0, 300.0)] * 30, [(310.0, 300.0)] * 30))
    assert [(kept.events, kept.last_ms) for kept in rules.kept] == [(2, 1000)]


@pytest.mark.parametrize("kind", ["intrusion", "loitering"])
def test_tracks_that_ended_are_forgotten(kind: str):
    rules = CameraRules([rule(kind, zone=ZONE, min_dwell_s=1)])
    told(rules, scenes([(300.0, 300.0)] * 5, [(310.0, 300.0)] * 30))
    (kept,) = rules.kept
    assert list(kept.rule._visits.open) == [2]


def test_a_track_lost_in_mid_zone_leaves_its_visit_to_the_next_one_there():
    first, second = [(300.0, 300.0)] * 20, [*[None] * 28, *[(310.0, 300.0)] * 30]
    settings = rule("loitering", zone=ZONE, min_dwell_s=4)
    assert [(e.frame, e.track_id) for e in run(settings, first, second)] == [(1, 2)]
    assert len(run(rule("intrusion", zone=ZONE), first, second)) == 1  # told once, not again of the heir


def test_a_visit_is_not_left_to_who_comes_later_or_stands_elsewhere_or_walks_in():
    first = [(300.0, 300.0)] * 20
    settings = rule("loitering", zone=ZONE, min_dwell_s=4)
    later, elsewhere = [*[None] * 55, *[(310.0, 300.0)] * 30], [*[None] * 24, *[(390.0, 390.0)] * 30]
    walks_in = [*[None] * 20, *walk((190, 300), (290, 300), 6), *[(295.0, 300.0)] * 25]
    for second in (later, elsewhere, walks_in):
        assert run(settings, first, second) == []


def test_two_who_stand_side_by_side_keep_their_own_visits():
    events = run(rule("loitering", zone=ZONE, min_dwell_s=3), [(300.0, 300.0)] * 40, [(310.0, 300.0)] * 40)
    assert [event.track_id for event in events] == [1, 2]


def test_a_new_session_begins_with_no_tracks_but_keeps_its_counts():
    rules = CameraRules([rule("counting", line=LINE), rule("intrusion", zone=ZONE).model_copy(update={"name": "s"})])
    told(rules, scenes(walk((350, 300), (250, 300), 11)))
    rules.forget()
    events = told(rules, scenes(walk((350, 300), (250, 300), 11)))  # number 1 again, on the first side again
    assert [(event.rule, event.facts.get("count")) for event in events] == [("r", 2), ("s", None)]
