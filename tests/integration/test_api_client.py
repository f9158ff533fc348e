"""The Python client against a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.service import Alerting, open_alerting
from search_api.access import Callers
from search_api.app import create_app
from search_api.client import Client, ProblemReply, Unreachable
from search_api.serving import Serving, address_of, listen
from search_api.wire.archive import HoldOut
from tests.servers.doors import GREEN, NOON_MS, RED, TOKEN, photo, service_over, small_archive


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = open_alerting(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(alerting: Alerting) -> Iterator[Client]:
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(service_over(small_archive()), Callers.of(day=TOKEN), alerting), bound),
        Client(address_of(bound), TOKEN) as opened,
    ):
        yield opened
        alerting.hub.close()


def intrusion(number: int) -> Alert:
    name = alert_id(Source.RULE, "yard", number)
    return Alert(
        name, Source.RULE, "yard", "intrusion", Severity.HIGH, NOON_MS + number, "north", "willow", f"person {number}"
    )


def test_a_photo_finds_the_same_person_and_her_picture(client: Client) -> None:
    found = client.search(photos=[photo(RED)], reason="case 7")
    best = found.hits[0]
    assert (best.camera, best.attributes["upper_colour"]) == ("north", "red")
    assert client.sighting(best.sighting).first_seen_ms == NOON_MS
    assert client.picture(best.sighting).startswith(b"\xff\xd8")
    assert client.searches(1)[0].reason == "case 7"


def test_several_in_a_photo_are_listed_and_a_box_picks_one(client: Client) -> None:
    picture = photo(GREEN, RED)
    listed = client.search(photos=[picture], reason="case 7")
    assert listed.hits == []
    assert len(listed.people) == 2
    right = max(listed.people, key=lambda person: person.box[0])
    found = client.search(photos=[picture], boxes=[right.box], reason="case 7")
    assert found.hits[0].attributes["upper_colour"] == "red"


def test_times_cameras_and_rejected_sightings_narrow_a_search(client: Client) -> None:
    noon = datetime.fromtimestamp(NOON_MS / 1000, UTC)
    later = client.search(photos=[photo(RED)], reason="case 7", from_=NOON_MS + 1_800_000)
    assert [hit.camera for hit in later.hits] == ["south"]
    assert {h.camera for h in client.search(photos=[photo(RED)], reason="r", cameras=["north"], from_=noon).hits} == {
        "north"
    }
    best = client.search(photos=[photo(RED)], reason="case 7").hits[0].sighting
    again = client.search(photos=[photo(RED)], reason="case 7", rejected=[best])
    assert best not in {hit.sighting for hit in again.hits}


def test_words_and_more_like_this(client: Client) -> None:
    found = client.search(words="红色上衣 zzz", reason="case 7")
    assert found.understood is not None
    assert found.understood.unknown == ["zzz"]
    like = client.search(sighting=found.hits[0].sighting, reason="case 7")
    assert found.hits[0].sighting not in {hit.sighting for hit in like.hits}


def test_refusals_carry_status_slug_and_sentence(client: Client) -> None:
    with pytest.raises(ProblemReply) as refused:
        client.search(photos=[photo(RED)], reason="case 7", cameras=["nroth"])
    assert (refused.value.status, refused.value.slug) == (422, "unknown-camera")
    assert "nroth" in str(refused.value)
    with pytest.raises(ProblemReply) as missing:
        client.sighting("0" * 20)
    assert (missing.value.status, missing.value.slug) == (404, "unknown-sighting")


def test_a_picture_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    name = client.search(words="红色上衣", reason="case 7").hits[0].sighting
    first = client.picture(name)
    assert client.picture(name) is first


def test_a_time_without_zone_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(ValueError, match="zone"):
        client.search(words="red coat", reason="case 7", to=datetime(2026, 5, 1, 12))


def test_nobody_answers() -> None:
    bound = listen("127.0.0.1", 0)
    address = address_of(bound)
    bound.close()
    with Client(address, TOKEN, timeout_s=2) as client, pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        client.health()


def test_cameras_and_health(client: Client) -> None:
    assert [camera.id for camera in client.cameras()] == ["north", "south"]
    assert client.health().status == "ok"


def test_everybody_who_passed_is_listed_over_pages(client: Client) -> None:
    listed = list(client.sightings(reason="case 7"))
    assert [sighting.camera for sighting in listed] == ["south", "north", "north"]
    assert [s.camera for s in client.sightings(reason="case 7", to=NOON_MS + 30_000)] == ["north"]


def test_what_was_watched_and_the_way_she_took(client: Client) -> None:
    watched = client.coverage(cameras=["north"], from_=NOON_MS, to=NOON_MS + 60_000)
    assert [(each.camera, each.share_watched) for each in watched.cameras] == [("north", 0.0)]
    first = client.search(photos=[photo(RED)], reason="case 7").hits[0].sighting
    way = client.trajectory([first], reason="case 7", fill=False)
    assert [(stop.camera, stop.confirmed) for stop in way.stops] == [("north", True)]
    assert {each.camera for each in way.suggestions} == {"south", "market"}


def test_a_case_holds_and_releases(client: Client) -> None:
    name = client.search(words="红色上衣", reason="case 7").hits[0].sighting
    assert client.hold("2026-7", [name], reason="last seen here").sightings == 1
    assert [(each.case, each.sightings) for each in client.holds()] == [("2026-7", 1)]
    assert list(client.held("2026-7")) == [name]
    assert client.release("2026-7", reason="found").changed == 1


def test_a_list_is_read_to_its_last_page(client: Client) -> None:
    name = client.search(words="红色上衣", reason="case 7").hits[0].sighting
    for number in range(3):
        client.hold(f"2026-{number}", [name], reason="last seen here")
    for limit in (1, 2, 3, 4):
        assert client.pages(HoldOut, f"/v1/holds?limit={limit}") == client.holds()
    assert len(client.holds()) == 3


def test_an_incident_is_taken_over_and_closed(client: Client, alerting: Alerting) -> None:
    alerting.desk.take([intrusion(1), intrusion(2)])
    newest, oldest = client.incidents()
    assert (newest.name, newest.state, newest.severity) == ("yard", "open", "high")
    assert client.acknowledge(newest.incident, "on my way").state == "acknowledged"
    assert client.dispatch(newest.incident).state == "dispatched"
    assert client.close_incident(newest.incident, "false", "a cat").outcome == "false"
    assert [step.note for step in client.incident(newest.incident).steps] == ["on my way", "", "a cat"]
    assert [each.incident for each in client.incidents(state="open")] == [oldest.incident]


def test_events_are_read_as_they_happen_and_go_on_where_they_stopped(client: Client, alerting: Alerting) -> None:
    alerting.desk.take([intrusion(1)])
    number, what, message = next(client.events(after=0))
    assert number > 0
    assert what
    assert message["incident"]
    alerting.desk.take([intrusion(2), intrusion(3)])
    later = list(islice(client.events(after=number), 2))
    assert [each[0] for each in later] == sorted(each[0] for each in later)
    assert number < later[0][0]
