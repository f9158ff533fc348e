"""Bad input at the command line: exit code 2 and exactly one line that says what and how to mend it."""

import sqlite3
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.archive import open_archive
from search_api.cli.main import run_command

CLIP = Path(__file__).resolve().parents[2] / "configs" / "demo" / "gate-noon.mp4"
Refused = Callable[..., str]


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused and return the last of its lines: any others only name the chosen model."""

    def run(*arguments: object) -> str:
        assert run_command([str(a) for a in arguments]) == 2
        said = capfd.readouterr()
        assert said.out == ""
        lines = [line for line in said.err.splitlines() if line.startswith("zhian: ")]
        assert len(lines) == 1, said.err
        assert said.err.endswith(lines[0] + "\n")
        assert "Traceback" not in said.err
        return lines[0]

    return run


def huge_png(path: Path, width: int, height: int) -> Path:
    """Write a PNG of so many pixels that is only a few bytes long."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """A photo that shows nobody."""
    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), np.full((240, 320, 3), 128, np.uint8))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive without sightings."""
    open_archive(tmp_path / "store", writable=True).close()
    return tmp_path / "store"


def test_pictures_that_are_none(refused: Refused, tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "folder").mkdir()
    assert "empty.jpg" in refused("detect", tmp_path / "empty.jpg", "--out", out)
    assert "text.jpg" in refused("detect", tmp_path / "text.jpg", "--out", out)
    assert "huge.png" in refused("detect", huge_png(tmp_path / "huge.png", 20_000, 10_000), "--out", out)
    assert "text.jpg" in refused("describe", tmp_path / "text.jpg", "--out", out)
    assert "does not exist" in refused("detect", tmp_path / "gone.jpg", "--out", out)
    assert "holds no picture" in refused("embed", tmp_path / "folder", "--out", tmp_path / "o.npz")
    assert not out.exists()


def test_places_that_cannot_take_the_result(refused: Refused, tmp_path: Path, grey: Path) -> None:
    assert "make it first" in refused("detect", grey, "--out", tmp_path / "no" / "o.json")
    assert "is a folder" in refused("embed", grey, "--out", tmp_path)


