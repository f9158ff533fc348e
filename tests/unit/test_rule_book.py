"""The rules of all cameras at work: alerts out of frames and tracks, changes at run time, what survives a restart."""

import json
from pathlib import Path

import numpy as np
import pytest

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.rules.book import MOST_RULES, RuleBook, open_rule_book
from pipeline.alerting.rules.changed_rules import ChangedRules
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.analysis.tracking import Tracks
from pipeline.errors import ArchiveError, BadRules, BadSettings, UnknownCamera, UnknownRule
from pipeline.settings_file import load_settings
from pipeline.sighting import TrackletKey

GATE, YARD = Camera("gate", "x.mp4", community="梅园"), Camera("yard", "y.mp4")
PICTURE = np.zeros((10, 10, 3), np.uint8)
ZONE = {"name": "zone", "kind": "intrusion", "zone": [[0, 0], [100, 0], [100, 400], [0, 400]], "min_dwell_s": 0.4}
COUNT = {"name": "count", "kind": "counting", "line": [[100, 0], [100, 400]]}


def rules(*each: dict):
    return check_rules({"rules": list(each)})


def seen(i: int, x: float, *, camera: str = "gate", session: str = "s", size=(640, 400), hidden: bool = False):
    """One confirmed person whose foot is at (x, 300), 5 frames a second."""
    frame = Frame(camera, session, 5 * i, 1_000_000 + 200 * i, PICTURE, size, lambda: PICTURE)
    box = np.array([[x - 20, 200, x + 20, 300]], np.float32)
    one = np.ones(1, np.int64)
    state = np.array([-1 if hidden else 0], np.int64)
    return frame, Tracks(7 * one, box, np.array([0.9], np.float32), 0 * one, state, np.array([True]))


def walk(book: RuleBook, xs, **more) -> list[Alert]:
    return [alert for i, x in enumerate(xs) for alert in book.observe(*seen(i, x, **more))]


def test_an_alert_says_what_where_when_and_names_the_sighting():
    (alert,) = walk(RuleBook([GATE, YARD], {"gate": rules(ZONE)}), [120.0, 90.0, 80.0, 70.0, 60.0])
    key = TrackletKey("gate", "s", 7)
    assert (alert.source, alert.name, alert.kind, alert.severity) == (Source.RULE, "zone", "intrusion", Severity.HIGH)
    assert (alert.camera_id, alert.community, alert.at_ms) == ("gate", "梅园", 1_000_200)
    assert alert.subject == alert.sighting_id == key.sighting_id()
    assert alert.facts["dwell_s"] == 0.4


def test_a_rule_that_does_not_fit_keeps_no_other_from_being_added():
    book = RuleBook([GATE], {"gate": rules({**ZONE, "name": "far", "zone": [[0, 0], [9000, 0], [9000, 400]]})})
    walk(book, [300.0])
    book.add_rule("gate", rules(COUNT)[0])
    assert [(r.settings.name, r.state) for r in book.reports()] == [("far", "faulty"), ("count", "watching")]


def test_a_camera_takes_so_many_rules_and_no_more():
    book = RuleBook([GATE], {"gate": rules(*({**ZONE, "name": f"zone {i}"} for i in range(MOST_RULES)))})
    with pytest.raises(BadRules, match="256 rules at most"):
        book.add_rule("gate", rules(COUNT)[0])


def test_the_same_event_has_the_same_id_and_another_session_another():
    def ids(session: str) -> list[str]:
        book = RuleBook([GATE], {"gate": rules(ZONE)})
        return [alert.id for alert in walk(book, [90.0] * 5, session=session)]

    assert ids("s") == ids("s")
    assert ids("s") != ids("t")


def test_cameras_do_not_disturb_each_other_and_a_camera_without_rules_is_silent():
    book = RuleBook([GATE, YARD], {"gate": rules(ZONE), "yard": ()})
    assert walk(book, [90.0] * 5, camera="yard") == []
    assert walk(book, [90.0] * 5, camera="elsewhere") == []
    assert len(walk(book, [90.0] * 5)) == 1


def test_a_predicted_box_is_no_observation():
    assert walk(RuleBook([GATE], {"gate": rules(ZONE)}), [90.0] * 9, hidden=True) == []


def test_what_is_only_counted_raises_no_alert_but_is_reported():
    book = RuleBook([GATE], {"gate": rules(COUNT)})
    assert walk(book, [160.0, 120.0, 80.0, 60.0]) == []
    (report,) = book.reports()
    assert (report.events, report.count, report.last_ms, report.state) == (1, 1, 1_000_400, "watching")


def test_a_new_session_begins_with_new_tracks_and_keeps_the_count():
    book = RuleBook([GATE], {"gate": rules(COUNT)})
    for session in ("s", "t"):
        walk(book, [160.0, 120.0, 80.0, 60.0], session=session)
    assert book.reports()[0].count == 2


def test_a_rule_that_does_not_fit_the_picture_is_faulty_and_the_others_work():
    far = {"name": "far", "kind": "line_crossing", "line": [[0, 0], [1900, 1000]]}
    book = RuleBook([GATE], {"gate": rules(ZONE, far)})
    assert len(walk(book, [90.0] * 5)) == 1
    zone, faulty = book.reports()
    assert (zone.state, faulty.state) == ("watching", "faulty")
    assert "outside the picture of 640 x 400" in faulty.fault


