"""The HTTP door, asked by a real client over a real socket."""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from camera_adapters.stream_state import Status
from models.errors import ModelMissing
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
from tests.servers.doors import (
    GREEN,
    NOON_MS,
    RED,
    TOKEN,
    Full,
    assert_problem,
    photo,
    record,
    service_over,
    small_archive,
)


@pytest.fixture
def archive() -> Full:
    return small_archive()


@pytest.fixture
def service(archive: Full) -> SearchService:
    return service_over(archive)


@pytest.fixture
def open_door(service: SearchService) -> Iterator[httpx.Client]:
    """A client that brings no token."""
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(service, Callers.of(day=TOKEN)), bound),
        httpx.Client(base_url=address_of(bound), trust_env=False, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def client(open_door: httpx.Client) -> httpx.Client:
    open_door.headers["Authorization"] = f"Bearer {TOKEN}"
    return open_door


def ask(client: httpx.Client, *pictures: bytes, **fields: Any) -> httpx.Response:
    files = [("photo", ("p.png", picture)) for picture in pictures] or None
    return client.post("/v1/search", data={"reason": "lost child, case 7", **fields}, files=files)


def test_words_find_those_who_look_as_described(client: httpx.Client, archive: Full) -> None:
    body = ask(client, words="红色上衣 黑裤子 North gate 没戴帽子 zzz 回族 吉他").json()
    assert [(hit["camera"], hit["attributes"].get("upper_colour")) for hit in body["hits"]] == [
        ("north", "red"),
        ("north", "green"),
    ]
    assert body["hits"][0]["reasons"] == {
        "upper_colour": "agree",
        "lower_colour": "agree",
        "lower_kind": "unseen",
        "not hat": "unseen",
    }
    assert body["hits"][1]["reasons"]["upper_colour"] == "disagree"
    understood = body["understood"]
    assert understood["wanted"]["upper_colour"] == ["red"]
    assert understood["without"] == {"hat": ["yes"]}
    assert (understood["unknown"], understood["refused"]) == (["zzz"], ["回族"])
    assert understood["unsearched"] == ["吉他"]
    assert "不作检索: 吉他" in understood["zh"]
    assert "not searched by: 吉他" in understood["en"]
    assert "上衣颜色: 红" in understood["zh"]
    entry = next(archive.searches())
    assert (entry.what["words"], entry.what["cameras"], entry.hits) == (
        "红色上衣 黑裤子 North gate 没戴帽子 zzz 回族 吉他",
        ["north"],
        2,
    )


def test_words_beside_a_photo_put_those_who_look_so_first(client: httpx.Client) -> None:
    assert ask(client, photo(RED)).json()["hits"][1]["camera"] == "south"
    body = ask(client, photo(RED), words="green coat").json()
    assert [hit["attributes"].get("upper_colour") for hit in body["hits"]] == [None, "red", "green"]
    assert ask(client, photo(RED)).json()["understood"] is None


@pytest.mark.parametrize("words", ["昨天下午", "somebody", "回族"])
def test_words_that_name_no_looks_are_a_problem(client: httpx.Client, words: str) -> None:
    assert_problem(ask(client, words=words), 422, "nothing-asked", "colour")


def test_one_in_the_photo_is_searched_for(client: httpx.Client) -> None:
    reply = ask(client, photo(RED))
    assert reply.status_code == 200
    body = reply.json()
    assert [(hit["rank"], hit["camera"]) for hit in body["hits"]] == [(1, "north"), (2, "south"), (3, "north")]
    assert body["box"] == [20, 40, 70, 160]
    assert body["people"] == [{"box": [20, 40, 70, 160], "score": 0.9}]
    best = body["hits"][0]
    assert best["score"] == pytest.approx(1.0, abs=1e-3)
    assert best["first_seen"] == "2026-05-01T04:00:00.000Z"
    assert best["last_seen_ms"] == NOON_MS + 5000
    assert (best["box"], best["frame_size"]) == ([10, 20, 35, 80], [768, 576])
    assert (best["community"], best["kind"], best["attributes"]) == (
        "willow",
        "person",
        {"upper_colour": "red", "lower_colour": "black"},
    )


def test_several_are_listed_and_the_box_picks_one(client: httpx.Client) -> None:
    both = photo(RED, GREEN)
    listed = ask(client, both).json()
    assert listed["hits"] == [] and listed["box"] is None
    assert "2" in listed["message"]
    assert sorted(person["box"] for person in listed["people"]) == [[20, 40, 70, 160], [110, 40, 160, 160]]
    picked = ask(client, both, box="110,40,160,160").json()
    assert picked["hits"][0]["first_seen_ms"] == NOON_MS + 60_000
    assert len(picked["people"]) == 2


def test_several_photos_of_one(client: httpx.Client, archive: Full) -> None:
    body = ask(client, photo(RED), photo(RED, GREEN), box=["", "110,40,160,160"]).json()
    assert [each["box"] for each in body["photos"]] == [[20, 40, 70, 160], [110, 40, 160, 160]]
    assert [len(each["people"]) for each in body["photos"]] == [1, 2]
    assert (body["box"], body["searched"]) == ([20, 40, 70, 160], 3)
    assert 0.6 < body["hits"][0]["score"] < 0.9, "half red, half green"
    entry = next(archive.searches())
    assert [each["box"] for each in entry.what["more_photos"]] == [(110, 40, 160, 160)]
    listed = ask(client, photo(RED), photo(RED, GREEN)).json()
    assert "photo 2 shows 2" in listed["message"] and listed["hits"] == []
    assert [len(each["people"]) for each in listed["photos"]] == [0, 2]
    assert_problem(ask(client, photo(RED), photo()), 422, "nobody-found", "photo 2: no person")
    assert_problem(ask(client, photo(RED), box=["1,2,3,4", "1,2,3,4"]), 422, "bad-input", "2 boxes for 1 photos")
    assert_problem(ask(client, *[photo(RED)] * 11), 422, "bad-input", "11 photos: send the 10 best")
    assert_problem(ask(client, words="red coat", box="1,2,3,4"), 422, "bad-input", "`box` belongs to a photo")


def test_what_is_said_of_hits_counts(client: httpx.Client, archive: Full) -> None:
    red, green = (record("north", n, RED, NOON_MS).sighting.id for n in (1, 2))
    body = ask(client, photo(RED), rejected=red, confirmed=green).json()
    assert [(hit["camera"], hit["confirmed"]) for hit in body["hits"]] == [("north", True), ("south", False)]
    assert ask(client, confirmed=green).json()["hits"][0]["sighting"] == green
    entry = next(archive.searches())
    assert (entry.what["confirmed"], "rejected" in entry.what) == ([green], False)
    assert_problem(ask(client, confirmed=red, rejected=red), 422, "bad-feedback", red)
    assert_problem(ask(client, photo(RED), rejected="f" * 20), 404, "unknown-sighting")
    assert_problem(ask(client, photo(RED), rerank="magic"), 422, "bad-input", "rerank")


def test_another_coat(client: httpx.Client, archive: Full) -> None:
    body = ask(client, photo(RED), coat_may_have_changed="true").json()
    assert len(body["hits"]) == 3
    assert {hit["confidence"] for hit in body["hits"]} == {None}
    assert next(archive.searches()).what["coat_may_have_changed"] is True
    assert_problem(ask(client, words="red coat", coat_may_have_changed="true"), 422, "bad-coat", "only a person's coat")


def test_a_visit_is_one_hit_with_its_shots_and_neighbours(client: httpx.Client, archive: Full) -> None:
    archive.append([record("north", 3, RED, NOON_MS + 10_000)])
    first, again = (record("north", n, RED, NOON_MS).sighting.id for n in (1, 3))
    best = ask(client, photo(RED), camera="north").json()["hits"][0]
    assert {best["sighting"], *(shot["sighting"] for shot in best["shots"])} == {first, again}
    assert best["group"] == first
    assert (best["likeness"], best["confidence"]) == (pytest.approx(1, abs=1e-3), None)
    apart = ask(client, photo(RED), camera="north", grouped="false").json()["hits"]
    assert {(hit["sighting"], hit["group"]) for hit in apart[:2]} == {(first, first), (again, again)}
    near = {hit["sighting"]: (hit["before"], hit["after"]) for hit in apart}
    assert near[first][0] is None
    assert near[first][1]["sighting"] == again
    assert near[first][1]["picture"].endswith(f"{again}/picture")


def test_nobody_in_the_photo(client: httpx.Client) -> None:
    assert_problem(ask(client, photo()), 422, "nobody-found", "no person found")


def test_more_like_a_sighting_leaves_itself_out(client: httpx.Client, archive: Full) -> None:
    red = record("north", 1, RED, NOON_MS).sighting.id
    hits = ask(client, sighting_id=red).json()["hits"]
    assert [hit["camera"] for hit in hits] == ["south", "north"]
    assert red not in {hit["sighting"] for hit in hits}
    assert_problem(ask(client, sighting_id="0" * 20), 404, "unknown-sighting", "0" * 20)


@pytest.mark.parametrize(
    ("fields", "cameras"),
    [
        ({"camera": "south"}, ["south"]),
        ({"camera": ["south", "north"], "top": "1"}, ["north"]),
        ({"community": "maple"}, ["south"]),
        ({"to": "2026-05-01T12:30:00+08:00"}, ["north", "north"]),
        ({"from": "2026-05-01T12:30:00+08:00"}, ["south"]),
        ({"from": "2026-05-01T05:30:00Z"}, []),
        ({"kind": "motor_vehicle", "box": "20,40,70,160"}, []),
    ],
)
def test_filters(client: httpx.Client, fields: dict[str, Any], cameras: list[str]) -> None:
    reply = ask(client, photo(RED), **fields)
    assert reply.status_code == 200, reply.text
    assert [hit["camera"] for hit in reply.json()["hits"]] == cameras


def test_a_zone_of_a_camera_narrows_the_search(client: httpx.Client) -> None:
    there = ask(client, photo(RED), camera="north", zone="0,0,0.1,0.2").json()  # feet of both at .03, .14
    assert [hit["camera"] for hit in there["hits"]] == ["north", "north"]
    assert ask(client, photo(RED), camera="north", zone="0.5,0 1,0 1,1").json()["hits"] == []
    by_words = ask(client, words="red top, North gate", zone="0,0,0.1,0.2").json()
    assert [hit["camera"] for hit in by_words["hits"]] == ["north", "north"]
    assert client.get("/v1/searches").json()[1]["what"]["zone"] == [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("fields", "slug", "said"),
    [
        ({"zone": "0,0,1,1"}, "bad-zone", "exactly one camera"),
        ({"zone": "everywhere", "camera": "north"}, "bad-input", "is no part of a picture"),
        ({"camera": "nroth"}, "unknown-camera", "unknown camera nroth: known are market, north, south"),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "bad-time-range", "not after its start"),
        ({"community": "wilow"}, "unknown-community", "unknown community wilow: known are maple, willow"),
        ({"from": "noon"}, "bad-input", "'noon' is not a time"),
        ({"box": "1,2,3"}, "bad-input", "is not a box"),
        ({"box": "5,5,5,5"}, "bad-input", "is empty"),
        ({"box": "900,900,950,950"}, "nobody-found", "outside the photo"),
        ({"kind": "dragon"}, "bad-input", "kind"),
        ({"top": "0"}, "bad-input", "top"),
        ({"top": "many"}, "bad-input", "top"),
        ({"reason": "  "}, "bad-input", "reason: is empty: write something"),
        ({"cameras": "north"}, "bad-input", "unknown field cameras"),
        ({"sighting_id": "0" * 20}, "bad-input", "either"),
    ],
)
def test_bad_fields_are_problems(client: httpx.Client, fields: dict[str, str], slug: str, said: str) -> None:
    assert_problem(ask(client, photo(RED), **fields), 422, slug, said)


