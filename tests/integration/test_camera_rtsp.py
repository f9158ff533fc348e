"""RTSP cameras against a real server: passwords, codecs, transports, outages."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from camera_adapters.errors import (
    BadSource,
    EndOfStream,
    NoVideo,
    Reason,
    Refused,
    SourceError,
    TimedOut,
    Unauthorised,
)
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.rtsp import RtspAdapter, RtspLimits
from camera_adapters.site import Camera, Transport
from camera_adapters.stream_state import Status, StreamState
from camera_adapters.supervisor import Supervisor
from tests.servers.cameras import RtspServer, grey_of, make_clip, open_files, rtsp_server

pytestmark = pytest.mark.server
REQUEST = FrameRequest(160, 120, "stretch")
ODD = "p@s:/s%w?rd#1"
SHORT = RtspLimits(socket_s=0.5, open_s=1.0, read_s=0.5)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | str]:
    folder = tmp_path_factory.mktemp("clips")
    return {
        "h264": make_clip(folder / "a.h264.mp4", frames=1500),
        "h265": make_clip(folder / "a.h265.mp4", frames=500, codec="libx265"),
        "sound": "audio",
    }


@pytest.fixture(scope="module")
def server(system_python_with_gst: str, clips: dict[str, Path | str]) -> Iterator[RtspServer]:
    with rtsp_server(system_python_with_gst, clips) as running:
        yield running


def read(url: str, count: int = 4, transport: Transport = "tcp") -> list[Frame]:
    frames = RtspAdapter().frames(Camera("gate", url, transport=transport), REQUEST)
    with closing(frames):  # type: ignore[type-var]
        return list(islice(frames, count))


def failure(url: str, limits: RtspLimits | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(RtspAdapter(limits or RtspLimits()).frames(Camera("gate", url), REQUEST))
    return caught.value


def until(holds: Callable[[], bool], timeout_s: float) -> float:
    """Wait until something holds; returns the seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < timeout_s, "it took too long"
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_codecs_and_transports(server: RtspServer, codec: str, transport: Transport) -> None:
    before_ms = time.time_ns() // 1_000_000
    frames = read(server.url(codec), transport=transport)
    assert [f.seq for f in frames] == [0, 5, 10, 15]
    greys = [int(f.image[60, 10].mean()) for f in frames]
    assert all(min(abs(grey - grey_of(n)) for n in range(25)) <= 4 for grey in greys), "not our pictures"
    assert before_ms <= frames[0].captured_at_ms <= frames[-1].captured_at_ms <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_passwords(system_python_with_gst: str, clips: dict[str, Path | str], auth: str) -> None:
    with rtsp_server(system_python_with_gst, clips, auth, ODD) as server:
        assert len(read(server.url("h264", f"admin:{ODD}@"), count=1)) == 1
        assert len(read(server.url("h264", "admin:p%40s%3A%2Fs%25w%3Frd%231@"), count=1)) == 1
        for credentials in ("admin:wrong@", "nobody:x@", ""):
            error = failure(server.url("h264", credentials))
            assert isinstance(error, Unauthorised)
            assert "wrong@" not in str(error)


def test_every_refusal_has_its_reason(server: RtspServer) -> None:
    assert isinstance(failure(server.url("nowhere")), Refused)
    assert isinstance(failure("rtsp://127.0.0.1:1/a"), Refused)
    assert isinstance(failure("rtsp://no-such-camera.invalid/a"), Refused)
    for _ in range(10):  # a busy machine's server says 503 at first
        no_video = failure(server.url("sound"))
        if "cannot serve the stream now" not in str(no_video):
            break
    assert isinstance(no_video, NoVideo)
    assert isinstance(failure("rtsp://127.0.0.1:99999/a"), BadSource)


def test_a_camera_that_says_nothing_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        error = failure(f"rtsp://u:geheim@127.0.0.1:{mute.getsockname()[1]}/a", SHORT)
    assert isinstance(error, TimedOut)
    assert "geheim" not in str(error)


