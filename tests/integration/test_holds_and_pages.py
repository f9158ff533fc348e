"""Holds and pages of sightings at the doors: HTTP over a real socket, and the command line on a real folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.embeddings import EmbeddingSpace
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, SightingFilter, open_archive
from pipeline.sighting import Record, Shot, Sighting, TrackletKey
from search_api.access import Callers
from search_api.app import create_app
from search_api.cli.main import run_command
from search_api.service import SearchService
from search_api.serving import Serving, address_of, listen

NOON_MS = 1777608000000
SPACE = EmbeddingSpace("axes", "1-fp32", 2)


def record(number: int, camera: str = "gate") -> Record:
    key = TrackletKey(camera, "s", number)
    at = NOON_MS + number * 1000
    shot = Shot(at, (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    sighting = Sighting(key.sighting_id(), key, Kind.PERSON, "willow", at, at, shot, (10, 10), 1)
    return Record(sighting, np.array([1, 0], np.float32), SPACE, b"\xff\xd8 picture %d" % number)


def names(records: Sequence[Record]) -> list[str]:
    return [each.sighting.id for each in records]


THERE = [record(number) for number in range(5)]


@pytest.fixture
def archive() -> InMemoryArchive:
    made = InMemoryArchive()
    made.append([*THERE, record(9, "lake")])
    return made


@pytest.fixture
def client(archive: InMemoryArchive) -> Iterator[httpx.Client]:
    service = SearchService(archive, None, None, now_ms=lambda: NOON_MS)  # type: ignore[arg-type]
    bound = listen("127.0.0.1", 0)
    with (
        Serving(create_app(service, Callers.of(wang="token")), bound),
        httpx.Client(base_url=address_of(bound), trust_env=False, timeout=20) as opened,
    ):
        opened.headers["Authorization"] = "Bearer token"
        yield opened


def test_sightings_come_in_pages_and_are_on_record(client: httpx.Client, archive: InMemoryArchive) -> None:
    asked = {"reason": "case 7", "camera": "gate", "limit": 2}
    seen: list[str] = []
    page = client.get("/v1/sightings", params=asked).json()
    while True:
        seen += [each["sighting"] for each in page["sightings"]]
        archive.append([record(100 + len(seen))])  # newer ones do not shift the pages
        if page["next"] is None:
            break
        page = client.get("/v1/sightings", params={**asked, "cursor": page["next"]}).json()
    assert seen == names(THERE)[::-1]
    newest = next(archive.searches())
    assert (newest.who, newest.reason, newest.what["action"], newest.hits) == ("wang", "case 7", "list", 1)


def test_a_page_that_the_caller_has_is_not_sent_again(client: httpx.Client, archive: InMemoryArchive) -> None:
    asked = {"reason": "case 7", "to": "2026-05-01T04:00:03Z"}
    first = client.get("/v1/sightings", params=asked)
    again = client.get("/v1/sightings", params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    archive.append([record(1, "lake")])
    changed = client.get("/v1/sightings", params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert len(changed.json()["sightings"]) == len(first.json()["sightings"]) + 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "reason"),
        ({"reason": " "}, "reason"),
        ({"reason": "x", "cursor": "page 2"}, "none of ours"),
        ({"reason": "x", "camera": "nroth"}, "unknown camera nroth"),
        ({"reason": "x", "limit": 5000}, "limit"),
    ],
)
def test_a_page_that_cannot_be_asked_for(client: httpx.Client, asked: dict[str, str], said: str) -> None:
    reply = client.get("/v1/sightings", params=asked)
    assert reply.status_code == 422
    assert said in reply.json()["detail"]


def test_the_search_log_in_pages(client: httpx.Client) -> None:
    for number in range(3):
        client.get("/v1/sightings", params={"reason": f"case {number}"})
    first = client.get("/v1/searches", params={"limit": 2}).json()
    rest = client.get("/v1/searches", params={"limit": 2, "before": first[-1]["line"]}).json()
    assert [each["reason"] for each in first + rest] == ["case 2", "case 1", "case 0"]


def test_a_case_holds_by_id_and_by_time_and_releases(client: httpx.Client, archive: InMemoryArchive) -> None:
    one = {"sightings": names(THERE[:1]), "reason": "last seen here"}
    assert client.post("/v1/cases/2026-114/holds", json=one).json() == {
        "case": "2026-114",
        "changed": 1,
        "sightings": 1,
    }
    span = {"from": "2026-05-01T04:00:00Z", "to": "2026-05-01T04:00:03Z", "camera": ["gate"], "reason": "at noon"}
    held = client.post("/v1/cases/2026-114/holds", json=span).json()
    assert (held["changed"], held["sightings"]) == (2, 3)
    first = client.get("/v1/cases/2026-114/holds", params={"limit": 2}).json()
    rest = client.get("/v1/cases/2026-114/holds", params={"limit": 2, "after": first["next"]}).json()
    assert first["sightings"] + rest["sightings"] == sorted(names(THERE[:3]))
    assert rest["next"] is None
    (listed,) = client.get("/v1/holds").json()
    assert (listed["who"], listed["reason"], listed["sightings"]) == ("wang", "last seen here", 3)
    assert archive.expire(NOON_MS * 2) == 3
    released = client.delete("/v1/cases/2026-114/holds", params={"reason": "closed"}).json()
    assert (released["changed"], released["sightings"]) == (3, 0)
    log = client.get("/v1/searches").json()
    assert [(each["what"]["action"], each["hits"]) for each in log] == [("release", 3), ("hold", 2), ("hold", 1)]
    assert archive.expire(NOON_MS * 2) == 3


def test_the_cases_come_in_pages(client: httpx.Client) -> None:
    for number in range(5):
        client.post(f"/v1/cases/2026-{number}/holds", json={"sightings": names(THERE[:1]), "reason": "x"})
    whole = client.get("/v1/holds")
    assert "link" not in whole.headers
    first = client.get("/v1/holds", params={"limit": 2})
    second = client.get(first.links["next"]["url"])
    client.delete("/v1/cases/2026-3/holds", params={"reason": "closed"})
    third = client.get(second.links["next"]["url"])
    assert first.json() + second.json() + third.json() == whole.json()
    assert (len(first.json()), len(second.json()), "next" in third.links) == (2, 2, False)
    assert client.get("/v1/holds", params={"limit": 4}).links == {}
    again = client.get("/v1/holds", params={"limit": 1}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    tag = again.headers["etag"]
    assert client.get("/v1/holds", params={"limit": 1}, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"after": "page 2"}, "none of ours: follow the `Link`"),
        ({"after": "12-"}, "none of ours"),
        ({"after": ""}, "none of ours"),
        ({"limit": "0"}, "limit"),
        ({"limti": "5"}, "limti"),
    ],
)
def test_a_page_of_cases_that_cannot_be_asked_for(client: httpx.Client, asked: dict[str, str], said: str) -> None:
    reply = client.get("/v1/holds", params=asked)
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert said in reply.json()["detail"]


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"reason": "x"}, 422, "say either"),
        ({"reason": "x", "sightings": ["nobody"], "camera": ["gate"]}, 422, "say either"),
        ({"reason": "x", "sightings": ["nobody"]}, 404, "no sighting nobody"),
        ({"reason": "x", "camera": ["nroth"]}, 422, "unknown camera"),
        ({"sightings": ["nobody"]}, 422, "reason"),
        ({"reason": "x", "sigthings": ["nobody"]}, 422, "sigthings"),
    ],
)
def test_a_hold_that_cannot_be(client: httpx.Client, wanted: dict[str, object], status: int, said: str) -> None:
    reply = client.post("/v1/cases/12/holds", json=wanted)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert said in reply.json()["detail"]
    assert client.get("/v1/holds").json() == []


def test_the_command_line_holds_while_another_process_may_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--archive", str(tmp_path / "a")]
    about = ["--case", "2026-114", "--reason", "lost mother"]
    with open_archive(tmp_path / "a", writable=True) as writer:
        writer.append(THERE)
        assert run_command(["archive", "hold", *folder, *about, "--sighting", names(THERE)[0]]) == 0
        assert (
            run_command(["archive", "hold", *folder, *about, "--camera", "gate", "--to", "2026-05-01T04:00:02Z"]) == 0
        )
        assert "1 sightings more, 2 held by 2026-114" in capsys.readouterr().out
        assert writer.expire(NOON_MS * 2) == 3
        assert run_command(["archive", "holds", *folder]) == 0
        assert "lost mother" in capsys.readouterr().out
        assert run_command(["archive", "release", *folder, *about]) == 0
        assert run_command(["archive", "release", *folder, *about]) == 2
        assert "case 2026-114 holds nothing in this archive: cases that do are none" in capsys.readouterr().err
        assert run_command(["archive", "hold", *folder, *about]) == 2
        assert "say what to hold" in capsys.readouterr().err
        assert writer.audit().whole
        assert writer.expire(NOON_MS * 2) == 2


def test_pictures_leave_the_archive_as_files_and_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--archive", str(tmp_path / "a")]
    with open_archive(tmp_path / "a", writable=True) as writer:
        writer.append(THERE)
    assert run_command(["archive", "picture", *folder, names(THERE)[3], "--out", str(tmp_path / "her.jpg")]) == 0
    assert (tmp_path / "her.jpg").read_bytes() == THERE[3].picture
    assert run_command(["archive", "picture", *folder, "nobody", "--out", str(tmp_path / "x.jpg")]) == 2
    assert not (tmp_path / "x.jpg").exists()
    assert run_command(["archive", "stats", *folder]) == 0
    assert re.search(r"图包\W+1\W", capsys.readouterr().out)
    assert run_command(["archive", "verify", *folder, "--thorough"]) == 0
    pack = tmp_path / "a" / "pictures" / "1.pack"
    pack.write_bytes(pack.read_bytes().replace(b"picture 3", b"picture 7"))
    capsys.readouterr()
    assert run_command(["archive", "verify", *folder]) == 2
    assert f"sighting {names(THERE)[3]}: its picture is missing or damaged" in capsys.readouterr().out


def test_compacting_gives_back_the_room_of_the_forgotten(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a", writable=True) as writer:
        writer.append(THERE)
        writer.forget(names(THERE)[:3])
        assert writer.stats().dead_picture_bytes == sum(len(each.picture) for each in THERE[:3])
    assert run_command(["archive", "compact", "--archive", str(tmp_path / "a")]) == 0
    with open_archive(tmp_path / "a", writable=False) as reader:
        assert reader.stats().dead_picture_bytes == 0
        assert reader.stats().picture_bytes == sum(len(each.picture) for each in THERE[3:])
        assert [reader.picture(each.id) for each in reader.find(SightingFilter())] == [
            each.picture for each in THERE[:2:-1]
        ]
        assert reader.verify(thorough=True) == []