def test_a_search_without_reason_or_subject_is_refused(client: httpx.Client) -> None:
    assert_problem(client.post("/v1/search", files={"photo": photo(RED)}), 422, "bad-input", "reason")
    assert_problem(ask(client), 422, "bad-input", "either")
    assert_problem(client.post("/v1/search", json={"reason": "x"}), 422, "bad-input", "reason")


@pytest.mark.parametrize("content", [b"", b"not a picture", photo(RED)[:200], b"\xff\xd8\xff\xe0 cut off"])
def test_bad_pictures_are_problems(client: httpx.Client, content: bytes) -> None:
    assert_problem(ask(client, content), 422, "bad-picture")


def test_a_picture_of_200_megapixels_is_refused(client: httpx.Client) -> None:
    small = cv2.imencode(".png", np.zeros((10, 10), np.uint8))[1].tobytes()
    header = b"IHDR" + struct.pack(">II", 20_000, 10_000) + small[24:29]
    huge = small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]
    assert_problem(ask(client, huge), 422, "bad-picture")


def test_an_upload_over_the_limit_is_413(client: httpx.Client) -> None:
    assert_problem(ask(client, b"\0" * 20_200_000), 413, "upload-too-large", "20 MB")
    unannounced = client.post(
        "/v1/search",
        content=(b"x" * 1_000_000 for _ in range(25)),
        headers={"Content-Type": "multipart/form-data; boundary=q"},
    )
    assert unannounced.status_code in {400, 413}
    assert unannounced.headers["content-type"] == "application/problem+json"