def test_something_else_at_the_address_is_no_camera() -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:

        def answer() -> None:
            caller, _ = web.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        error = failure(f"rtsp://127.0.0.1:{web.getsockname()[1]}/a")
        thread.join()
    assert isinstance(error, BadSource)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("number", "error"), [(signal.SIGSTOP, TimedOut), (signal.SIGKILL, EndOfStream)])
def test_an_outage_in_mid_stream(
    system_python_with_gst: str,
    clips: dict[str, Path | str],
    transport: Transport,
    number: signal.Signals,
    error: type[SourceError],
) -> None:
    with rtsp_server(system_python_with_gst, {"a": clips["h264"]}) as server:
        camera = Camera("gate", server.url("a"), transport=transport)
        frames = RtspAdapter(RtspLimits(socket_s=1.0, read_s=1.0)).frames(camera, REQUEST)
        next(frames)
        server.signal(number)
        with pytest.raises(error):
            list(frames)


class Watched:
    """A supervised camera and what came of it."""

    def __init__(self, url: str, name: str = "gate") -> None:
        self.frames: list[tuple[str, int]] = []
        self.states: list[StreamState] = []
        camera = Camera(name, url)
        self.supervisor = Supervisor(camera, REQUEST, self._keep, on_state=self.states.append)
        self.supervisor.start()

    def _keep(self, frame: Frame) -> None:
        self.frames.append((frame.session, frame.seq))


def test_eight_cameras_at_once(server: RtspServer) -> None:
    cameras = [Watched(server.url("h264" if n % 2 else "h265"), f"c{n}") for n in range(8)]
    until(lambda: all(len(c.frames) >= 10 for c in cameras), 15)
    assert all(c.supervisor.state.status is Status.LIVE for c in cameras)
    assert all(c.supervisor.stop(5) for c in cameras)
    assert len({session for c in cameras for session, _ in c.frames}) == 8
    assert sum(c.supervisor.state.errors + c.supervisor.state.failures for c in cameras) == 0


def test_server_killed_and_back(system_python_with_gst: str, clips: dict[str, Path | str]) -> None:
    with rtsp_server(system_python_with_gst, {"a": clips["h264"]}) as server:
        watched = Watched(server.url("a"))
        until(lambda: len(watched.frames) >= 3, 5)
        server.kill()
        until(lambda: watched.supervisor.state.status is Status.BACKING_OFF, 2)
        time.sleep(4.0)  # long enough for the waits to reach their cap
        seen = len(watched.frames)
        assert watched.supervisor.state.reason is Reason.REFUSED
        server.start()
        assert until(lambda: len(watched.frames) > seen, 10) <= 5.0
        assert watched.supervisor.stop(5)
    reasons = [s.reason for s in watched.states if s.status is Status.BACKING_OFF]
    assert reasons[0] is Reason.END_OF_STREAM and set(reasons[1:]) == {Reason.REFUSED}
    assert watched.frames[0][0] != watched.frames[-1][0], "another connection is another session"
    assert watched.supervisor.state.errors == 0


def test_a_wrong_password_is_not_hammered(system_python_with_gst: str, clips: dict[str, Path | str]) -> None:
    with rtsp_server(system_python_with_gst, {"a": clips["h264"]}, "digest") as server:
        watched = Watched(server.url("a", "admin:wrong@"))
        until(lambda: watched.supervisor.state.status is Status.BACKING_OFF, 5)
        time.sleep(0.5)
        state = watched.supervisor.state
        assert (state.connects, state.reason) == (1, Reason.UNAUTHORISED)
        assert state.next_try_s is not None and state.next_try_s >= 60
        assert watched.supervisor.stop(1)


def test_ten_reconnects_leave_no_socket_and_no_thread(server: RtspServer) -> None:
    read(server.url("h264"), count=1)
    files, threads = open_files(), threading.active_count()
    for _ in range(10):
        read(server.url("h264"), count=1)
    assert open_files() == files
    assert threading.active_count() == threads
