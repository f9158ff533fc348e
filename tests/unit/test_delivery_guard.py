"""Where messages may go, and what a receiver can believe."""

import asyncio
import socket
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.delivery.channel import Parcel, Reason, Undelivered
from pipeline.alerting.delivery.encoding import LARGEST_MESSAGE, encoded
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.signature import sign, verify
from pipeline.alerting.delivery.thumbnails import shrunk, thumbnails
from pipeline.alerting.delivery.webhook import Webhook
from pipeline.errors import UnknownSighting
from tests.servers.receiver import Receiver


def guard(*addresses: str, allowed: Sequence[str] = ()) -> AddressGuard:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return AddressGuard(allowed, resolve=resolve)


def address_of(made: AddressGuard, host: str = "receiver.example") -> str:
    return asyncio.run(made.address_of(host, 443))


@pytest.mark.parametrize(
    "private",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.9.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_refused(private: str) -> None:
    with pytest.raises(Undelivered) as refused:
        address_of(guard(private))
    assert refused.value.reason is Reason.REFUSED_ADDRESS
    with pytest.raises(Undelivered):
        address_of(guard("93.184.215.14", private))  # one among several


def test_public_ones_and_those_that_are_allowed_pass() -> None:
    assert address_of(guard("93.184.215.14")) == "93.184.215.14"
    assert address_of(guard("2606:2800:21f::1")) == "2606:2800:21f::1"
    assert address_of(guard("10.1.2.3", allowed=["10.1.0.0/16"])) == "10.1.2.3"
    assert address_of(guard("::ffff:10.1.2.3", allowed=["10.1.0.0/16"])) == "::ffff:10.1.2.3"
    assert address_of(guard("10.1.2.3", allowed=["alarm.lan"]), "Alarm.LAN.") == "10.1.2.3"
    with pytest.raises(Undelivered):
        address_of(guard("10.2.0.1", allowed=["10.1.0.0/16", "alarm.lan"]))


def test_names_that_lead_nowhere_or_take_too_long() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("no such name")

    async def slow(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ["93.184.215.14"]

    for made in (AddressGuard(resolve=unknown), AddressGuard(resolve=slow, timeout_s=0.01), guard()):
        with pytest.raises(Undelivered) as away:
            address_of(made)
        assert away.value.reason is Reason.UNREACHABLE


def test_the_checked_address_is_the_one_connected_to() -> None:
    """A name that leads elsewhere at the second look (DNS rebinding) changes nothing: there is no second look."""
    receiver = Receiver().start()
    looks: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        looks.append(host)
        return ["127.0.0.1"] if len(looks) == 1 else ["127.0.0.9"]

    async def send() -> str:
        made = Webhook(
            f"http://receiver.example:{receiver.port}/x",
            "s",
            AddressGuard(["127.0.0.1/32"], resolve=rebinding),
            timeout_s=2,
        )
        try:
            return await made.send(Parcel("a", "i", {"id": "a"}))
        finally:
            await made.close()

    assert asyncio.run(send()) == "HTTP 204"
    receiver.stop()
    assert looks == ["receiver.example"]
    assert receiver.posts[0].headers["Host"] == f"receiver.example:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "headers", "reason", "for_good", "wait_s"),
    [
        (302, {"Location": "http://127.0.0.1/"}, Reason.FAILING, False, None),
        (307, {"Location": "http://169.254.169.254/"}, Reason.FAILING, False, None),
        (400, {}, Reason.REJECTED, True, None),
        (401, {}, Reason.FAILING, False, None),
        (410, {}, Reason.REJECTED, True, None),
        (429, {"Retry-After": "7"}, Reason.FAILING, False, 7.0),
        (503, {"Retry-After": "999999"}, Reason.FAILING, False, 3600.0),
        (503, {"Retry-After": "soon"}, Reason.FAILING, False, None),
        (599, {}, Reason.FAILING, False, None),
    ],
)
def test_what_answers_mean(
    status: int, headers: dict[str, str], reason: Reason, for_good: bool, wait_s: float | None
) -> None:
    receiver = Receiver(status, headers).start()

    async def send() -> None:
        made = Webhook(receiver.url, "s", AddressGuard(["127.0.0.0/8"]), timeout_s=2)
        try:
            await made.send(Parcel("a", "i", {"id": "a"}))
        finally:
            await made.close()

    with pytest.raises(Undelivered) as said:
        asyncio.run(send())
    receiver.stop()
    assert (said.value.reason, said.value.for_good, said.value.wait_s) == (reason, for_good, wait_s)
    assert len(receiver.posts) == 1, "redirects are not followed"


def test_a_signature_fits_one_body_one_time_and_one_secret() -> None:
    header = sign("secret", b"body", 1_000_000)
    assert verify("secret", header, b"body", 1_000_000)
    assert verify("secret", header, b"body", 1_000_300)
    assert not verify("secret", header, b"body", 1_000_301)
    assert not verify("secret", header, b"body", 999_699)
    assert not verify("secret", header, b"body!", 1_000_000)
    assert not verify("other", header, b"body", 1_000_000)
    assert not verify("secret", header.replace("t=1000000", "t=1000001"), b"body", 1_000_000)
    # printf '1000000.body' | openssl dgst -sha256 -hmac secret
    assert header == "t=1000000,v1=11d4eb93b1bf0a7b9071554bb76194056128298a81337d8992a52da94db636e1"


@given(st.text(max_size=80), st.binary(max_size=20))
def test_no_header_of_a_stranger_breaks_the_check(header: str, body: bytes) -> None:
    assert not verify("secret", header, body, 1_000_000)


def test_messages_stay_small() -> None:
    body = {"id": "a", "facts": {"x": "y"}}
    assert b"thumbnail" in encoded(Parcel("a", "i", body, b"\xff" * 5000))
    assert b"thumbnail" not in encoded(Parcel("a", "i", body, b"\xff" * 100_000))
    large = encoded(Parcel("a", "i", {"id": "a", "facts": {"x": "y" * 100_000}}))
    assert len(large) < LARGEST_MESSAGE
    assert b'"facts":{}' in large


def test_thumbnails_are_small_kept_and_missing_without_a_picture() -> None:
    asked: list[str] = []
    jpeg = cv2.imencode(".jpg", np.full((1000, 400, 3), 90, np.uint8))[1].tobytes()

    def picture(sighting_id: str) -> bytes:
        asked.append(sighting_id)
        if sighting_id == "none":
            raise UnknownSighting(sighting_id)
        return jpeg if sighting_id == "one" else b"garbage"

    small = thumbnails(picture)
    for _ in range(2):
        found = small("one")
        assert found is not None
        assert cv2.imdecode(np.frombuffer(found, np.uint8), cv2.IMREAD_COLOR).shape == (192, 77, 3)
    assert small("none") is None
    assert small("none") is None
    assert small("bad") is None
    assert asked == ["one", "none", "none", "bad"], "one that is missing may come yet"
    assert shrunk(cv2.imencode(".jpg", np.full((50, 30, 3), 9, np.uint8))[1].tobytes())
