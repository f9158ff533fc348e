"""`zhian watch` on an archive, and `zhian listen` on a real Redis server."""

import json
from pathlib import Path

import pytest

from pipeline.archive import open_archive
from pipeline.bus import Message, Topic
from pipeline.bus.redis_streams import RedisBus
from search_api.cli.main import run_command
from tests.servers.doors import NOON_MS, RED, record
from tests.servers.redis_server import RedisServer

LATER = "2099-01-01"


@pytest.fixture
def archive(tmp_path: Path) -> str:
    with open_archive(tmp_path / "store", writable=True) as made:
        made.append([record("north", 1, RED, NOON_MS)])
    return str(tmp_path / "store")


def zhian(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_command(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def soon() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=3)).isoformat()


def test_a_watch_is_added_listed_and_withdrawn(capsys: pytest.CaptureFixture[str], archive: str) -> None:
    arguments = ("--archive", archive, "--plate", "浙F12345", "--name", "van", "--reason", "case 12")
    code, out, _ = zhian(capsys, "watch", "add", *arguments, "--expires", soon(), "--json")
    assert code == 0
    made = json.loads(out)["watch"]
    assert (made["name"], made["plate"], made["kind"], made["state"]) == ("van", "浙F12345", "motor_vehicle", "active")
    assert "van" in zhian(capsys, "watch", "list", "--archive", archive)[1]
    code, out, _ = zhian(capsys, "watch", "withdraw", "--archive", archive, "van", "--reason", "found")
    assert code == 0 and "van" in out
    assert "nobody is looked out for" in zhian(capsys, "watch", "list", "--archive", archive)[1]
    (ended,) = json.loads(zhian(capsys, "watch", "list", "--archive", archive, "--all", "--json")[1])
    assert (ended["state"], ended["withdrawn"]["reason"]) == ("withdrawn", "found")
    with open_archive(Path(archive), writable=False) as opened:
        assert [entry.what["action"] for entry in opened.searches()] == ["watch withdrawn", "watch added"]


BAD = [
    (("--plate", "x", "--expires", "2020-01-01"), "expiry in the future"),
    (("--plate", "x", "--expires", LATER), "90 days at most"),
    (("--plate", "x", "--expires", "soon"), "is not a time"),
    (("--expires", LATER), "somebody to look for"),
    (("--plate", "x", "--camera", "nroth", "--expires", soon()), "unknown camera nroth: known are north"),
    (("--sighting", "0" * 20, "--expires", soon()), "no sighting 000"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD)
def test_bad_watches_are_one_sentence(
    capsys: pytest.CaptureFixture[str], archive: str, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = zhian(capsys, "watch", "add", "--archive", archive, "--reason", "x", *arguments)
    assert code == 2
    assert said in err and err.count("\n") == 1


def test_listening_prints_lines_and_acknowledges(
    capsys: pytest.CaptureFixture[str], redis_program: str, tmp_path: Path
) -> None:
    server = RedisServer(redis_program, tmp_path).start()
    bus = RedisBus(server.url)
    bus.publish([Message(Topic.ALERTS, "i-1", f"a{n}", NOON_MS, {"text": {"zh": "越线"}}) for n in range(3)])
    arguments = ("listen", server.url, "--oldest", "--count")
    code, out, _ = zhian(capsys, *arguments, "2")
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["a0", "a1"]
    assert "越线" in out
    assert [json.loads(line)["id"] for line in zhian(capsys, *arguments, "1")[1].splitlines()] == ["a2"]
    bus.close()
    server.kill()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("redis://127.0.0.1:1", "--topic", "gossip"), "unknown topic 'gossip'"),
        (("memory",), "only a bus on Redis"),
        (("redis://host:port",), "cannot be read"),
    ],
)
def test_bad_listening_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = zhian(capsys, "listen", *arguments)
    assert code == 2 and said in err
