"""The commands as integrators use them, on the clip that ships with the product and the bundled networks."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from models.kinds import Kind
from pipeline.archive import open_archive
from search_api.cli.main import run_command

CLIPS = Path(__file__).resolve().parents[2] / "configs" / "demo"
START_MS = 1777608000000
ZHIAN = [sys.executable, "-c", "from search_api.cli.main import main; main()"]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Only the bundled networks, whatever this machine has fetched."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ZHIAN_MODELS_HOME", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames of the clip with several people, in one folder."""
    folder = tmp_path_factory.mktemp("frames")
    capture = cv2.VideoCapture(str(CLIPS / "gate-noon.mp4"))
    for number in range(101):
        image = capture.read()[1]
        if number in {60, 100}:
            cv2.imwrite(str(folder / f"frame{number}.jpg"), image)
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, offline: None) -> Path:
    """The dusk clip at 2 frames a second as camera `gate`."""
    folder = tmp_path_factory.mktemp("analysed") / "store"
    start = ["--start", "2026-05-01T12:00:00+08:00", "--fps", "2", "--community", "willow"]
    assert (
        run_command(["analyze", str(CLIPS / "gate-dusk.mp4"), "--archive", str(folder), "--camera", "gate", *start])
        == 0
    )
    return folder


@pytest.fixture(scope="module")
def person(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The stored picture of the sighting seen longest, as a photo, and its id."""
    from pipeline.archive import SightingFilter

    with open_archive(archive, writable=False) as opened:
        seen = max(opened.find(SightingFilter(kind=Kind.PERSON), limit=1000), key=lambda s: s.frames)
        photo = tmp_path_factory.mktemp("photo") / "her.jpg"
        photo.write_bytes(opened.picture(seen.id))
    return photo, seen.id


def test_version_and_help_are_instant() -> None:
    began = time.monotonic()
    said = subprocess.run([*ZHIAN, "--help"], capture_output=True, text=True, check=True).stdout
    assert time.monotonic() - began < 2.0
    for command in ("detect", "track", "embed", "describe", "analyze", "search", "run", "demo", "models"):
        assert f"\n  {command} " in said
    assert re.fullmatch(r"zhian \d+\.\d+\.\d+\S*\n", subprocess.check_output([*ZHIAN, "--version"], text=True))


def test_help_loads_no_network_and_no_server() -> None:
    heavy = "{'numpy', 'cv2', 'fastapi', 'onnxruntime', 'openvino'}"
    code = f"import sys, search_api.cli.main; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_detect(frames: Path, tmp_path: Path, offline: None, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.json"
    assert run_command(["detect", str(frames), "--out", str(out), "--min-score", "0.4", "--model", "nanodet"]) == 0
    said = capsys.readouterr()
    assert "nanodet" in said.err
    rows = json.loads(out.read_text())
    assert {row["image"] for row in rows} == {"frame60.jpg", "frame100.jpg"}
    assert all(set(row) == {"image", "kind", "score", "xyxy"} and row["score"] >= 0.4 for row in rows)
    people = [row for row in rows if row["kind"] == "person"]
    assert len(people) >= 4
    for x1, y1, x2, y2 in (row["xyxy"] for row in rows):
        assert 0 <= x1 < x2 <= 768 and 0 <= y1 < y2 <= 576


def test_detect_passes_over_a_bad_picture_in_a_folder(
    frames: Path, tmp_path: Path, offline: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in frames.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"x")
    assert run_command(["detect", str(tmp_path), "--min-score", "0.5"]) == 0
    said = capsys.readouterr()
    assert "passed over" in said.err and "broken.jpg" in said.err
    assert "frame60.jpg" in said.out


def test_describe(tmp_path: Path, offline: None, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "crops", tmp_path / "described.json"
    folder.mkdir()
    cv2.imwrite(str(folder / "night.png"), np.zeros((120, 50, 3), np.uint8))
    cv2.imwrite(str(folder / "somebody.png"), np.full((120, 50, 3), 90, np.uint8))
    assert run_command(["describe", str(folder), "--out", str(out)]) == 0
    night, somebody = json.loads(out.read_text("utf-8"))
    assert (night["image"], night["kind"]) == ("night.png", "person")
    assert night["attributes"]["upper_colour"] == {"value": "unknown", "confidence": 0.0}
    assert set(somebody["attributes"]) == {"upper_colour", "lower_colour"}
    assert 0 < somebody["attributes"]["lower_colour"]["confidence"] <= 1
    assert "2 pictures" in capsys.readouterr().out
    assert run_command(["describe", str(folder / "somebody.png")]) == 0
    assert "upper_colour" in capsys.readouterr().out


def test_embed(frames: Path, tmp_path: Path, offline: None) -> None:
    out = tmp_path / "v.npz"
    assert run_command(["embed", str(frames), "--out", str(out), "--model", "colour_stripes"]) == 0
    stored = np.load(out)
    assert stored["names"].tolist() == ["frame100.jpg", "frame60.jpg"]
    assert stored["vectors"].dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(stored["vectors"], axis=1), 1, atol=1e-5)


def test_track(tmp_path: Path, offline: None) -> None:
    out = tmp_path / "t.txt"
    arguments = ["track", str(CLIPS / "gate-dusk.mp4"), "--out", str(out), "--fps", "1", "--model", "nanodet"]
    assert run_command(arguments) == 0
    rows = [line.split(",") for line in out.read_text().splitlines()]
    assert rows and all(len(row) == 10 and row[7:] == ["-1", "-1", "-1"] for row in rows)
    assert min(int(row[0]) for row in rows) >= 1


def test_search_finds_the_sighting_of_the_photo(
    archive: Path, person: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, wanted = person
    height, width = cv2.imread(str(photo)).shape[:2]
    report = tmp_path / "r.html"
    ask = ["search", "--archive", str(archive), "--photo", str(photo), "--box", f"0,0,{width},{height}"]
    capsys.readouterr()
    asked = [*ask, "--json", "--pictures", str(tmp_path / "p"), "--report", str(report), "--reason", "case 7"]
    assert run_command([*asked, "--top", "3"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["query"]["kind"] == "person"
    best = said["hits"][0]
    assert wanted in [each["sighting"] for hit in said["hits"] for each in (hit, *hit["shots"])]
    assert best["confidence"]["zh"] and best["group"] and (best["before"] or best["after"])
    assert (best["rank"], best["camera"], best["community"]) == (1, "gate", "willow")
    assert START_MS <= best["first_seen_ms"] < START_MS + 50_000
    assert Path(best["picture"]).read_bytes().startswith(b"\xff\xd8")
    assert len(list((tmp_path / "p").iterdir())) == len(said["hits"])
    assert report.read_text().count('<img src="data:image/jpeg') == 1 + len(said["hits"])
    with open_archive(archive, writable=False) as opened:
        entry = next(opened.searches())
    assert (entry.reason, entry.hits) == ("case 7", len(said["hits"]))
    assert entry.who


def test_hits_that_are_told_right_or_wrong_change_the_answer(
    archive: Path, person: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["search", "--archive", str(archive), "--no-group", "--json"]
    capsys.readouterr()
    assert run_command([*ask, "--like", person[1]]) == 0
    first, second, *_ = (hit["sighting"] for hit in json.loads(capsys.readouterr().out)["hits"])
    assert run_command([*ask, "--like", person[1], "--reject", first, "--confirm", second, "--rerank", "none"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["query"]["confirmed"] == [second]
    assert first not in [hit["sighting"] for hit in said["hits"]]
    assert [hit["sighting"] for hit in said["hits"] if hit["confirmed"]] == [second]
    photos = ["--photo", str(person[0])] * 2
    height, width = cv2.imread(str(person[0])).shape[:2]
    assert run_command([*ask, *photos, *["--box", f"0,0,{width},{height}"] * 2]) == 0
    assert len(json.loads(capsys.readouterr().out)["query"]["photos"]) == 2
    assert run_command([*ask, "--like", person[1], "--coat-may-have-changed"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["query"]["coat_may_have_changed"] and {hit["confidence"] for hit in said["hits"]} == {None}


def test_search_prints_a_table(archive: Path, person: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    height, width = cv2.imread(str(person[0])).shape[:2]
    ask = ["search", "--archive", str(archive), "--photo", str(person[0]), "--box", f"0,0,{width},{height}"]
    capsys.readouterr()
    assert run_command([*ask, "--top", "2"]) == 0
    said = capsys.readouterr().out
    assert "score" in said and said.count("gate") == 3  # two hits, and where the one meant was seen last
    assert "last seen: gate 2026-05-01 " in said
    assert run_command([*ask, "--to", "2026-05-01T03:00:00Z"]) == 0
    assert "nothing in the archive fits" in capsys.readouterr().out


def test_several_people_are_numbered_and_one_is_chosen(
    archive: Path, frames: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["search", "--archive", str(archive), "--photo", str(frames / "frame60.jpg")]
    capsys.readouterr()
    assert run_command(ask) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "--person N" in said and "1: " in said and "2: " in said
    assert str(frames / "frame60.numbered.jpg") in said
    (frames / "frame60.numbered.jpg").unlink()
    assert run_command([*ask, "--person", "2", "--json"]) == 0
    box = json.loads(capsys.readouterr().out)["query"]["box"]
    assert ",".join(f"{round(v):d}" for v in box) in said
    assert run_command([*ask, "--person", "99"]) == 2


def test_a_photo_of_several_for_a_watch_is_numbered_too(
    archive: Path, frames: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["watch", "add", "--archive", str(archive), "--photo", str(frames / "frame60.jpg"), "--reason", "case 7"]
    capsys.readouterr()
    assert run_command([*ask, "--expires", "2126-05-08"]) == 2
    assert f"look at {frames / 'frame60.numbered.jpg'} and choose one with --box" in capsys.readouterr().err
    (frames / "frame60.numbered.jpg").unlink()


def test_run_serves_stores_and_stops_in_order(tmp_path: Path, offline: None) -> None:
    config = tmp_path / "site.yaml"
    clip = CLIPS / "gate-dusk.mp4"
    config.write_text(
        f"cameras:\n  - {{id: gate, source: {clip}, pace: fast, analysis_fps: 1, start: 2026-05-01T12:00:00+08:00}}\n"
        "archive: {path: store, retention_days: 3650}\napi: {port: 0}\n"
    )
    with subprocess.Popen([*ZHIAN, "run", str(config)], stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stderr is not None
            said = ""
            while "search page and API: " not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            token = re.search(r"only this once: (\S+)", said)
            address = re.search(r"API: (http://127\.0\.0\.1:\d+)", said)
            assert token and address
            with httpx.Client(base_url=address[1], trust_env=False, timeout=30) as client:
                client.headers["Authorization"] = f"Bearer {token[1]}"
                until = time.monotonic() + 60
                while client.get("/v1/cameras").json()[0]["sightings"] == 0:
                    assert time.monotonic() < until
                    time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(30) == 0, rest
        finally:
            process.kill()
    assert "Traceback" not in said + rest
    assert token[1] not in rest
    with open_archive(tmp_path / "store", writable=True) as opened:
        assert opened.count() > 0


def test_engines_are_measured_once_and_the_list_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIAN_MODELS_HOME", str(tmp_path))
    assert run_command(["models", "measure", "--batch", "1", "--threads", "1"]) == 0
    said = capfd.readouterr().out
    assert {"onnxruntime-cpu-fp32", "openvino-cpu-fp32"} <= set(said.split())
    kept = json.loads((tmp_path / "engines.json").read_text("utf-8"))
    assert {each["batch"] for each in kept["measured"][0]["figures"]} == {1}


def test_analysing_measures_the_engines_at_the_first_start(archive: Path) -> None:
    assert (Path(os.environ["ZHIAN_MODELS_HOME"]) / "engines.json").is_file()
