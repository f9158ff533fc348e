"""Configuration: what is right is read, what is wrong is told with its line."""

from pathlib import Path

import pytest

from camera_adapters.site import Position
from models.kinds import Kind
from pipeline.errors import BadSettings
from pipeline.settings_file import load_settings
from pipeline.site_map import site_map

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
GOOD = """\
communities:
  - id: 梅园
cameras:
  - id: gate
    community: 梅园
    source: rtsp://admin:${CAM_WORD}@127.0.0.1/main
    start: 2026-05-01T12:00:00+08:00
archive:
  path: archive
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_camera_with_variable_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_WORD", "s3cret")
    settings = load_settings(write(tmp_path, GOOD))
    _, (camera,) = settings.site
    assert camera.source == "rtsp://admin:s3cret@127.0.0.1/main"
    assert camera.start_ms == 1_777_608_000_000  # 2026-05-01 04:00:00 UTC
    assert settings.archive.path == tmp_path / "archive"
    assert settings.api.host == "127.0.0.1"
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(camera)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    start:", "    colour: red\n    start:", "line 7: unknown key `cameras.0.colour`"),
        ("  path: archive", "  retention_days: 0\n  path: archive", "line 9: archive.retention_days"),
        ("  path:", "  retention_days_by_kind: {horse: 9}\n  path:", "line 9: archive.retention_days_by_kind"),
        ("  path:", "  retention_days_by_kind: {person: 0}\n  path:", "line 9: archive.retention_days_by_kind"),
        ("archive:\n  path: archive\n", "", "line 1: `archive` is missing"),
        ("  - id: gate\n", "  - id: gate\n    id: gate2\n", "line 5: `id` stands here twice"),
        ("    community: 梅园", "    community: 竹园", "梅园|竹园, which is not listed"),
        ("+08:00", "", "line 7: cameras.0.start: a time needs its zone"),
        ("${CAM_WORD}", "${NOT_SET}", "line 6: environment variable NOT_SET is not set"),
        ("rtsp://", "ftp://", "line 6: cameras.0.source"),
        ("    start:", "    position: {lon: 30.8, lat: 120.9}\n    start:", "line 7: cameras.0.position.lat"),
        ("archive:\n", "paths:\n  - {from: gate, to: gat, metres: 9}\narchive:\n", "a path leads to gat"),
        ("archive:\n", "gates: [{id: east, community: 竹园}]\narchive:\n", "gate east names the community 竹园"),
        (
            "archive:\n",
            "travel: {speeds: {person: {usual_kmh: 9, fastest_kmh: 4}}}\narchive:\n",
            "travel.speeds.person: the fastest speed is below the usual one",
        ),
        ("cameras:", "cameras: [", "not YAML"),
    ],
)
def test_says_what_and_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, told: str) -> None:
    monkeypatch.setenv("CAM_WORD", "s3cret")
    assert old in GOOD
    with pytest.raises(BadSettings) as caught:
        load_settings(write(tmp_path, GOOD.replace(old, new, 1)))
    assert any(part in str(caught.value) for part in told.split("|"))
    assert "s3cret" not in str(caught.value)


def test_names_and_places_need_no_passwords(tmp_path: Path) -> None:
    text = GOOD.replace("${CAM_WORD}", "${NOT_SET}").replace("    start:", "    gate: east\n    start:")
    text += "gates: [{id: east, community: 梅园, position: {lon: 120.9, lat: 30.8}}]\ntravel: {detour: 1.5}\n"
    text += "  # a comment\n"
    site = site_map(load_settings(write(tmp_path, text), secrets=False))
    assert site.graph.positions == {"gate": Position(120.9, 30.8)}
    assert site.travel.detour == 1.5
    assert site.travel.speeds[Kind.PERSON].usual == 1.1


def test_empty_and_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="empty or not a mapping"):
        load_settings(write(tmp_path, ""))
    with pytest.raises(BadSettings, match="no such file"):
        load_settings(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["closed-community.yaml", "open-community.yaml"])
def test_examples_are_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSWORD", "x")
    monkeypatch.setenv("MOUTH_PASSWORD", "x")
    assert load_settings(CONFIGS / name).cameras


def test_a_misspelt_key_is_met_with_the_one_that_was_meant_and_no_echo(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        load_settings(write(tmp_path, GOOD.replace("    source: rtsp://admin:${CAM_WORD}@", "    sorce: rtsp://", 1)))
    said = str(caught.value).splitlines()
    assert [line.split(": ", 1)[1] for line in said] == [
        "`cameras.0.source` is missing",
        "unknown key `cameras.0.sorce` (did you mean `source`?)",
    ]
