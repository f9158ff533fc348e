"""The door to a camera's latest picture, and alerts by the name of their rule."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from camera_adapters.frame import Frame
from camera_adapters.site import Camera
from camera_adapters.stream_state import Status
from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.service import Alerting, open_alerting
from pipeline.archive.memory import InMemoryArchive
from pipeline.stills import Stills
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
from tests.servers.doors import NOON_MS, TOKEN, Report, State, assert_problem


@pytest.fixture
def stills() -> Stills:
    return Stills()


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = open_alerting(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def client(stills: Stills, alerting: Alerting) -> Iterator[httpx.Client]:
    cameras = [Report(Camera("gate", "x"), State(Status.BACKING_OFF, "connection refused"))]
    service = SearchService(
        InMemoryArchive(),
        lambda: None,  # type: ignore[arg-type, return-value]
        lambda _: None,  # type: ignore[arg-type, return-value]
        lambda: cameras,  # type: ignore[arg-type, return-value]
    )
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(service, Callers.of(day=TOKEN), alerting, camera_stills=stills), bound),
        httpx.Client(
            base_url=address_of(bound), trust_env=False, timeout=20, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as made,
    ):
        yield made


def test_a_camera_that_is_down_shows_its_last_picture(client: httpx.Client, stills: Stills) -> None:
    assert_problem(client.get("/v1/cameras/gate/still"), 404, "no-still", "(connection refused)")
    grey = np.full((36, 64, 3), 90, np.uint8)
    stills.show(Frame("gate", "s", 0, NOON_MS, grey, (64, 36), lambda: grey))
    reply = client.get("/v1/cameras/gate/still")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/jpeg")
    assert reply.headers["Zhian-Captured-At"] == "2026-05-01T04:00:00.000Z"
    assert reply.content.startswith(b"\xff\xd8")
    looked = client.get("/v1/searches").json()
    assert [(each["who"], each["what"]) for each in looked] == [("day", {"action": "still shown", "camera": "gate"})]


def test_strangers_and_unknown_cameras_get_nothing(client: httpx.Client) -> None:
    assert httpx.get(client.base_url.join("/v1/cameras/gate/still")).status_code == 401
    assert_problem(client.get("/v1/cameras/attic/still"), 422, "unknown-camera", "known are gate")


def test_alerts_are_asked_for_by_the_name_of_their_rule(client: httpx.Client, alerting: Alerting) -> None:
    for number, name in enumerate(["yard", "fence", "yard"]):
        made = alert_id(Source.RULE, name, number)
        alerting.desk.take(
            [Alert(made, Source.RULE, name, "intrusion", Severity.HIGH, NOON_MS + number, "gate", "willow", name)]
        )
    found = client.get("/v1/alerts", params={"name": "yard"}).json()["alerts"]
    assert [(each["name"], each["at_ms"] - NOON_MS) for each in found] == [("yard", 2), ("yard", 0)]
    assert len(client.get("/v1/incidents", params={"name": ["fence"]}).json()["incidents"]) == 1
