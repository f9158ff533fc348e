"""POST /v1/trajectory over a real socket and `zhian trajectory`, on a town of four cameras."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import Archive, Span, SpanState, open_archive
from pipeline.settings_file import load_settings
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from pipeline.site_map import site_map
from search_api.access import Callers
from search_api.app import create_app
from search_api.cli.main import run_command
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen

NOON_MS = 1777608000000
SPACE = EmbeddingSpace("drawn", "1-fp32", 64)
HERS = np.eye(64, dtype=np.float32)[0]
SITE = """\
communities: [{id: willow}]
gates:
  - {id: south, community: willow, position: {lon: 120.9, lat: 30.837}}
cameras:
  - {id: home, name: 家门口, source: "rtsp://u:${NOT_SET}@127.0.0.1/1", position: {lon: 120.9, lat: 30.84}}
  - {id: market, source: rtsp://127.0.0.1/2, position: {lon: 120.9, lat: 30.843}}
  - {id: station, source: rtsp://127.0.0.1/3, position: {lon: 120.9, lat: 30.846}}
  - {id: gate, source: rtsp://127.0.0.1/4, community: willow, gate: south}
paths:
  - {from: home, to: market, metres: 400}
archive: {path: archive}
"""


def record(camera: str, minute: float, vector: np.ndarray, kind: Kind = Kind.PERSON) -> Record:
    key = TrackletKey(camera, "s", round(minute * 10))
    at_ms = NOON_MS + round(minute * 60_000)
    shot = Shot(at_ms, (1.0, 2.0, 30.0, 60.0), 0.9, 0.8)
    sighting = Sighting(key.sighting_id(), key, kind, "willow", at_ms, at_ms + 5000, shot, (768, 576), 25)
    return Record(sighting, np.asarray(vector / np.linalg.norm(vector), np.float32), SPACE, b"\xff\xd8jpeg")


def like_her(rng: np.random.Generator) -> np.ndarray:
    return HERS + rng.normal(0, 0.06, 64)


def fill(archive: Archive) -> dict[str, str]:
    """Store her at home, market and station, an impossible double and 200 strangers; return her ids by name."""
    rng = np.random.default_rng(4)
    hers = {
        "home": record("home", 0, like_her(rng)),
        "market": record("market", 6, like_her(rng)),
        "station": record("station", 13, like_her(rng)),
        "double": record("gate", 6.2, like_her(rng)),
        "car": record("home", 1, like_her(rng), Kind.MOTOR_VEHICLE),
    }
    cameras = ("home", "market", "station", "gate")
    strangers = [record(cameras[n % 4], rng.uniform(-30, 30), rng.normal(0, 1, 64)) for n in range(200)]
    archive.append([*hers.values(), *strangers])
    end = NOON_MS + 20 * 60_000
    archive.journal.note([Span(c, "r", SpanState.LIVE, NOON_MS, end, end) for c in ("home", "market", "station")])
    return {name: each.sighting.id for name, each in hers.items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("town") / "store"
    with open_archive(folder, writable=True) as archive:
        return folder, fill(archive)


@pytest.fixture
def client(site: Path, store: tuple[Path, dict[str, str]]) -> Iterator[httpx.Client]:
    bound = listen("127.0.0.1", 0)
    with open_archive(store[0], writable=True) as archive:
        service = SearchService(archive, None, None, site=site_map(load_settings(site, secrets=False)))  # type: ignore[arg-type]
        with (
            Serving(create_app(service, Callers.of(day="token")), bound),
            httpx.Client(base_url=address_of(bound), trust_env=False, timeout=20) as opened,
        ):
            opened.headers["Authorization"] = "Bearer token"
            yield opened
        entry = next(archive.searches())
        assert entry.who == "day"


def test_a_way_is_filled_flagged_and_led_on(client: httpx.Client, store: tuple[Path, dict[str, str]]) -> None:
    ids = store[1]
    asked = {"sightings": [ids["home"], ids["station"]], "reason": "case 7"}
    body = client.post("/v1/trajectory", json=asked).json()
    assert [(stop["camera"], stop["confirmed"]) for stop in body["stops"]] == [
        ("home", True),
        ("market", False),
        ("station", True),
    ]
    assert [leg["verdict"] for leg in body["legs"]] == ["feasible", "feasible"]
    assert (body["legs"][0]["metres"], body["legs"][0]["estimated"]) == (400.0, False)
    assert (body["legs"][1]["estimated"], body["flagged"]) == (True, 0)
    assert [each["sighting"] for each in body["set_aside"]] == [ids["double"]]
    assert body["stops"][1]["picture"] == f"/v1/sightings/{ids['market']}/picture"
    assert body["at_ms"] == NOON_MS + 20 * 60_000  # the records end there
    assert {each["camera"]: each["chance"] for each in body["suggestions"]} == {
        "home": "not_seen",
        "market": "not_seen",
        "gate": "ahead",
    }
    assert "gate 从未有记录" in body["coverage"]["zh"]
    roles = [feature["properties"]["role"] for feature in body["geojson"]["features"]]
    assert roles == ["stop"] * 3 + ["leg"] * 2 + ["suggestion"] * 3
    assert body["geojson"]["features"][0]["geometry"] == {"type": "Point", "coordinates": [120.9, 30.84]}
    assert body["geojson"]["features"][3]["geometry"]["coordinates"] == [[120.9, 30.84], [120.9, 30.843]]


def test_confirmed_doubles_are_flagged_and_rejected_ones_are_gone(
    client: httpx.Client, store: tuple[Path, dict[str, str]]
) -> None:
    ids = store[1]
    asked = {"sightings": [ids["home"], ids["market"], ids["double"]], "fill": False, "reason": "case 7"}
    body = client.post("/v1/trajectory", json=asked).json()
    assert [leg["verdict"] for leg in body["legs"]] == ["feasible", "infeasible"]
    asked = {"sightings": [ids["home"]], "rejected": [ids["market"], ids["double"]], "reason": "case 7"}
    asked |= {"to": "2026-05-01T04:10:00Z"}
    body = client.post("/v1/trajectory", json=asked).json()
    assert [stop["camera"] for stop in body["stops"]] == ["home"]


@pytest.mark.parametrize(
    ("asked", "status", "slug"),
    [
        ({"sightings": ["0" * 20], "reason": "x"}, 404, "unknown-sighting"),
        ({"sightings": ["HOME", "CAR"], "reason": "x"}, 422, "mixed-kinds"),
        ({"sightings": ["HOME"]}, 422, "bad-input"),
        ({"sightings": ["HOME"], "reason": " "}, 422, "bad-input"),
        ({"sightings": [], "reason": "x"}, 422, "bad-input"),
        ({"sightings": ["HOME"], "reason": "x", "form": "noon"}, 422, "bad-input"),
        ({"sightings": ["HOME"], "reason": "x", "from": "noon"}, 422, "bad-input"),
    ],
)
def test_bad_questions_are_problems(
    client: httpx.Client, store: tuple[Path, dict[str, str]], asked: dict[str, object], status: int, slug: str
) -> None:
    names = {"HOME": store[1]["home"], "CAR": store[1]["car"]}
    asked = asked | {"sightings": [names.get(each, each) for each in asked["sightings"]]}  # type: ignore[attr-defined]
    reply = client.post("/v1/trajectory", json=asked)
    assert (reply.status_code, reply.json()["type"]) == (status, f"urn:zhian:problem:{slug}")


def test_command_line(
    store: tuple[Path, dict[str, str]], site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, ids = store
    line, whole = tmp_path / "way.geojson", tmp_path / "way.json"
    asked = ["trajectory", "--archive", str(folder), "--sighting", ids["home"], "--sighting", ids["station"]]
    assert run_command([*asked, "--site", str(site), "--geojson", str(line), "--json", str(whole)]) == 0
    said = capsys.readouterr().out
    assert "家门口 (home)" in said and "可行 feasible" in said and ids["double"] in said
    assert "看守中未见 not seen" in said
    assert json.loads(line.read_text("utf-8"))["type"] == "FeatureCollection"
    assert [stop["camera"] for stop in json.loads(whole.read_text("utf-8"))["stops"]] == ["home", "market", "station"]
    assert run_command([*asked, "--reason", "case 9"]) == 0
    said = capsys.readouterr()
    assert "距离不明 unknown way" in said.out
    assert "--site" in said.err
    with open_archive(folder, writable=False) as opened:
        entry = next(opened.searches())
    assert (entry.reason, entry.what["trajectory"]) == ("case 9", [ids["home"], ids["station"]])
    assert run_command(["trajectory", "--archive", str(folder), "--sighting", "nobody"]) == 2
    assert "no sighting nobody" in capsys.readouterr().err
