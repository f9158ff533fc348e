"""GET /v1/coverage over a real socket, and `zhian coverage` on an archive made of a real recording."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from camera_adapters.site import Camera
from pipeline.archive import InMemoryArchive, Span, SpanState
from search_api.access import Callers
from search_api.app import create_app
from search_api.cli.main import run_command
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen

CLIP = Path(__file__).resolve().parents[2] / "configs" / "demo" / "gate-dusk.mp4"
NOON_MS = 1777608000000
MINUTE = 60_000


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    archive = InMemoryArchive()
    live = Span("north", "run", SpanState.LIVE, NOON_MS, NOON_MS + 40 * MINUTE, NOON_MS + 40 * MINUTE)
    end = NOON_MS + 60 * MINUTE
    archive.journal.note([live, Span("north", "run", SpanState.DOWN, live.to_ms, end, end, "refused")])
    reports = [type("Report", (), {"camera": Camera(name, "x", name=title)}) for name, title in NAMES.items()]
    service = SearchService(archive, None, None, lambda: reports)  # type: ignore[arg-type]
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(service, Callers.of(day="token")), bound),
        httpx.Client(base_url=address_of(bound), trust_env=False, timeout=20) as opened,
    ):
        opened.headers["Authorization"] = "Bearer token"
        yield opened


NAMES = {"north": "北门", "south": ""}


def test_not_watched_and_never_heard_of_are_told_apart(client: httpx.Client) -> None:
    body = client.get("/v1/coverage").json()
    assert (body["from_ms"], body["to_ms"]) == (NOON_MS, NOON_MS + 60 * MINUTE)
    north, south = body["cameras"]
    assert (north["camera"], north["name"], north["share_watched"]) == ("north", "北门", 0.6667)
    assert north["intervals"][1] == {
        "from_ms": NOON_MS + 40 * MINUTE,
        "to_ms": NOON_MS + 60 * MINUTE,
        "state": "down",
        "reason": "refused",
    }
    assert north["watermark_ms"] == NOON_MS + 60 * MINUTE
    assert [each["reason"] for each in south["intervals"]] == ["never_heard_of"]
    assert (south["watermark_ms"], south["share_watched"]) == (None, 0.0)
    assert "断线（拒绝连接）" in body["zh"] and "south 从未有记录" in body["zh"]


def test_cameras_come_in_pages(client: httpx.Client) -> None:
    first = client.get("/v1/coverage", params={"limit": 1}).json()
    assert ([each["camera"] for each in first["cameras"]], first["next"]) == (["north"], "north")
    last = client.get("/v1/coverage", params={"limit": 1, "after": first["next"]}).json()
    assert ([each["camera"] for each in last["cameras"]], last["next"], last["zh"]) == (["south"], None, first["zh"])
    assert client.get("/v1/coverage", params={"after": "west"}).status_code == 422


def test_a_search_over_more_camera_days_than_fit_answers_the_last_ones(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.coverage.answer.MOST_CAMERA_DAYS", 2 * 20 / (24 * 60))  # twenty minutes of two
    body = client.post("/v1/search", data={"words": "red coat", "reason": "case 7"}).json()["coverage"]
    assert (body["to_ms"] - body["from_ms"], body["shortened"]) == (20 * MINUTE, True)
    assert body["share_watched"] == 0.0
    assert "only: " in body["en"]


def test_time_and_cameras_are_chosen(client: httpx.Client) -> None:
    asked = {"camera": "north", "from": "2026-05-01T04:10:00Z", "to": "2026-05-01T04:20:00Z"}
    body = client.get("/v1/coverage", params=asked).json()
    assert [each["camera"] for each in body["cameras"]] == ["north"]
    assert body["share_watched"] == 1.0
    assert body["en"] == "all 1 watched all the time."


@pytest.mark.parametrize(
    ("asked", "slug"),
    [({"from": "yesterday"}, "bad-input"), ({"from": "2026-05-02", "to": "2026-05-01"}, "bad-time-range")],
)
def test_bad_questions_are_problems(client: httpx.Client, asked: dict[str, str], slug: str) -> None:
    reply = client.get("/v1/coverage", params=asked)
    assert (reply.status_code, reply.json()["type"]) == (422, f"urn:zhian:problem:{slug}")


def test_a_recording_is_its_own_coverage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIAN_MODELS_HOME", str(tmp_path / "models"))
    store = tmp_path / "store"
    analysing = ["analyze", str(CLIP), "--archive", str(store), "--camera", "gate", "--fps", "1"]
    assert run_command([*analysing, "--start", "2026-05-01T12:00:00+08:00"]) == 0
    capsys.readouterr()
    assert run_command(["coverage", "--archive", str(store), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    (gate,) = body["cameras"]
    assert body["from_ms"] == NOON_MS
    assert 45_000 < body["to_ms"] - NOON_MS < 60_000
    assert (gate["share_watched"], gate["watermark_ms"]) == (1.0, body["to_ms"])
    later = ["--from", "2026-05-01T12:00:30+08:00", "--to", "2026-05-01T13:00:00+08:00", "--camera", "gate"]
    assert run_command(["coverage", "--archive", str(store), *later]) == 0
    said = capsys.readouterr().out
    assert "有效看守 watched" in said and "无记录 no record" in said
    assert "gate" in said and "no_record" not in said
    assert run_command(["coverage", "--archive", str(store), "--camera", "nobody"]) == 0
    assert "从未有记录 never heard of" in capsys.readouterr().out


def test_every_search_says_what_was_watched_where_it_looked(client: httpx.Client) -> None:
    asked = {
        "words": "red coat",
        "reason": "case 7",
        "from": "2026-05-01T12:30:00+08:00",
        "to": "2026-05-01T13:00:00+08:00",
    }
    body = client.post("/v1/search", data=asked | {"camera": "north"}).json()
    assert body["hits"] == []
    (north,) = body["coverage"]["cameras"]
    assert [(each["state"], each["to_ms"] - each["from_ms"]) for each in north["intervals"]] == [
        ("live", 10 * MINUTE),
        ("down", 20 * MINUTE),
    ]
    refused = client.post("/v1/search", data=asked | {"community": "nowhere"}).json()
    assert refused["type"] == "urn:zhian:problem:unknown-community"
    body = client.post("/v1/search", data=asked).json()
    assert [each["camera"] for each in body["coverage"]["cameras"]] == ["south", "north"]