def test_a_broken_form_is_a_problem(client: httpx.Client) -> None:
    reply = client.post("/v1/search", content=b"zzz", headers={"Content-Type": "multipart/form-data; boundary=q"})
    assert_problem(reply, 400, "bad-request")


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong-token", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer tökén"]
)
@pytest.mark.parametrize("path", ["/v1/search", "/v1/cameras", "/v1/searches", "/metrics", "/v1/anything", "/console"])
def test_closed_without_token(open_door: httpx.Client, header: str | None, path: str) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    reply = open_door.get(path, headers=headers)
    assert_problem(reply, 401, "unauthorised", "Authorization: Bearer")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_every_search_is_recorded_before_its_reply(client: httpx.Client, archive: Full) -> None:
    ask(client, photo(RED), camera="north")
    ask(client, photo(RED, GREEN))
    ask(client, photo())
    log = client.get("/v1/searches").json()
    assert [(entry["who"], entry["reason"]) for entry in log] == [("day", "lost child, case 7")] * 3
    assert [(entry["hits"], entry["what"]["outcome"]) for entry in log] == [
        (0, "not answered"),
        (0, "several in the photo"),
        (2, "answered"),
    ]
    assert log[2]["what"]["cameras"] == ["north"]
    assert log[2]["at"] == "2026-05-01T06:00:00.000Z"
    assert len(client.get("/v1/searches", params={"limit": 1}).json()) == 1
    archive.full = True
    assert_problem(ask(client, photo(RED)), 507, "archive-full", "no room")


