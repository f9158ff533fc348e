"""`zhian incidents`, on the database that `zhian run` keeps."""

from pathlib import Path

import pytest

from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.service import open_alerting
from search_api.cli.main import run_command


@pytest.fixture
def store(tmp_path: Path) -> Path:
    alerting = open_alerting(tmp_path)
    one = Alert("a1", Source.RULE, "yard", "intrusion", Severity.HIGH, 1_777_608_000_000, "east", "willow", "p1")
    alerting.desk.take([one])
    alerting.stop()
    return tmp_path


def test_list_acknowledge_and_close(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["incidents", "list", "--archive", str(store)]) == 0
    shown = capsys.readouterr().out
    assert "i-a1" in shown and "open 未处理" in shown and "区域入侵" in shown
    assert run_command(["incidents", "ack", "--archive", str(store), "i-a1", "--note", "on it"]) == 0
    assert "acknowledged" in capsys.readouterr().out
    assert run_command(["incidents", "dispatch", "--archive", str(store), "i-a1"]) == 0
    assert run_command(["incidents", "close", "--archive", str(store), "i-a1", "--outcome", "false"]) == 0
    assert "误报" in capsys.readouterr().out
    assert run_command(["incidents", "list", "--archive", str(store), "--state", "open"]) == 0
    assert "no incidents" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ack", "i-none"], "no incident i-none"),
        (["close", "i-a1"], "--outcome"),
        (["close", "i-a1", "--outcome", "maybe"], "maybe"),
    ],
)
def test_mistakes_are_one_sentence(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run_command(["incidents", *arguments, "--archive", str(store)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1


def test_a_folder_without_alerts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["incidents", "list", "--archive", str(tmp_path)]) == 2
    assert "no alerts" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