def test_switched_off_and_asleep_are_told_apart():
    night = {**ZONE, "name": "night", "schedule": {"from": "02:00", "to": "03:00", "timezone": "UTC"}}
    book = RuleBook([GATE], {"gate": rules({**ZONE, "enabled": False}, night)})
    walk(book, [90.0] * 5)  # at 00:16
    assert [report.state for report in book.reports()] == ["off", "asleep"]


def test_rules_change_while_it_runs_and_survive_a_restart(tmp_path: Path):
    def opened() -> RuleBook:
        return RuleBook([GATE, YARD], {"gate": rules(ZONE)}, ChangedRules(tmp_path))

    book = opened()
    book.add_rule("gate", rules(COUNT)[0])
    book.add_rule("gate", rules({**ZONE, "severity": "critical"})[0])  # takes the place of the one of its name
    book.set_rules("yard", rules(ZONE))
    again = opened()
    assert [(r.camera_id, r.settings.name, r.changed) for r in again.reports()] == [
        ("gate", "zone", True),
        ("gate", "count", True),
        ("yard", "zone", True),
    ]
    (alert,) = walk(again, [90.0] * 5)
    assert alert.severity is Severity.CRITICAL
    again.remove_rule("gate", "count")
    again.remove_rule("gate", "zone")
    assert opened().rules_of("gate") == ()  # none is a choice, too
    again.restore("gate")
    assert [rule.severity for rule in opened().rules_of("gate")] == [None]


def test_a_change_leaves_the_other_rules_at_work(tmp_path: Path):
    book = RuleBook([GATE], {"gate": rules(COUNT)}, ChangedRules(tmp_path))
    walk(book, [160.0, 120.0])
    book.add_rule("gate", rules(ZONE)[0])
    for i, x in enumerate([80.0, 60.0], start=2):
        book.observe(*seen(i, x))
    assert [(r.settings.name, r.events, r.count) for r in book.reports()] == [("count", 1, 1), ("zone", 0, None)]
    book.add_rule("gate", rules({**COUNT, "in_direction": "-"})[0])
    assert [(r.settings.name, r.count) for r in book.reports()] == [("count", 0), ("zone", None)]


def test_what_cannot_be_changed_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    book = RuleBook([GATE], {"gate": rules(ZONE)}, ChangedRules(tmp_path))
    walk(book, [300.0])
    far = rules({"name": "far", "kind": "line_crossing", "line": [[0, 0], [1900, 1000]]})
    with pytest.raises(BadRules, match="outside the picture"):
        book.set_rules("gate", far)
    with pytest.raises(BadRules, match="stands there twice"):
        book.set_rules("gate", rules(ZONE) * 2)
    with pytest.raises(UnknownCamera):
        book.set_rules("attic", ())
    with pytest.raises(UnknownRule, match="camera gate has no rule `x`"):
        book.remove_rule("gate", "x")
    monkeypatch.setattr("pipeline.alerting.rules.changed_rules.write_file", _full)
    with pytest.raises(ArchiveError, match="cannot be kept: No space left"):
        book.set_rules("gate", ())
    assert [rule.name for rule in book.rules_of("gate")] == ["zone"]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("text", ["{", "[]", '{"gate": 3}', '{"gate": [{"name": "a"}]}'])
def test_a_damaged_file_of_changes_is_told(tmp_path: Path, text: str):
    (tmp_path / "rules.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadRules, match=r"rules\.json cannot be used .* mend it, or remove it"):
        RuleBook([GATE], {}, ChangedRules(tmp_path))


SITE = """
archive: {path: .}
cameras:
  - id: gate
    source: gate.mp4
    RULES
"""


def site(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("RULES", text), encoding="utf-8")
    return path


def test_the_site_file_holds_rules_or_names_a_file_of_them(tmp_path: Path):
    inline = open_rule_book(load_settings(site(tmp_path, f"rules: [{json.dumps(ZONE)}]")))
    (tmp_path / "gate-rules.yaml").write_text(json.dumps({"rules": [ZONE]}), encoding="utf-8")
    named = open_rule_book(load_settings(site(tmp_path, "rules_file: gate-rules.yaml")))
    assert inline.rules_of("gate") == named.rules_of("gate") == rules(ZONE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "rules:\n      - {name: a, kind: intrusion, zone: [[0, 0], [9, 9], [9, 0], [0, 9]]}",
            r"line 7: cameras\.0\.rules\.0\.intrusion\.zone: edges 1 and 3 meet",
        ),
        ("rules: [{name: a, kind: dance}]", r"line 6: cameras\.0\.rules\.0"),
        (f"rules: [{json.dumps(ZONE)}, {json.dumps(ZONE)}]", "rule `zone` stands there twice"),
        (f"rules: [{json.dumps(ZONE)}]\n    rules_file: r.yaml", "exclude each other"),
    ],
)
def test_a_site_file_with_bad_rules_is_told(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(BadSettings, match=sentence):
        load_settings(site(tmp_path, text))