def test_a_missing_model_says_what_to_do(service: SearchService, client: httpx.Client) -> None:
    def missing() -> Any:
        raise ModelMissing("omz2002")

    service.detector = missing
    assert_problem(ask(client, photo(RED)), 503, "model-missing", "zhian models fetch omz2002")


def test_our_own_fault_is_a_problem_without_traceback(service: SearchService, client: httpx.Client) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("secret place")

    service.detector = broken
    reply = ask(client, photo(RED))
    assert_problem(reply, 500, "internal-error", "our fault")
    assert "secret place" not in reply.text


def test_too_many_waiting_searches_are_refused(service: SearchService, client: httpx.Client) -> None:
    while service._seats.acquire(blocking=False):
        pass
    reply = ask(client, photo(RED))
    assert_problem(reply, 503, "too-busy")
    assert reply.headers["retry-after"] == "5"
    assert "zhian_searches_refused_total 1.0" in client.get("/metrics").text


def test_sighting_and_its_picture(client: httpx.Client) -> None:
    made = record("north", 1, RED, NOON_MS)
    body = client.get(f"/v1/sightings/{made.sighting.id}").json()
    assert (body["camera"], body["first_seen_ms"]) == ("north", NOON_MS)
    reply = client.get(body["picture"])
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.content == made.picture
    again = client.get(body["picture"], headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(body["picture"], headers={"If-None-Match": '"other"'}).status_code == 200
    assert_problem(client.get("/v1/sightings/" + "f" * 20), 404, "unknown-sighting")
    assert_problem(client.get("/v1/sightings/.."), 404, "not-found")
    assert_problem(client.get("/v1/sightings/ABC"), 422, "bad-input", "sighting_id")


def test_every_reply_to_a_get_is_sent_once(client: httpx.Client) -> None:
    made = record("north", 1, RED, NOON_MS).sighting.id
    for path in (f"/v1/sightings/{made}", "/v1/cameras", "/v1/holds", "/v1/coverage", "/v1/searches"):
        first = client.get(path)
        assert first.status_code == 200, path
        tag = first.headers["etag"]
        again = client.get(path, headers={"If-None-Match": f'"x", W/{tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert first.headers["cache-control"] == "no-store", path
    assert client.get(f"/v1/sightings/{made}/picture").headers["cache-control"] == "private, no-cache"
    tag = client.get("/v1/searches").headers["etag"]
    ask(client, photo(RED))
    assert client.get("/v1/searches", headers={"If-None-Match": tag}).status_code == 200
    assert "etag" not in client.get("/v1/nothing").headers


@pytest.mark.parametrize("path", ["/v1/sightings?reason=x&frm=2026-05-01", "/v1/coverage?cameras=n", "/v1/cameras?x"])
def test_a_misspelt_parameter_is_refused(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(path), 422, "bad-input", "unknown parameter")


def test_a_body_that_is_no_json_is_told_where(client: httpx.Client) -> None:
    reply = client.post("/v1/trajectory", content=b'{"sightings":', headers={"Content-Type": "application/json"})
    assert_problem(reply, 422, "bad-input", "body: is not JSON at character 13")


def test_the_name_of_a_community_is_a_place(client: httpx.Client) -> None:
    understood = ask(client, words="red top, Willow Garden").json()["understood"]
    assert understood["unknown"] == []
    assert understood["zh"].endswith("地点: Willow Garden")
    assert client.get("/v1/searches").json()[0]["what"]["communities"] == ["willow"]


def test_wrong_paths_and_methods(client: httpx.Client) -> None:
    assert_problem(client.get("/v1/nothing"), 404, "not-found", "/v1/nothing")
    reply = client.delete("/v1/search")
    assert_problem(reply, 405, "method-not-allowed", "DELETE")
    assert reply.headers["allow"] == "POST"


def test_cameras_those_read_and_those_remembered(client: httpx.Client) -> None:
    north, south = client.get("/v1/cameras").json()
    assert (north["id"], north["name"], north["state"], north["analysed"]) == ("north", "North gate", "live", 8)
    assert (south["id"], south["state"]) == ("south", None)


def test_cameras_come_in_pages_and_by_community(client: httpx.Client) -> None:
    first = client.get("/v1/cameras", params={"limit": 1})
    assert [each["id"] for each in first.json()] == ["north"]
    assert first.links["next"]["url"] == "/v1/cameras?limit=1&after=north"
    last = client.get(first.links["next"]["url"])
    assert ([each["id"] for each in last.json()], "next" in last.links) == (["south"], False)
    assert [each["id"] for each in client.get("/v1/cameras", params={"community": "maple"}).json()] == ["south"]
    (north,) = client.get("/v1/cameras", params={"community": "willow"}).json()
    assert north["community_name"] == "Willow Garden"
    assert_problem(client.get("/v1/cameras", params={"after": "west"}), 422, "bad-input", "no camera of this list")


def test_health_needs_no_token_and_names_nobody(open_door: httpx.Client, service: SearchService) -> None:
    reply = open_door.get("/healthz")
    assert reply.json() == {"status": "ok", "version": reply.json()["version"], "cameras": {"live": 1}, "unstored": 0}
    report = service.cameras()[0]
    report.state.status = Status.BACKING_OFF  # type: ignore[misc]
    assert open_door.get("/healthz").json()["status"] == "degraded"
    assert "north" not in open_door.get("/healthz").text
    report.state.status = Status.LIVE  # type: ignore[misc]
    service.unstored = lambda: 7  # the disk is full
    assert (open_door.get("/healthz").json()["status"], open_door.get("/healthz").json()["unstored"]) == ("degraded", 7)


def test_metrics(client: httpx.Client) -> None:
    ask(client, photo(RED))
    client.get("/v1/sightings/" + "f" * 20)
    text = client.get("/metrics").text
    assert "zhian_archive_sightings 3.0" in text
    assert 'zhian_camera_state{camera="north",state="live"} 1.0' in text
    assert 'zhian_camera_frames_dropped_total{camera="north"} 2.0' in text
    assert 'zhian_http_requests_total{method="POST",route="/v1/search",status="200"} 1.0' in text
    assert 'route="/v1/sightings/{sighting_id}",status="404"' in text
    assert "f" * 20 not in text, "no addresses in labels"


def test_the_page_is_whole_without_the_internet(open_door: httpx.Client) -> None:
    page = open_door.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/console/docs.js" in open_door.get("/docs").text
    for part in ("/console/main.js", "/console/console.css"):
        assert part in page.text
        assert open_door.get(part).status_code == 200
    assert "http://" not in page.text and "https://" not in page.text
    assert_problem(open_door.get("/console/none.js"), 404, "not-found")


def test_openapi_has_examples_the_token_and_problems(open_door: httpx.Client) -> None:
    described = open_door.get("/openapi.json").json()
    assert set(described["paths"]) >= {"/v1/search", "/v1/sightings/{sighting_id}", "/v1/cameras", "/healthz"}
    search = described["paths"]["/v1/search"]["post"]
    assert "application/problem+json" in search["responses"]["422"]["content"]
    assert search["security"] == [{"HTTPBearer": []}]
    assert described["components"]["schemas"]["HitOut"]["examples"][0]["score"] == 0.87
    assert "lost child" in json.dumps(described)
    assert "security" not in described["paths"]["/healthz"]["get"]
