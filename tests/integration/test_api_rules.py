"""The rules' door, asked by a real client over a real socket."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from camera_adapters.site import Camera
from pipeline.alerting.rules.book import RuleBook
from pipeline.alerting.rules.changed_rules import ChangedRules
from pipeline.alerting.rules.rule_file import check_rules
from pipeline.archive.memory import InMemoryArchive
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
from tests.servers.doors import assert_problem
from tests.unit.test_rule_book import ZONE, seen

TOKEN = "a-token-of-the-day-shift"
COUNT = {"name": "count", "kind": "counting", "line": [[100, 0], [100, 400]]}
CAMERAS = [Camera("gate", "x.mp4"), Camera("yard", "y.mp4")]


def opened(folder: Path) -> RuleBook:
    return RuleBook(CAMERAS, {"gate": check_rules({"rules": [ZONE]})}, ChangedRules(folder))


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    return opened(tmp_path)


@pytest.fixture
def client(book: RuleBook) -> Iterator[httpx.Client]:
    service = SearchService(InMemoryArchive(), lambda: None, lambda kind: None)
    bound = listen("127.0.0.1", 0)
    app = create_app(service, Callers.of(day=TOKEN), rule_book=book)
    with (
        Serving(app, bound),
        httpx.Client(base_url=address_of(bound), headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        yield client


def test_rules_are_listed_with_state_and_counters(client: httpx.Client, book: RuleBook):
    for i in range(5):
        book.observe(*seen(i, 90.0))
    (rule,) = client.get("/v1/rules").json()
    assert (rule["camera"], rule["name"], rule["kind"], rule["severity"]) == ("gate", "zone", "intrusion", "high")
    assert (rule["state"], rule["events"], rule["changed"], rule["count"]) == ("watching", 1, False, None)
    assert rule["last_event"] == "1970-01-01T00:16:40.400Z"
    assert rule["rule"] == ZONE
    assert client.get("/v1/rules/yard").json() == []


def test_rules_are_changed_and_stay_changed(client: httpx.Client, tmp_path: Path):
    assert [r["name"] for r in client.post("/v1/rules/gate", json=COUNT).json()] == ["zone", "count"]
    put = client.put("/v1/rules/yard", json={"rules": [{**ZONE, "schedule": {"from": "22:00", "to": "06:00"}}]})
    assert put.json()[0]["rule"]["schedule"] == {"from": "22:00:00", "to": "06:00:00"}
    assert client.delete("/v1/rules/gate/zone").status_code == 204
    assert [r.settings.name for r in opened(tmp_path).reports()] == ["count", "zone"]
    assert [r["name"] for r in client.delete("/v1/rules/gate").json()] == ["zone"]
    assert [r.changed for r in opened(tmp_path).reports()] == [False, True]


def test_what_is_sent_back_is_the_same_rule(client: httpx.Client, book: RuleBook):
    before = book.rules_of("gate")
    client.put("/v1/rules/gate", json={"rules": [r["rule"] for r in client.get("/v1/rules/gate").json()]})
    assert book.rules_of("gate") == before


def test_whoever_saw_other_rules_is_refused(client: httpx.Client, book: RuleBook):
    tag = client.get("/v1/rules/gate").headers["ETag"]
    mine = client.post("/v1/rules/gate", json=COUNT, headers={"If-Match": tag})
    assert (mine.status_code, mine.headers["ETag"] == tag) == (201, False)
    for reply in (
        client.post("/v1/rules/gate", json={**COUNT, "name": "other"}, headers={"If-Match": tag}),
        client.put("/v1/rules/gate", json={"rules": [COUNT]}, headers={"If-Match": tag}),
        client.delete("/v1/rules/gate/zone", headers={"If-Match": tag}),
        client.delete("/v1/rules/gate", headers={"If-Match": tag}),
    ):
        assert_problem(reply, 409, "rules-changed", "somebody else changed")
    assert [rule.name for rule in book.rules_of("gate")] == ["zone", "count"]
    assert client.delete("/v1/rules/gate/zone", headers={"If-Match": mine.headers["ETag"]}).status_code == 204


def test_a_rule_is_renamed_in_its_place_and_may_have_a_slash_in_its_name(client: httpx.Client):
    client.post("/v1/rules/gate", json=COUNT)
    renamed = client.post("/v1/rules/gate", params={"replaces": "zone"}, json={**ZONE, "name": "东/西门"}).json()
    assert [rule["name"] for rule in renamed] == ["东/西门", "count"]
    taken = client.post("/v1/rules/gate", params={"replaces": "东/西门"}, json={**ZONE, "name": "count"})
    assert_problem(taken, 422, "bad-rules", "`count` stands there twice")
    gone = client.post("/v1/rules/gate", params={"replaces": "zone"}, json=ZONE)
    assert_problem(gone, 404, "unknown-rule", "no rule `zone`")
    assert client.delete("/v1/rules/gate/%E4%B8%9C%2F%E8%A5%BF%E9%97%A8").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug", "detail"),
    [
        ("PUT", "/v1/rules/gate", {"rules": [{**ZONE, "zone": [[0, 0], [9, 9], [9, 0], [0, 9]]}]}, 422, "bad-input",
         "edges 1 and 3 meet"),
        ("PUT", "/v1/rules/gate", {"rules": [ZONE, ZONE]}, 422, "bad-input", "`zone` stands there twice"),
        ("PUT", "/v1/rules/gate", {"rules": []}, 422, "bad-input", "rules"),
        ("PUT", "/v1/rules/attic", {"rules": [ZONE]}, 422, "unknown-camera", "unknown camera attic"),
        ("POST", "/v1/rules/gate", {"name": "a", "kind": "dance"}, 422, "bad-input", "line_crossing"),
        ("POST", "/v1/rules/gate", {**COUNT, "line": [[0, 0], [9000, 0]]}, 422, "bad-rules", "outside the picture"),
        ("DELETE", "/v1/rules/gate/x", None, 404, "unknown-rule", "camera gate has no rule `x`"),
        ("GET", "/v1/rules/attic", None, 422, "unknown-camera", "known are gate, yard"),
    ],
)  # fmt: skip
def test_bad_requests_are_problems(client: httpx.Client, book: RuleBook, method, path, body, status, slug, detail):
    book.observe(*seen(0, 300.0))  # the picture's size is known from now on
    reply = client.request(method, path, json=body)
    assert (reply.status_code, reply.json()["type"]) == (status, f"urn:zhian:problem:{slug}")
    assert detail in reply.json()["detail"]
    assert [rule.name for rule in book.rules_of("gate")] == ["zone"]


def test_without_a_token_nothing_is_told(client: httpx.Client):
    assert httpx.get(client.base_url.join("/v1/rules")).status_code == 401
