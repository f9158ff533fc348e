"""Incidents, subscriptions and event streams, asked by real clients over real sockets."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from models.kinds import Kind
from pipeline.alerting.alert import Alert, Severity, Source
from pipeline.alerting.delivery.signature import verify
from pipeline.alerting.service import Alerting, open_alerting
from pipeline.alerting.settings import AlertingSettings
from pipeline.archive.memory import InMemoryArchive
from search_api.access import Callers
from search_api.app import create_app
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen
from tests.servers.receiver import Receiver

TOKEN = "a-token-of-the-night-shift"
NOON_MS = 1_777_608_000_000


def alert(n: int, **more: Any) -> Alert:
    values: dict[str, Any] = {
        "source": Source.RULE,
        "name": "yard",
        "kind": "intrusion",
        "severity": Severity.MEDIUM,
        "camera_id": "east",
        "community": "willow",
        "subject": f"person {n}",
        "at_ms": NOON_MS + n,
    } | more
    return Alert(id=f"{n:020x}", **values)


def incident(n: int) -> str:
    return f"i-{n:020x}"


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    settings = AlertingSettings(
        private_receivers=("127.0.0.0/8",), retry_first_s=0.05, retry_longest_s=0.2, timeout_s=2
    )
    made = open_alerting(tmp_path, settings)
    made.start()
    yield made
    assert made.stop()


@pytest.fixture
def client(alerting: Alerting) -> Iterator[httpx.Client]:
    def nothing(_: Kind) -> Any:
        raise NotImplementedError

    service = SearchService(InMemoryArchive(), lambda: nothing(Kind.PERSON), nothing)
    bound = listen("127.0.0.1", 0)
    app = create_app(service, Callers.of(night=TOKEN), alerting)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        Serving(app, bound),
        httpx.Client(base_url=address_of(bound), headers=headers, trust_env=False, timeout=10) as made,
    ):
        yield made
        alerting.hub.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


def eventually(condition: Any, within_s: float = 10) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def assert_problem(reply: httpx.Response, status: int, slug: str, said: str = "") -> None:
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert body["type"] == f"urn:zhian:problem:{slug}"
    assert said in body["detail"]
    assert "Traceback" not in reply.text


def subscribe(client: httpx.Client, **terms: Any) -> dict[str, Any]:
    reply = client.post("/v1/subscriptions", json={"name": "guard", **terms})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


def test_an_incident_from_alert_to_outcome(client: httpx.Client, alerting: Alerting) -> None:
    alerting.desk.take([alert(1, sighting_id="a" * 20), alert(2, subject="person 1", severity=Severity.HIGH), alert(3)])
    page = client.get("/v1/incidents").json()
    assert [(i["incident"], i["alerts"], i["severity"]) for i in page["incidents"]] == [
        (incident(3), 1, "medium"),
        (incident(1), 2, "high"),
    ]
    assert page["incidents"][1]["picture"] == f"/v1/sightings/{'a' * 20}/picture"
    path = f"/v1/incidents/{incident(1)}"
    assert client.post(f"{path}/acknowledge", json={"note": "on it"}).json()["state"] == "acknowledged"
    assert client.post(f"{path}/dispatch").json()["state"] == "dispatched"
    closed = client.post(f"{path}/close", json={"outcome": "false", "note": "a cat"}).json()
    assert (closed["state"], closed["outcome"]) == ("closed", "false")
    story = client.get(path).json()
    assert [(s["who"], s["state"], s["note"]) for s in story["steps"]] == [
        ("night", "acknowledged", "on it"),
        ("night", "dispatched", ""),
        ("night", "closed", "a cat"),
    ]
    assert [a["alert"] for a in story["alerts"]] == [alert(1).id, alert(2).id]
    told = client.get("/v1/outcomes", params={"source": "rule", "name": "yard"}).json()
    assert (told["true"], told["false"], told["pending"]) == (0, 1, 1)
    assert_problem(client.post(f"{path}/acknowledge"), 409, "step-refused", "closed")
    assert_problem(client.post(f"{path}/close", json={}), 422, "bad-input", "outcome")
    assert_problem(client.post("/v1/incidents/i-none/acknowledge"), 404, "unknown-incident")


def test_lists_page_filter_and_answer_304(client: httpx.Client, alerting: Alerting) -> None:
    alerting.desk.take([alert(n, community="willow" if n % 2 else "maple") for n in range(1, 8)])
    seen, after = [], None
    while True:
        page = client.get("/v1/incidents", params={"limit": 3} | ({"after": after} if after else {})).json()
        seen += [i["incident"] for i in page["incidents"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [incident(n) for n in range(7, 0, -1)]
    assert len(client.get("/v1/incidents", params={"community": "maple", "state": "open"}).json()["incidents"]) == 3
    assert len(client.get("/v1/alerts", params={"community": "willow", "limit": 2}).json()["alerts"]) == 2
    first = client.get("/v1/incidents")
    again = client.get("/v1/incidents", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    client.post(f"/v1/incidents/{incident(1)}/acknowledge")
    assert client.get("/v1/incidents", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert_problem(client.get("/v1/incidents", params={"after": "x"}), 422, "bad-input", "next")
    assert_problem(client.get("/v1/incidents", params={"state": "asleep"}), 422, "bad-input")


def test_two_people_do_not_overwrite_each_other(client: httpx.Client, alerting: Alerting) -> None:
    alerting.desk.take([alert(1)])
    path = f"/v1/incidents/{incident(1)}"
    seen = client.get(path)
    revision = f'"{seen.headers["Zhian-Revision"]}"'
    alerting.desk.take([alert(2, subject="person 1")])
    refused = client.post(f"{path}/close", json={"outcome": "true"}, headers={"If-Match": revision})
    assert_problem(refused, 409, "step-refused", "changed meanwhile")
    assert client.post(f"{path}/close", json={"outcome": "true"}, headers={"If-Match": '"2"'}).status_code == 200


def test_a_webhook_is_signed_receipted_and_its_secret_shown_once(
    client: httpx.Client, alerting: Alerting, receiver: Receiver
) -> None:
    made = subscribe(client, channel="webhook", address=receiver.url)
    secret = made["secret"]
    assert len(secret) >= 32
    path = f"/v1/subscriptions/{made['subscription']}"
    alerting.desk.take([alert(1)])
    eventually(lambda: client.get(path).json()["delivered"] == 1)
    (post,) = receiver.posts
    assert verify(secret, post.headers["Zhian-Signature"], post.body, time.time())
    assert not verify(secret, post.headers["Zhian-Signature"], post.body + b" ", time.time())
    body = json.loads(post.body)
    assert (body["id"], body["incident"], body["community"]["id"]) == (alert(1).id, incident(1), "willow")
    (letter,) = client.get(f"{path}/letters").json()
    assert (letter["state"], letter["receipt"], letter["attempts"]) == ("delivered", "HTTP 204", 1)
    assert client.get(f"/v1/incidents/{incident(1)}").json()["told"] == [letter]
    for reply in (
        client.get(path),
        client.get("/v1/subscriptions"),
        client.put(path, json=made["terms"] | {"address": ""}),
    ):
        assert secret not in reply.text
        assert "key=k" not in reply.text
        assert "***" in reply.text
    assert client.post(f"{path}/test").json() == {"delivered": True, "receipt": "HTTP 204", "reason": ""}
    assert json.loads(receiver.posts[-1].body)["event"] == "test"


def test_dead_letters_are_seen_and_sent_again(client: httpx.Client, alerting: Alerting, receiver: Receiver) -> None:
    made = subscribe(client, channel="webhook", address=receiver.url)
    path = f"/v1/subscriptions/{made['subscription']}"
    receiver.status = 410
    alerting.desk.take([alert(1), alert(2)])
    eventually(lambda: client.get(path).json()["dead"] == 2)
    dead = client.get(f"{path}/letters", params={"state": "dead"}).json()
    assert all("410" in letter["reason"] for letter in dead)
    receiver.status = 204
    assert client.post(f"{path}/resend", json={"letters": [dead[0]["letter"]]}).json() == {"resent": 1}
    eventually(lambda: client.get(path).json()["delivered"] == 1)
    assert client.post(f"{path}/resend").json() == {"resent": 1}
    eventually(lambda: client.get(path).json()["delivered"] == 2)
    assert sorted(json.loads(post.body)["id"] for post in receiver.taken()) == [alert(1).id, alert(2).id]


def test_a_mute_ends_by_itself_and_must_end(client: httpx.Client, alerting: Alerting, receiver: Receiver) -> None:
    made = subscribe(client, channel="webhook", address=receiver.url)
    path = f"/v1/subscriptions/{made['subscription']}"
    for body, said in (
        ({"reason": "quiet"}, "until"),
        ({"until": "2020-01-01T00:00Z", "reason": "quiet"}, "past"),
        ({"until": "2200-01-01T00:00Z", "reason": "quiet"}, "30 days"),
        ({"until": "tomorrow", "reason": "quiet"}, "not a time"),
        ({"until": "2200-01-01T00:00Z", "reason": " "}, "reason"),
    ):
        assert_problem(
            client.post(f"{path}/mute", json=body),
            422,
            "bad-subscription" if "past" in said or "30" in said else "bad-input",
            said,
        )
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    muted = client.post(f"{path}/mute", json={"until": soon, "reason": "building works"}).json()
    assert (muted["muted_by"], muted["mute_reason"]) == ("night", "building works")
    alerting.desk.take([alert(1)])
    assert client.delete(f"{path}/mute").json()["muted_until"] is None
    alerting.desk.take([alert(2)])
    eventually(lambda: receiver.posts)
    assert [json.loads(post.body)["id"] for post in receiver.posts] == [alert(2).id]


@pytest.mark.parametrize(
    ("terms", "slug", "said"),
    [
        ({"channel": "pigeon", "address": "x"}, "bad-input", "channel"),
        ({"channel": "webhook", "address": "http://10.1.2.3/x"}, "address-refused", "private"),
        ({"channel": "webhook", "address": "http://169.254.169.254/latest"}, "address-refused", "private"),
        ({"channel": "webhook", "address": "http://[::1]/x"}, "address-refused", "private"),
        ({"channel": "webhook", "address": "http://[::ffff:10.0.0.1]/x"}, "address-refused", "private"),
        ({"channel": "webhook", "address": "http://192.168.1.1:99999/"}, "bad-subscription", "read"),
        ({"channel": "webhook", "address": "ftp://example.org/"}, "bad-subscription", "https://"),
        ({"channel": "webhook", "address": "https:///x"}, "bad-subscription", "https://"),
        ({"channel": "webhook", "address": "http://127.0.0.1/a b"}, "bad-subscription", "blank"),
        ({"channel": "webhook", "address": ""}, "bad-subscription", "https://"),
        ({"channel": "mqtt", "address": "mqtt://127.0.0.1/a/#"}, "bad-subscription", "topic"),
        ({"channel": "redis", "address": "redis://127.0.0.1/0"}, "bad-subscription", "stream"),
        ({"channel": "apprise", "address": "json://127.0.0.1/"}, "bad-subscription", "begin with"),
        ({"channel": "apprise", "address": "wecombot://"}, "bad-subscription", "complete"),
        ({"channel": "stream", "address": "x"}, "bad-subscription", "no address"),
        ({"channel": "stream", "severity": "dreadful"}, "bad-input", "severity"),
        ({"channel": "stream", "hours": [{"from": "25:00"}]}, "bad-input", "hours"),
        ({"channel": "stream", "hours": [{"timezone": "Mars"}]}, "bad-input", "Mars"),
        ({"channel": "stream", "escalate": {"to": "nobody", "after_s": 60}}, "bad-subscription", "nobody"),
        ({"channel": "stream", "color": "red"}, "bad-input", "color"),
    ],
)
def test_bad_subscriptions_are_clear_problems(
    client: httpx.Client, terms: dict[str, Any], slug: str, said: str
) -> None:
    assert_problem(client.post("/v1/subscriptions", json={"name": "x", **terms}), 422, slug, said)
    assert client.get("/v1/subscriptions").json() == []


def test_ten_megabytes_are_refused(client: httpx.Client) -> None:
    body = json.dumps({"name": "x" * 10_000_000, "channel": "stream"})
    reply = client.post("/v1/subscriptions", content=body, headers={"Content-Type": "application/json"})
    assert_problem(reply, 413, "upload-too-large", "1 MB")


def test_nothing_opens_without_a_token(client: httpx.Client) -> None:
    for path in ("/v1/incidents", "/v1/alerts", "/v1/subscriptions", "/v1/events", "/v1/events?ticket=guess"):
        reply = httpx.get(str(client.base_url.join(path)), trust_env=False)
        assert_problem(reply, 401, "unauthorised")
    with pytest.raises(InvalidStatus) as refused:
        connect(ws_address(client)).close()
    assert refused.value.response.status_code == 403


@dataclass
class Told:
    """An event as a browser sees it."""

    id: str
    event: str
    data: dict[str, Any]


@contextmanager
def stream(client: httpx.Client, path: str = "/v1/events", **headers: str) -> Iterator["queue.Queue[Told]"]:
    """Read events in a thread until the block ends."""
    told: queue.Queue[Told] = queue.Queue()
    opened = threading.Event()

    def read(reply: httpx.Response) -> None:
        fields: dict[str, str] = {}
        try:
            for line in reply.iter_lines():
                opened.set()
                if not line and "data" in fields:
                    told.put(Told(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                    fields = {}
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
        except httpx.HTTPError:
            pass

    with client.stream("GET", path, headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=read, args=(reply,), daemon=True)
        thread.start()
        assert opened.wait(5)
        yield told
        reply.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        thread.join(5)


def test_events_arrive_as_they_happen_and_go_on_where_they_were(client: httpx.Client, alerting: Alerting) -> None:
    with stream(client) as told:
        eventually(lambda: alerting.hub.readers == 1)
        alerting.desk.take([alert(1)])
        first = told.get(timeout=5)
        assert (first.event, first.data["id"]) == ("alert", alert(1).id)
        client.post(f"/v1/incidents/{incident(1)}/acknowledge")
        assert told.get(timeout=5).event == "acknowledged"
    alerting.desk.take([alert(n) for n in range(2, 30)])
    with stream(client, **{"Last-Event-ID": first.id}) as told:
        seen = [told.get(timeout=5) for _ in range(29)]
    assert [each.event for each in seen] == ["acknowledged"] + ["alert"] * 28
    assert [each.data["id"] for each in seen[1:]] == [alert(n).id for n in range(2, 30)]
    assert [int(each.id) for each in seen] == list(range(2, 31))
    with stream(client, path="/v1/events?after=0&kind=intrusion") as told:
        assert told.get(timeout=5).data["id"] == alert(1).id


def test_a_stream_shows_what_it_is_asked_for(client: httpx.Client, alerting: Alerting) -> None:
    made = subscribe(client, channel="stream", communities=["maple"], severity="high")
    for path in (
        f"/v1/events?after=0&subscription={made['subscription']}",
        "/v1/events?after=0&community=maple&severity=high",
    ):
        alerting.desk.take([alert(1), alert(2, community="maple"), alert(3, community="maple", severity=Severity.HIGH)])
        with stream(client, path=path) as told:
            assert told.get(timeout=5).data["id"] == alert(3).id
    assert_problem(client.get("/v1/events?subscription=nobody"), 404, "unknown-subscription")
    assert_problem(client.get("/v1/events?after=yesterday"), 422, "bad-input", "number")


def test_a_removed_past_is_said_to_be_missing(client: httpx.Client, alerting: Alerting) -> None:
    alerting.desk.take([alert(1), alert(2)])
    alerting.upkeep.forget(NOON_MS + 3)
    alerting.desk.take([alert(5)])
    eventually(lambda: alerting.hub.recent(1) is None)
    with stream(client, **{"Last-Event-ID": "1"}) as told:
        assert told.get(timeout=5).event == "gap"
        assert told.get(timeout=5).data["id"] == alert(5).id
    with stream(client, **{"Last-Event-ID": "0"}) as told:
        assert told.get(timeout=5).data["id"] == alert(5).id


def test_a_ticket_opens_one_stream_once(client: httpx.Client, alerting: Alerting) -> None:
    ticket = client.post("/v1/events/tickets").json()["ticket"]
    bare = httpx.Client(base_url=client.base_url, trust_env=False)
    with bare, stream(bare, path=f"/v1/events?after=0&ticket={ticket}") as told:
        alerting.desk.take([alert(1)])
        assert told.get(timeout=5).data["id"] == alert(1).id
        assert_problem(httpx.get(f"{client.base_url}/v1/events?ticket={ticket}", trust_env=False), 401, "unauthorised")
        other = client.post("/v1/events/tickets").json()["ticket"]
        assert_problem(httpx.get(f"{client.base_url}/v1/alerts?ticket={other}", trust_env=False), 401, "unauthorised")


def ws_address(client: httpx.Client, query: str = "") -> str:
    return f"ws://{client.base_url.host}:{client.base_url.port}/v1/events/ws{query}"


def test_the_same_over_a_websocket(client: httpx.Client, alerting: Alerting) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with connect(ws_address(client, "?after=0"), additional_headers=headers) as socket:
        assert json.loads(socket.recv(5)) == {"event": "ping"}
        alerting.desk.take([alert(1)])
        told = json.loads(socket.recv(5))
        assert (told["seq"], told["event"], told["message"]["id"]) == (1, "alert", alert(1).id)
    ticket = client.post("/v1/events/tickets").json()["ticket"]
    with connect(ws_address(client, f"?after=0&ticket={ticket}")) as socket:
        assert json.loads(socket.recv(5))["event"] == "ping"
        assert json.loads(socket.recv(5))["message"]["id"] == alert(1).id
    with connect(ws_address(client, "?severity=dreadful"), additional_headers=headers) as socket:
        with pytest.raises(ConnectionClosed) as refused:
            socket.recv(5)
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1008


def test_figures_for_prometheus(client: httpx.Client, alerting: Alerting, receiver: Receiver) -> None:
    made = subscribe(client, channel="webhook", address=receiver.url)
    alerting.desk.take([alert(1)])
    eventually(lambda: receiver.posts)
    eventually(lambda: 'state="delivered"' in client.get("/metrics").text)
    text = client.get("/metrics").text
    assert 'zhian_incidents{state="open"} 1.0' in text
    assert f'zhian_messages{{state="delivered",subscription="{made["subscription"]}"}} 1.0' in text
    assert "zhian_event_streams 0.0" in text


def test_unsubscribing_forgets_all_but_what_others_lead_to(client: httpx.Client) -> None:
    chief = subscribe(client, name="chief", channel="stream")["subscription"]
    guard = subscribe(client, channel="stream", escalate={"to": chief, "after_s": 60})["subscription"]
    assert_problem(client.delete(f"/v1/subscriptions/{chief}"), 422, "bad-subscription", "guard")
    assert client.delete(f"/v1/subscriptions/{guard}").status_code == 204
    assert client.delete(f"/v1/subscriptions/{chief}").status_code == 204
    assert_problem(client.get(f"/v1/subscriptions/{chief}"), 404, "unknown-subscription")
    assert_problem(client.delete(f"/v1/subscriptions/{chief}"), 404, "unknown-subscription")
