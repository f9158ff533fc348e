"""Every failure is one line and one exit code."""

import errno
from pathlib import Path

import pytest

from camera_adapters.errors import BadSource
from models.errors import BadPicture, ModelMissing, SpaceMismatch
from pipeline.errors import ArchiveBusy, ArchiveFull, ArchiveTooNew, BadSettings, BadTimeRange, UnknownCamera
from search_api.cli.failures import tell
from search_api.errors import BadInput


@pytest.mark.parametrize(
    "error",
    [
        BadInput("say it otherwise"),
        BadPicture("photo.jpg is empty"),
        BadSource("clip.mp4 is no video"),
        SpaceMismatch("a", "b"),
        ArchiveBusy("busy"),
        ArchiveFull("full"),
        ArchiveTooNew("too new"),
        BadSettings("site.yaml, line 3: one\nsite.yaml, line 4: two"),
        BadTimeRange(),
        UnknownCamera(["x"], ["a"]),
    ],
)
def test_bad_input_is_2_and_one_line(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(error) == 2
    said = capsys.readouterr().err
    assert said.startswith("zhian: ")
    assert said.count("\n") == 1
    assert str(error).split("\n")[0] in said


def test_several_faults_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    tell(BadSettings("site.yaml, line 3: one\nsite.yaml,   line 4: two"))
    assert capsys.readouterr().err == "zhian: site.yaml, line 3: one; site.yaml, line 4: two\n"


def test_a_missing_model_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(ModelMissing("omz0277")) == 2
    assert "zhian models fetch omz0277" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(errno.ENOENT, "no", "gone.jpg"), "gone.jpg does not exist"),
        (PermissionError(errno.EACCES, "no", "closed.jpg"), "closed.jpg: no permission"),
        (IsADirectoryError(errno.EISDIR, "no", "folder"), "folder is a folder"),
        (OSError(errno.ENOSPC, "full", "out.json"), "no room left on the disk of out.json: free some"),
        (OSError(errno.ENOSPC, "full"), "no room left on the disk: free some"),
        (OSError(errno.EADDRINUSE, "taken"), "the port is taken"),
    ],
)
def test_what_the_system_refuses(error: OSError, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(error) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError("wrong\nshape"), OSError(errno.EIO, "broken"), OSError("odd")])
def test_our_fault_is_1_and_names_the_log(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "zhian.log"
    monkeypatch.setenv("ZHIAN_LOG", str(log))
    assert tell(error) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(log) in said
    assert "Traceback" not in said
    assert type(error).__name__ in log.read_text()


def test_the_traceback_only_when_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ZHIAN_DEBUG", "1")
    assert tell(BadInput("x")) == 2
    assert "BadInput: x" in capsys.readouterr().err


def test_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "zhian: interrupted\n"
