"""The doors of residents in care over a real socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from camera_adapters.site import Camera
from camera_adapters.stream_state import Status
from pipeline.alerting.care import CareRegister
from pipeline.alerting.care.register import Recognised
from pipeline.alerting.database import open_database
from pipeline.archive.memory import InMemoryArchive
from search_api.access import Callers
from search_api.app import create_app
from search_api.care_service import CareService
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
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

ENROLMENT = {
    "name": "Grandmother Li",
    "guardian": "Li Na, 139…",
    "community": "willow",
    "exit_camera": "north",
    "consent_by": "herself",
    "consent_record": "signed form of 1 May 2026",
    "consent_at": "2026-05-01T10:00:00+08:00",
    "expires": "2027-04-30T12:00:00+08:00",
}


@pytest.fixture
def care(tmp_path: Path) -> Iterator[CareService]:
    archive = InMemoryArchive()
    archive.append([record("north", 1, RED, NOON_MS)])
    cameras = [Report(Camera("north", "x", "willow"), State(Status.LIVE))]
    search = SearchService(
        archive,
        Rectangles,  # type: ignore[arg-type]
        lambda _: MeanColour(),  # type: ignore[arg-type, return-value]
        lambda: cameras,  # type: ignore[arg-type, return-value]
        lambda: NOON_MS + 7_200_000,
    )
    engine = open_database(tmp_path / "alerting.sqlite")
    yield CareService(search, CareRegister(engine))
    engine.dispose()


@pytest.fixture
def client(care: CareService) -> Iterator[httpx.Client]:
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(care.search, Callers.of(day=TOKEN), care_service=care), bound),
        httpx.Client(
            base_url=address_of(bound), trust_env=False, timeout=20, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as made,
    ):
        yield made


def enrol(client: httpx.Client, picture: bytes | None = None, **fields: Any) -> httpx.Response:
    files = {"photo": ("p.png", photo(RED) if picture is None else picture)}
    data = {key: value for key, value in {**ENROLMENT, **fields}.items() if value is not None}
    return client.post("/v1/residents", data=data, files=files)


def test_enrolled_accompanied_seen_and_withdrawn(client: httpx.Client, care: CareService) -> None:
    reply = enrol(client, home_by="18:00", not_seen_h="12")
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert (made["state"], made["enrolled_by"], made["home_by"], made["not_seen_h"]) == ("active", "day", "18:00", 12.0)
    assert (made["consent_by"], made["consent_at"]) == ("herself", "2026-05-01T02:00:00.000Z")
    assert (made["exit_cameras"], made["photos"], made["companions"], made["away"]) == (["north"], 1, [], False)
    path = f"/v1/residents/{made['id']}"
    joined = client.post(f"{path}/companions", data={"name": "Li Na"}, files={"photo": ("p.png", photo(GREEN))}).json()
    assert joined["companions"] == ["Li Na"]
    seen = record("north", 1, RED, NOON_MS).sighting
    care.register.note([Recognised(made["id"], seen.id, "north", seen.last_seen_ms, 0.91)])
    assert client.get(path).json()["away"] is True
    assert client.get(path).json()["last_seen"]["company"] is None
    assert client.get(f"{path}/sightings").json()[0]["exit"] is True
    ended = client.post(f"{path}/withdraw", data={"reason": "moved away"}).json()
    assert (ended["state"], ended["photos"], ended["companions"], ended["last_seen"]) == ("withdrawn", 0, [], None)
    assert [entry.what["action"] for entry in care.search.archive.searches()] == [
        "resident withdrawn",
        "resident looked up",
        "companion added",
        "resident enrolled",
    ]
    assert client.get("/v1/residents").json() == [ended]


def test_what_is_told_of_her_is_changed_with_a_reason(client: httpx.Client, care: CareService) -> None:
    path = f"/v1/residents/{enrol(client, home_by='18:00').json()['id']}"
    wanted = {
        "guardian": "Li Ming, 138…",
        "expires": "2026-12-31",
        "exit_camera": "north",
        "not_seen_h": "10",
        "quiet_from": "21:00",
        "quiet_to": "06:30",
        "reason": "the son takes over",
    }
    changed = client.put(path, data=wanted).json()
    assert (changed["guardian"], changed["home_by"], changed["not_seen_h"]) == ("Li Ming, 138…", None, 10.0)
    assert (changed["quiet_from"], changed["quiet_to"], changed["name"]) == ("21:00", "06:30", "Grandmother Li")
    assert next(iter(care.search.archive.searches())).what["why"] == "the son takes over"
    assert_problem(client.put(path, data=wanted | {"reason": " "}), 422, "bad-input", "reason")
    assert_problem(client.put(path, data=wanted | {"quiet_to": ""}), 422, "bad-input", "need both")
    assert_problem(client.put(path, data=wanted | {"expires": "2026-04-01"}), 422, "bad-enrolment", "that end is past")
    assert client.get(f"{path}/photos/0").content.startswith(b"\xff\xd8")
    client.post(f"{path}/withdraw", data={"reason": "moved away"})
    assert_problem(client.get(f"{path}/photos/0"), 404, "unknown-resident")
    assert_problem(client.put(path, data=wanted), 422, "bad-enrolment", "enrol anew")


def test_photos_of_her_in_other_clothes_are_added(client: httpx.Client) -> None:
    path = f"/v1/residents/{enrol(client).json()['id']}"
    first = client.get(f"{path}/photos/0").content
    files = [("photo", ("p.png", photo(BLUE))), ("photo", ("q.png", photo(GREEN)))]
    assert client.post(f"{path}/photos", files=files).json()["photos"] == 3
    assert client.get(f"{path}/photos/0").content == first
    assert client.get(f"{path}/photos/2").content.startswith(b"\xff\xd8")
    eight = [("photo", (f"{n}.png", photo(RED))) for n in range(8)]
    for _ in range(2):
        assert client.post(f"{path}/photos", files=eight).status_code == 200
    assert_problem(client.post(f"{path}/photos", files=eight), 422, "bad-enrolment", "19 are there")
    client.post(f"{path}/withdraw", data={"reason": "moved away"})
    assert_problem(client.post(f"{path}/photos", files=files), 422, "bad-enrolment", "enrol anew")


def test_a_companion_is_removed_by_name(client: httpx.Client) -> None:
    path = f"/v1/residents/{enrol(client).json()['id']}"
    client.post(f"{path}/companions", data={"name": "Li Na"}, files={"photo": ("p.png", photo(GREEN))})
    assert_problem(client.delete(f"{path}/companions/Li%20Na"), 422, "bad-input", "reason")
    reply = client.delete(f"{path}/companions/Li%20Na", params={"reason": "moved"})
    assert (reply.status_code, reply.json()["companions"]) == (200, [])


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"consent_by": None}, "bad-input", "consent_by"),
    ({"consent_record": " "}, "bad-enrolment", "on record"),
    ({"consent_at": "2026-06-01T10:00:00+08:00"}, "bad-enrolment", "future"),
    ({"expires": "2026-04-01"}, "bad-enrolment", "expiry in the future"),
    ({"expires": "2036-04-01"}, "bad-enrolment", "366 days"),
    ({"community": "maple"}, "bad-enrolment", "known are willow"),
    ({"exit_camera": "nroth"}, "bad-enrolment", "unknown camera nroth"),
    ({"exit_camera": None}, "bad-enrolment", "name the cameras"),
    ({"home_by": "6 pm"}, "bad-input", "write it like 18:00"),
    ({"alone": "false"}, "bad-enrolment", "nothing is to be told"),
]


@pytest.mark.parametrize(("fields", "slug", "said"), BAD)
def test_bad_enrolments_are_problems(client: httpx.Client, fields: dict[str, Any], slug: str, said: str) -> None:
    assert_problem(enrol(client, **fields), 422, slug, said)
    assert client.get("/v1/residents").json() == []


def test_photos_are_checked_and_unknown_residents_are_404(client: httpx.Client) -> None:
    assert_problem(enrol(client, photo(RED, GREEN)), 422, "several-found")
    assert_problem(enrol(client, b"no picture"), 422, "bad-picture")
    unknown = f"/v1/residents/{'0' * 16}"
    assert_problem(client.get(unknown), 404, "unknown-resident")
    assert_problem(client.post(f"{unknown}/withdraw", data={"reason": "x"}), 404, "unknown-resident")
    files = {"photo": ("p.png", photo(GREEN))}
    assert_problem(client.post(f"{unknown}/companions", data={"name": "x"}, files=files), 404, "unknown-resident")