def test_models_that_are_not_there(
    refused: Refused, tmp_path: Path, grey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIAN_MODELS_HOME", str(tmp_path / "models"))
    assert "zhian models fetch omz2002" in refused("detect", grey, "--model", "omz2002")
    assert "zhian models fetch omz0277" in refused("embed", grey, "--model", "omz0277", "--out", tmp_path / "o.npz")
    assert "zhian models fetch omz0039" in refused("describe", grey, "--kind", "motor_vehicle")
    assert "nothing was measured" in refused("describe", grey, "--kind", "non_motor_vehicle")
    assert "yolo99" in refused("detect", grey, "--model", "yolo99")
    assert "nonsense" in refused("models", "fetch", "nonsense")
    assert "--all" in refused("models", "fetch")
    assert "no-mirror" in refused("models", "fetch", "omz0288", "--mirror", tmp_path / "no-mirror")


@pytest.mark.parametrize("command", ["track", "analyze"])
def test_recordings_that_are_none(refused: Refused, tmp_path: Path, command: str) -> None:
    rest = ["--out", tmp_path / "o.txt"] if command == "track" else ["--archive", tmp_path / "a", "--camera", "c"]
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no video\n" * 50)
    (tmp_path / "cut.mp4").write_bytes(CLIP.read_bytes()[:3000])
    for name in ("empty.mp4", "text.mp4", "cut.mp4", "gone.mp4"):
        assert name in refused(command, tmp_path / name, *rest)
    assert not (tmp_path / "o.txt").exists()


def test_analyze_asks_for_usable_words(refused: Refused, tmp_path: Path) -> None:
    rest = ["--archive", tmp_path / "a", "--camera"]
    assert "is not a time" in refused("analyze", CLIP, *rest, "c", "--start", "noon")
    assert "--camera" in refused("analyze", CLIP, *rest, "north gate")
    assert "left,top,right,bottom" in refused("analyze", CLIP, *rest, "c", "--far", "0,0,1")
    assert "left,top,right,bottom" in refused("analyze", CLIP, *rest, "c", "--far", "0,0.5,1,0.2")
    assert "Missing option '--camera'" in refused("analyze", CLIP, "--archive", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_archives_that_cannot_be_used(refused: Refused, tmp_path: Path, archive: Path, grey: Path) -> None:
    assert "no archive" in refused("search", "--archive", tmp_path / "none", "--photo", grey)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("x")
    assert "letter.txt" in refused("analyze", CLIP, "--archive", tmp_path / "other", "--camera", "c")
    with open_archive(archive, writable=True):
        assert "another process" in refused("analyze", CLIP, "--archive", archive, "--camera", "c")
    (database,) = (p for p in archive.iterdir() if p.is_file() and p.read_bytes()[:6] == b"SQLite")
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert "install a newer zhian" in refused("search", "--archive", archive, "--photo", grey)


def test_questions_that_cannot_be_answered(refused: Refused, archive: Path, grey: Path, tmp_path: Path) -> None:
    ask = ["search", "--archive", archive, "--photo", grey]
    assert "no person found" in refused(*ask)
    assert "not after its start" in refused(*ask, "--from", "2026-05-02", "--to", "2026-05-01")
    assert "unknown camera nroth" in refused(*ask, "--camera", "nroth")
    assert "is not a box" in refused(*ask, "--box", "1,2")
    assert "is not a time" in refused(*ask, "--from", "yesterday")
    assert "gone.jpg" in refused("search", "--archive", archive, "--photo", tmp_path / "gone.jpg")
    assert "make it first" in refused(*ask, "--report", tmp_path / "no" / "r.html")
    with open_archive(archive, writable=False) as opened:
        assert {entry.hits for entry in opened.searches()} == {0}, "what found nobody is recorded too"


def test_configurations_that_cannot_be_used(refused: Refused, tmp_path: Path) -> None:
    config = tmp_path / "site.yaml"
    assert "site.yaml" in refused("run", config)
    good = f"cameras:\n  - {{id: c, source: {CLIP}}}\narchive: {{path: store}}\n"
    config.write_text(good + "colour: red\n")
    said = refused("run", config)
    assert "line 4" in said and "colour" in said
    config.write_text(good + "api: {port: 0}\n")
    with open_archive(tmp_path / "store", writable=True):
        assert "another process" in refused("run", config)


def test_a_taken_port_is_told(refused: Refused, tmp_path: Path) -> None:
    from search_api.serving import listen

    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        config = tmp_path / "site.yaml"
        config.write_text(f"cameras:\n  - {{id: c, source: {CLIP}}}\narchive: {{path: store}}\napi: {{port: {port}}}\n")
        assert "port is taken" in refused("run", config)
        assert "port is taken" in refused("demo", "--port", port, "--out", tmp_path / "demo")


def test_a_full_disk_is_told(refused: Refused, grey: Path) -> None:
    assert "no room left" in refused("detect", grey, "--out", "/dev/full")


def test_unknown_words(refused: Refused) -> None:
    assert "zhian --help" in refused("dtect")
    assert "--top" in refused("search", "--archive", "a", "--photo", "p", "--top", "x")
    assert "--words" in refused("search", "--archive", "a")
    assert "--photo" in refused("search", "--archive", "a", "--words", "red coat", "--person", "2")
    assert "--like" in refused("search", "--archive", "a", "--photo", "p", "--like", "id")
    assert "for 1 photos" in refused("search", "--archive", "a", "--photo", "p", "--box", "1,2,3,4", "--box", "1,2,3,4")
    assert "k_reciprocal" in refused("search", "--archive", "a", "--words", "red coat", "--rerank", "magic")
