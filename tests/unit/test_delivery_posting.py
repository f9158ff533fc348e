"""The HTTP that webhooks speak, against a peer that answers byte by byte what a test says."""

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerting.delivery.channel import Reason, Undelivered
from pipeline.alerting.delivery.guard import AddressGuard
from pipeline.alerting.delivery.posting import Answer, Poster

Talk = Callable[[Poster], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: r7\r\n\r\nok"


class Peer:
    """Answers request after request with the given bytes; `hang_up` closes after each."""

    def __init__(self, *answers: bytes, hang_up: bool = False) -> None:
        self._answers = list(answers)
        self._hang_up = hang_up
        self.requests: list[bytes] = []
        self.connections = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self._answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self._answers.pop(0))
                await writer.drain()
                if self._hang_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def run(self, talk: Talk, address: str = "http://u:p%40@127.0.0.1:{port}/a/报警?k=v w") -> None:
        async def both() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            poster = Poster(address.format(port=port), AddressGuard(["127.0.0.0/8"]), timeout_s=1)
            await talk(poster)
            await poster.close()
            server.close()
            await asyncio.sleep(0)

        asyncio.run(both())


def test_a_request_is_whole_and_the_connection_used_again() -> None:
    answers: list[Answer] = []

    async def talk(poster: Poster) -> None:
        answers.extend([await poster.post(body, {"X": "y"}) for body in (b"one", b"two", b"three")])

    peer = Peer(OK, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", OK)
    peer.run(talk)
    assert [answer.status for answer in answers] == [200, 204, 200]
    assert answers[0].headers["x-request-id"] == "r7"
    assert peer.connections == 1
    head, body = peer.requests[0].split(b"\r\n\r\n")
    assert body == b"one"
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a/%E6%8A%A5%E8%AD%A6?k=v%20w HTTP/1.1"
    assert b"Authorization: Basic dTpwQA==" in lines
    assert b"X: y" in lines


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_connection_that_may_hold_a_rest_is_not_used_again(last: bytes) -> None:
    async def talk(poster: Poster) -> None:
        assert (await poster.post(b"one", {})).status == 200
        assert (await poster.post(b"two", {})).status == 200

    peer = Peer(last, OK)
    peer.run(talk)
    assert peer.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    async def talk(poster: Poster) -> None:
        assert (await poster.post(b"one", {})).status == 200
        await asyncio.sleep(0.05)
        assert (await poster.post(b"two", {})).status == 200

    peer = Peer(OK, OK, hang_up=True)
    peer.run(talk)
    assert peer.connections == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Reason.FAILING),
        (b"HTTP/1.1 abc\r\n\r\n", Reason.FAILING),
        (b"x" * 100_000, Reason.FAILING),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n", Reason.FAILING),
        (b"", Reason.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\nContent-", Reason.UNREACHABLE),
    ],
)
def test_what_is_no_answer_is_not_delivered(answer: bytes, reason: Reason) -> None:
    async def talk(poster: Poster) -> None:
        with pytest.raises(Undelivered) as said:
            await poster.post(b"one", {})
        assert said.value.reason is reason

    Peer(answer, hang_up=True).run(talk)


def test_a_peer_that_drips_is_given_up_in_time() -> None:
    async def talk(poster: Poster) -> None:
        with pytest.raises(Undelivered) as said:
            await poster.post(b"one", {})
        assert said.value.reason is Reason.TIMEOUT

    Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nslow", OK).run(talk)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_a_peer_says_an_answer_or_a_reason_comes_out(answer: bytes) -> None:
    async def talk(poster: Poster) -> None:
        try:
            assert 200 <= (await poster.post(b"one", {})).status <= 999
        except Undelivered as error:
            assert error.reason in {Reason.FAILING, Reason.UNREACHABLE}

    Peer(answer, hang_up=True).run(talk)


def test_one_address_is_dialled() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["10.0.0.1"]

    async def talk() -> None:
        with pytest.raises(Undelivered) as said:
            await Poster("https://receiver.example/x", AddressGuard(resolve=resolve), timeout_s=1).post(b"", {})
        assert said.value.reason is Reason.REFUSED_ADDRESS

    asyncio.run(talk())
    assert asked == [("receiver.example", 443)]


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openssl: str) -> ssl.SSLContext:
    """A certificate of receiver.example that this process trusts."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    name = ["-subj", "/CN=receiver.example", "-addext", "subjectAltName=DNS:receiver.example"]
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, *name, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


@pytest.mark.parametrize(("host", "trusted"), [("receiver.example", True), ("another.example", False)])
def test_the_certificate_must_be_that_of_the_name(certificate: ssl.SSLContext, host: str, trusted: bool) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    async def talk() -> Answer:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=certificate)
        port = server.sockets[0].getsockname()[1]
        poster = Poster(f"https://{host}:{port}/x", AddressGuard(["127.0.0.0/8"], resolve=resolve), timeout_s=5)
        try:
            return await poster.post(b"", {})
        finally:
            await poster.close()
            server.close()
            await asyncio.sleep(0.05)

    if trusted:
        assert asyncio.run(talk()).status == 204
    else:
        with pytest.raises(Undelivered) as refused:
            asyncio.run(talk())
        assert refused.value.reason is Reason.UNREACHABLE
        assert "certificate" in refused.value.detail
