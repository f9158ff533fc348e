"""Rules over recordings: which frames are analysed, when they were filmed, and the file that comes out."""

import json
from pathlib import Path

import pytest

from camera_adapters.errors import BadSource
from models.detector import load_detector
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.errors import BadRules
from pipeline.rules_recording import RecordingClock, recording_clock, run_rules
from search_api.cli.main import run_command
from tests.integration.test_tracking_recording import Cue, film

RULES = {
    "rules": [
        {"name": "line", "kind": "line_crossing", "line": [[120, 100], [120, 200]]},
        {"name": "zone", "kind": "intrusion", "zone": [[100, 100], [200, 100], [200, 200], [100, 200]]},
    ]
}


@pytest.fixture(scope="module")
def cue() -> Cue:
    return Cue(load_detector("nanodet").input)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rectangle whose foot goes from x = 56 to x = 212, 4 pixels a frame, 10 frames a second."""
    return film(tmp_path_factory.mktemp("film") / "walk.mp4", [40.0 + 4 * i for i in range(40)])


@pytest.mark.parametrize(
    ("said", "fps", "recorded", "clock"),
    [
        (10, None, None, RecordingClock(1000.0)),
        (25, 5, None, RecordingClock(5)),
        (10, 7, None, RecordingClock(1000.0, 7)),  # the container lies
        (10, 10, None, RecordingClock(10)),
        (10, 12, None, RecordingClock(12)),
        (10, 7, 10, RecordingClock(7.0, 10)),
        (10, 3.5, 7, RecordingClock(5.0, 7)),
        (10, None, 7, RecordingClock(1000.0, 7)),
        (0, 5, None, RecordingClock(5)),
    ],
)
def test_the_rate_is_that_of_the_container_unless_somebody_knows_better(said, fps, recorded, clock):
    assert recording_clock(said, fps, recorded) == clock


def test_lines_and_zones_in_frames_of_the_recording(walk: Path, cue: Cue):
    told = []
    events = run_rules(walk, check_rules(RULES), detector=cue, progress=lambda *at: told.append(at))
    assert [(e.rule, e.direction) for e in events] == [("zone", ""), ("line", "-")]
    assert [e.frame for e in events] == pytest.approx([12, 18], abs=1)
    assert [e.t_ms for e in events] == [100 * (e.frame - 1) for e in events]
    assert told[-1] == (40, 40)


def test_thinned_and_slowed_keep_the_frame_numbers(walk: Path, cue: Cue):
    rules = check_rules(RULES)
    thinned = run_rules(walk, rules, detector=cue, fps=5)
    slowed = run_rules(walk, rules, detector=cue, fps=7)
    assert [e.frame for e in thinned] == pytest.approx([12, 18], abs=2)
    assert [e.frame for e in slowed] == pytest.approx([12, 18], abs=1)
    assert [e.t_ms for e in slowed] == [round(1000 * (e.frame - 1) / 7) for e in slowed]


def test_a_dwell_is_true_time(walk: Path, cue: Cue):
    zone = {**RULES["rules"][1], "min_dwell_s": 3.0}  # 26 frames inside: 2.6 s by the container, 3.7 s at 7 a second
    rules = check_rules({"rules": [zone]})
    assert run_rules(walk, rules, detector=cue) == []
    assert len(run_rules(walk, rules, detector=cue, fps=7)) == 1


def test_a_rule_that_does_not_fit_the_picture_is_refused_before_anything_is_analysed(walk: Path, cue: Cue):
    far = check_rules({"rules": [{"name": "far", "kind": "line_crossing", "line": [[0, 0], [1920, 1080]]}]})
    with pytest.raises(BadRules, match=r"rule `far`: the point \(1920, 1080\) lies outside .* 320 x 240"):
        run_rules(walk, far, detector=cue)
    with pytest.raises(BadSource, match="name one recording"):
        run_rules(walk.parent, far, detector=cue)


def test_the_command_writes_rows(walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cue: Cue):
    cue.name, cue.choice = "cue", type("Choice", (), {"why": "a test"})
    monkeypatch.setattr("models.detector.load_detector", lambda name: cue)
    rules, out = tmp_path / "rules.yaml", tmp_path / "events.json"
    rules.write_text(json.dumps(RULES), encoding="utf-8")
    assert run_command(["rules", str(walk), "--rules", str(rules), "--out", str(out)]) == 0
    zone, line = json.loads(out.read_text(encoding="utf-8"))
    assert list(line)[:6] == ["rule", "kind", "track_id", "frame", "t_ms", "direction"]
    assert (zone["direction"], line["direction"]) == (None, "-")
    assert (line["rule"], line["kind"], line["track_id"]) == ("line", "line_crossing", 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rules: [{name: a, kind: dance}]", "rule `a`: `kind` must be one of"),
        ("rules: [{name: a, kind: intrusion, zone: [[0,0],[900,0],[900,9]]}]", "outside the picture of 320 x 240"),
        (
            "rules: [{name: a, kind: loitering, zone: [[0,0],[90,0],[90,9]], schedule: {from: '22:00', to: '06:00'}}]",
            "rule `a` has hours: say with --start",
        ),
    ],
)
def test_a_bad_rule_is_one_sentence_and_exit_2(
    walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
):
    rules = tmp_path / "rules.yaml"
    rules.write_text(text, encoding="utf-8")
    assert run_command(["rules", str(walk), "--rules", str(rules), "--out", str(tmp_path / "o.json")]) == 2
    told = capsys.readouterr().err
    assert sentence in told.splitlines()[-1]
    assert "Traceback" not in told
    assert not (tmp_path / "o.json").exists()
