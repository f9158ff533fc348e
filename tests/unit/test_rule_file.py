"""Rule files: what is taken, and the one sentence for what is not."""

from pathlib import Path

import pytest

from pipeline.alerting.rules.rule_file import check_inside, check_rules, read_rules
from pipeline.alerting.rules.schedule import Hours
from pipeline.errors import BadRules, BadSettings

SQUARE = "[[0, 0], [100, 0], [100, 100], [0, 100]]"
ROOT = Path(__file__).resolve().parents[2]


def rules(tmp_path: Path, *lines: str):
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n" + "".join(f"  - {{{line}}}\n" for line in lines), encoding="utf-8")
    return read_rules(path)


def test_the_documented_form(tmp_path: Path):
    line, zone = rules(
        tmp_path,
        "name: gate, kind: line_crossing, line: [[1, 2], [30, 40.5]]",
        f"name: 花坛, kind: intrusion, zone: {SQUARE}, min_dwell_s: 10",
    )
    assert (line.name, line.line, line.direction) == ("gate", ((1.0, 2.0), (30.0, 40.5)), "both")
    assert (zone.name, len(zone.zone), zone.min_dwell_s) == ("花坛", 4, 10.0)


def test_a_ring_that_repeats_its_first_corner_is_closed_already(tmp_path: Path):
    (zone,) = rules(tmp_path, "name: a, kind: intrusion, zone: [[0, 0], [9, 0], [9, 9], [0, 0]]")
    assert zone.zone == ((0, 0), (9, 0), (9, 9))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("name: a, kind: intrusion, zone: [[0, 0], [9, 9], [9, 0], [0, 9]]", "rule `a`: zone: edges 1 and 3 meet"),
        ("name: a, kind: intrusion, zone: [[0, 0], [9, 9]]", "rule `a`: zone: a zone needs at least 3 corners"),
        ("name: a, kind: intrusion, zone: [[0, 0], [5, 5], [9, 9]]", "rule `a`: zone: "),
        ("name: a, kind: intrusion, zone: [[0, 0], [9, 0], [.nan, 9]]", "rule `a`: zone.3.1: "),
        ("name: a, kind: intrusion", "rule `a`: `zone` is missing"),
        (f"name: a, kind: intrusion, zone: {SQUARE}, min_dwell_s: -1", "rule `a`: min_dwell_s: "),
        (f"name: a, kind: intrusion, zone: {SQUARE}, colour: red", "rule `a`: unknown key `colour`"),
        ("name: a, kind: line_crossing, line: [[1, 1], [1, 1]]", "rule `a`: line: both ends are the same point"),
        ("name: a, kind: line_crossing, line: [[1, 1]]", "rule `a`: `line.2` is missing"),
        ("name: a, kind: dancing", "rule `a`: `kind` must be one of line_crossing, "),
        ("name: a", "rule `a`: `kind` must be one of"),
        ("kind: line_crossing, line: [[1, 1], [2, 1]]", "rule number 1: `name` is missing"),
        ("name: a, kind: line_crossing, line: [[1, 1], [2, 1]], direction: left", "rule `a`: direction: "),
        (f"name: a, kind: crowd, zone: {SQUARE}, limit: 1", "rule `a`: limit: "),
        (f"name: a, kind: intrusion, zone: {SQUARE}, schedule: {{from: '25:00'}}", "rule `a`: schedule.from: "),
        (
            f"name: a, kind: intrusion, zone: {SQUARE}, schedule: {{timezone: Mars/Olympus}}",
            "rule `a`: schedule.timezone: no time zone is called 'Mars/Olympus'",
        ),
    ],
)
def test_the_sentence_names_file_line_and_rule(tmp_path: Path, line: str, sentence: str):
    with pytest.raises(BadRules) as caught:
        rules(tmp_path, line)
    assert f"rules.yaml, line 2: {sentence}" in str(caught.value)


def test_names_must_differ(tmp_path: Path):
    line = "name: a, kind: line_crossing, line: [[1, 1], [2, 1]]"
    with pytest.raises(BadRules, match="rule `a` stands there twice"):
        rules(tmp_path, line, line)


@pytest.mark.parametrize("text", ["", "rules: []", "- 1", "rules: 3", "rules: [3]", "rule: []", "\x00"])
def test_what_is_no_rule_file_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((BadRules, BadSettings)):
        read_rules(path)


def test_a_zone_outside_the_picture_is_refused_and_one_on_its_border_is_not(tmp_path: Path):
    kept = rules(tmp_path, f"name: a, kind: intrusion, zone: {SQUARE}")
    check_inside(kept, (100, 100))
    check_inside(kept, (99, 99))
    with pytest.raises(BadRules, match=r"rule `a`: the point \(100, 0\) lies outside the picture of 64 x 200 pixels"):
        check_inside(kept, (64, 200))


def test_rules_sent_by_others_are_checked_the_same():
    with pytest.raises(BadRules, match="rule `a`: `zone` is missing"):
        check_rules({"rules": [{"name": "a", "kind": "intrusion"}]})


@pytest.mark.parametrize(
    ("hours", "moment", "covered"),
    [
        ({"from": "08:00", "to": "18:00"}, "fri 08:00", True),
        ({"from": "08:00", "to": "18:00"}, "fri 18:00", False),
        ({"from": "22:00", "to": "06:00"}, "fri 23:00", True),
        ({"from": "22:00", "to": "06:00"}, "fri 05:59", True),
        ({"from": "22:00", "to": "06:00"}, "fri 12:00", False),
        ({"from": "22:00", "to": "06:00", "days": ["fri"]}, "fri 05:00", False),
        ({"from": "22:00", "to": "06:00", "days": ["thu"]}, "fri 05:00", True),
        ({"days": ["sat", "sun"]}, "fri 12:00", False),
        ({"from": 1320, "to": "24:00"}, "fri 22:00", True),  # YAML 1.1 reads 22:00 as 1320
        ({"from": 1320, "to": "24:00"}, "fri 21:59", False),
    ],
)
def test_hours(hours, moment, covered):
    friday = 1_777_564_800_000  # 2026-05-01 00:00 in Shanghai
    _, clock = moment.split()
    at_ms = friday + sum(int(part) * unit for part, unit in zip(clock.split(":"), (3_600_000, 60_000), strict=True))
    assert Hours.model_validate({"timezone": "Asia/Shanghai", **hours}).covers(at_ms) is covered


def test_the_example_uses_every_kind_there_is():
    from pipeline.alerting.rules.table import RULES

    assert {rule.kind for rule in read_rules(ROOT / "configs" / "rules" / "gate.yaml")} == set(RULES)
