"""The doors of watches over a real socket, and a watch that fires on what is stored afterwards."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from camera_adapters.site import Camera
from camera_adapters.stream_state import Status
from pipeline.alerter import Alerter
from pipeline.alerting.database import open_database
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.reading import IncidentReader, Wanted
from pipeline.alerting.watches import Lookout, WatchBook
from pipeline.archive.memory import InMemoryArchive
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
from search_api.watch_service import WatchService
from tests.servers.doors import (
    BLUE,
    GREEN,
    NOON_MS,
    RED,
    TOKEN,
    MeanColour,
    Rectangles,
    Report,
    State,
    assert_problem,
    photo,
    record,
)

NOW_MS = NOON_MS + 7_200_000
NEXT_WEEK = "2026-05-08T12:00:00+08:00"


@pytest.fixture
def archive() -> InMemoryArchive:
    made = InMemoryArchive()
    made.append([record("north", 1, RED, NOON_MS), record("south", 2, GREEN, NOON_MS + 60_000)])
    return made


@pytest.fixture
def watches(archive: InMemoryArchive, tmp_path: Path) -> Iterator[WatchService]:
    cameras = [Report(Camera("north", "x", "willow"), State(Status.LIVE))]
    search = SearchService(
        archive,
        Rectangles,  # type: ignore[arg-type]
        lambda _: MeanColour(),  # type: ignore[arg-type, return-value]
        lambda: cameras,  # type: ignore[arg-type, return-value]
        lambda: NOW_MS,
    )
    engine = open_database(tmp_path / "alerting.sqlite")
    yield WatchService(search, WatchBook(engine))
    engine.dispose()


@pytest.fixture
def client(watches: WatchService) -> Iterator[httpx.Client]:
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(watches.search, Callers.of(day=TOKEN), watch_service=watches), bound),
        httpx.Client(
            base_url=address_of(bound), trust_env=False, timeout=20, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as made,
    ):
        yield made


def add(client: httpx.Client, *pictures: bytes, **fields: Any) -> httpx.Response:
    files = [("photo", (f"{n}.png", content)) for n, content in enumerate(pictures)]
    data = {"reason": "missing person 2026-114", "expires": NEXT_WEEK, **fields}
    return client.post("/v1/watches", data={k: v for k, v in data.items() if v is not None}, files=files or None)


def test_a_watch_is_made_listed_shown_and_withdrawn(client: httpx.Client, archive: InMemoryArchive) -> None:
    reply = add(client, photo(RED), photo(RED), name="grandmother", camera="north", false_alerts_per_day="24")
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert (made["state"], made["requester"], made["photos"], made["kind"]) == ("active", "day", 2, "person")
    assert (made["cameras"], made["false_alerts_per_day"], made["alerts"]) == (["north"], 24.0, 0)
    assert made["expires"] == "2026-05-08T04:00:00.000Z"
    path = f"/v1/watches/{made['id']}"
    assert client.get("/v1/watches").json() == [made] == client.get("/v1/watches", params={"state": "active"}).json()
    assert client.get(f"{path}/photos/1").content[:2] == b"\xff\xd8"
    entry = next(archive.searches())
    assert (entry.who, entry.reason, entry.what["action"]) == ("day", "missing person 2026-114", "watch added")
    ended = client.post(f"{path}/withdraw", data={"reason": "found at her sister's"}).json()
    assert (ended["state"], ended["photos"]) == ("withdrawn", 0)
    assert (ended["withdrawn"]["who"], ended["withdrawn"]["reason"]) == ("day", "found at her sister's")
    assert next(archive.searches()).what["action"] == "watch withdrawn"
    assert_problem(client.get(f"{path}/photos/0"), 404, "unknown-watch", "erased")
    assert_problem(client.post(f"{path}/withdraw", data={"reason": "again"}), 422, "bad-watch", "already")
    assert client.get("/v1/watches", params={"state": "active"}).json() == []


def test_the_curve_says_what_it_rests_on(client: httpx.Client, archive: InMemoryArchive) -> None:
    archive.append([record("north", 10 + n, GREEN, NOW_MS - 1000 * n) for n in range(20)])
    watch_id = add(client, photo(RED), false_alerts_per_day="2").json()["id"]
    curve = client.get(f"/v1/watches/{watch_id}/curve").json()
    assert (curve["measured"], curve["recorded"], curve["archive"]) == (False, 0, 22)
    assert "not enough recorded yet (0 + 22 of 200)" in curve["basis"]["en"] and "不够" in curve["basis"]["zh"]
    assert len(curve["curve"]) == 40 and 0.5 < curve["threshold"] <= 0.99
    false = [point["false_alerts_per_day"] for point in curve["curve"]]
    assert false == sorted(false, reverse=True)
    picture = client.get(f"/v1/watches/{watch_id}/curve.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.text.startswith("<svg") and picture.text.count("<polyline") == 2


def test_words_and_plates_have_no_threshold(client: httpx.Client) -> None:
    plate = add(client, plate="浙F·12345").json()
    assert (plate["kind"], plate["plate"]) == ("motor_vehicle", "浙F·12345")
    worded = add(client, words="红色上衣").json()
    curve = client.get(f"/v1/watches/{worded['id']}/curve").json()
    assert (curve["threshold"], curve["curve"], curve["agreeing_per_day"]) == (None, [], 0.0)
    assert_problem(client.get(f"/v1/watches/{plate['id']}/curve.svg"), 422, "bad-input", "without photos")


BAD: list[tuple[tuple[bytes, ...], dict[str, Any], int, str, str]] = [
    ((photo(RED),), {"expires": "2026-05-01T12:00:00+08:00"}, 422, "bad-watch", "expiry in the future"),
    ((photo(RED),), {"expires": "2027-05-01"}, 422, "bad-watch", "90 days at most"),
    ((photo(RED),), {"expires": "tomorrow"}, 422, "bad-input", "is not a time"),
    ((photo(RED),), {"expires": None}, 422, "bad-input", "expires"),
    ((photo(RED),), {"reason": "  "}, 422, "bad-input", "reason"),
    ((), {}, 422, "bad-watch", "somebody to look for"),
    ((photo(RED),), {"camera": "nroth"}, 422, "bad-watch", "unknown camera nroth: known are north, south"),
    ((photo(RED, GREEN),), {}, 422, "several-found", "box"),
    ((photo(RED), photo(RED, GREEN)), {}, 422, "several-found", "photo 2 shows 2"),
    ((photo(),), {}, 422, "nobody-found", "no person"),
    ((b"no picture",), {}, 422, "bad-picture", ""),
    ((photo(RED),), {"false_alerts_per_day": "0"}, 422, "bad-input", "false_alerts_per_day"),
    ((photo(RED),), {"camreas": "north"}, 422, "bad-input", "unknown field camreas"),
    ((photo(RED),), {"from": "2026-05-03", "to": "2026-05-02"}, 422, "bad-watch", "not after its start"),
    ((), {"words": "昨天下午"}, 422, "nothing-asked", "colour"),
    ((), {"sighting_id": "0" * 20}, 404, "unknown-sighting", "0000"),
    ((photo(RED),) * 9, {}, 422, "bad-input", "more than 8"),
    ((photo(RED), photo(RED)), {"box": "1,2,30,40"}, 422, "bad-input", "one photo"),
]


@pytest.mark.parametrize(("pictures", "fields", "status", "slug", "said"), BAD)
def test_bad_watches_are_problems(
    client: httpx.Client, pictures: tuple[bytes, ...], fields: dict[str, Any], status: int, slug: str, said: str
) -> None:
    assert_problem(add(client, *pictures, **fields), status, slug, said)
    assert client.get("/v1/watches").json() == []


def test_names_are_unique_and_unknown_watches_are_404(client: httpx.Client) -> None:
    add(client, photo(RED), name="grandmother")
    assert_problem(add(client, photo(RED), name="grandmother"), 422, "bad-watch", "choose another name")
    for path in ("", "/curve", "/hits"):
        assert_problem(client.get(f"/v1/watches/{'0' * 16}{path}"), 404, "unknown-watch")
    assert_problem(client.post(f"/v1/watches/{'0' * 16}/withdraw", data={"reason": "x"}), 404, "unknown-watch")


def test_what_is_stored_afterwards_raises_an_alert(
    client: httpx.Client, watches: WatchService, archive: InMemoryArchive, tmp_path: Path
) -> None:
    engine = open_database(tmp_path / "alerting.sqlite")
    desk = IncidentDesk(engine)
    alerter = Alerter(desk.take, [Lookout(archive, watches.book, desk.take, wall_ms=lambda: NOW_MS)])
    watches.added = alerter.stored
    alerter.start()
    red = record("north", 1, RED, NOON_MS).sighting.id
    watch_id = add(client, sighting_id=red, name="grandmother").json()["id"]
    archive.append([record("north", 5, RED, NOW_MS), record("north", 6, BLUE, NOW_MS)])
    alerter.stored()
    reader, tries = IncidentReader(engine), 0
    while not (alerts := reader.alerts(Wanted(), limit=10)) and tries < 1000:
        tries += 1
        time.sleep(0.01)
    assert alerter.stop()
    engine.dispose()
    ((alert, _),) = alerts
    assert (alert.name, alert.sighting_id) == ("grandmother", record("north", 5, RED, NOW_MS).sighting.id)
    (hit,) = client.get(f"/v1/watches/{watch_id}/hits").json()
    assert (hit["camera"], hit["alert"]) == ("north", alert.id)
    assert client.get(f"/v1/watches/{watch_id}").json()["alerts"] == 1
    assert alerter.failure is None
