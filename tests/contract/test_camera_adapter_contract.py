"""The sentences of `camera_adapters.adapter`, held against every adapter."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice, pairwise

import pytest

from camera_adapters.adapter import Adapter
from camera_adapters.errors import EndOfStream, SourceError
from camera_adapters.file import FileAdapter
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.rtsp import RtspAdapter
from camera_adapters.site import Camera
from tests.servers.cameras import RtspServer, grey_of, make_clip, open_files, rtsp_server

REQUEST = FrameRequest(160, 100, "stretch")
SECRET = "Geheim!7"


def grey(frame: Frame) -> int:
    """The grey level of the left half, as `make_clip` paints it, less what coding does to it."""
    level = int(frame.image[:, :40].mean())
    return min((grey_of(i) for i in range(25)), key=lambda each: abs(each - level))


class Case:
    """An adapter with a good source, and sources that fail."""

    def __init__(
        self, make: Callable[[], Adapter], good: str, bad: list[str], server: RtspServer | None = None
    ) -> None:
        self.make, self.good, self.bad, self.server = make, good, bad, server

    def camera(self, source: str | None = None, fps: float = 5.0) -> Camera:
        return Camera("gate", source or self.good, pace="fast", analysis_fps=fps)

    def first(self, count: int, request: FrameRequest = REQUEST, fps: float = 5.0) -> list[Frame]:
        frames = self.make().frames(self.camera(fps=fps), request)
        with closing(frames):  # type: ignore[type-var]
            return list(islice(frames, count))


@pytest.fixture(scope="module", params=["file", "rtsp"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("clips")
    if request.param == "file":
        clip = make_clip(folder / "a.mp4", frames=75)
        (folder / "text.mp4").write_text("text")
        yield Case(FileAdapter, str(clip), [str(folder / "gone.mp4"), str(folder / "text.mp4"), str(folder / "x")])
        return
    python = request.getfixturevalue("system_python_with_gst")
    clip = make_clip(folder / "a.h264.mp4", frames=750)
    with rtsp_server(python, {"a": clip}, "digest", SECRET) as server:
        good = server.url("a", f"admin:{SECRET}@")
        yield Case(
            RtspAdapter,
            good,
            [good + "x", server.url("a", f"admin:{SECRET}x@"), f"rtsp://admin:{SECRET}@127.0.0.1:1/a"],
            server,
        )


def test_nothing_is_opened_before_the_first_frame_is_asked_for(case: Case) -> None:
    files = open_files()
    frames = [case.make().frames(case.camera(bad), REQUEST) for bad in [case.good, *case.bad]]
    assert open_files() == files
    del frames


def test_frames_come_at_the_analysis_rate_oldest_first(case: Case) -> None:
    frames = case.first(6)
    assert [f.seq for f in frames] == [0, 5, 10, 15, 20, 25]
    assert len({f.session for f in frames}) == 1
    assert {f.camera_id for f in frames} == {"gate"}
    assert all(a.captured_at_ms <= b.captured_at_ms for a, b in pairwise(frames))


def test_rate_zero_yields_every_frame(case: Case) -> None:
    assert [f.seq for f in case.first(10, fps=0)] == list(range(10))


class Attention:
    refused = False

    def __init__(self, idle: bool) -> None:
        self.idle = idle

    def glance(self, frame: Frame) -> bool:
        raise AssertionError("a main stream is not glanced at")


def test_of_a_main_stream_only_key_frames_are_wanted(case: Case) -> None:
    """A key frame a second; pictures in between are not decoded, and the rate of the analysis does not count."""
    wanted = FrameRequest(160, 100, "stretch", attention=Attention(idle=False), main=True)
    frames = case.first(3, wanted, fps=0.1)
    assert all(f.main and f.stream == "gate#main" for f in frames)
    assert all(f.image.shape == (100, 160, 3) for f in frames)
    assert [grey(f) for f in frames] == [grey_of(0)] * 3


def test_an_idle_main_stream_shows_that_it_lives_and_no_more(case: Case) -> None:
    attention = Attention(idle=True)
    frames = case.make().frames(case.camera(), FrameRequest(160, 100, "stretch", attention=attention, main=True))
    with closing(frames):  # type: ignore[type-var]
        assert grey(next(frames)) == grey_of(0)
        if case.server is None:
            assert list(frames) == []
            return
        threading.Timer(1.5, setattr, (attention, "idle", False)).start()
        began = time.monotonic()
        next(frames)
        assert time.monotonic() - began > 1.0


@pytest.mark.parametrize(
    ("request_", "shape"),
    [
        (FrameRequest(160, 100, "stretch"), (100, 160, 3)),
        (FrameRequest(200, 200, "within"), (150, 200, 3)),
        (FrameRequest(0, 0, "source"), (240, 320, 3)),
    ],
)
def test_pictures_have_the_size_asked_for(case: Case, request_: FrameRequest, shape: tuple[int, ...]) -> None:
    frames = case.first(2, request_)
    assert {f.image.shape for f in frames} == {shape}
    assert {f.source_size for f in frames} == {(320, 240)}
    # Asked for after the source is closed: a crop may be wanted later than the frame.
    assert {f.full_image().shape for f in frames} == {(240, 320, 3)}


def test_a_live_source_never_ends_quietly_and_a_recording_does(case: Case) -> None:
    adapter = case.make()
    frames = adapter.frames(case.camera(), REQUEST)
    assert adapter.live == (case.server is not None)
    if case.server is None:
        assert len(list(frames)) == 15
        return
    next(frames)
    case.server.kill()
    with pytest.raises(EndOfStream):
        list(frames)
    case.server.start()


def test_every_failure_is_a_source_error_without_credentials(case: Case) -> None:
    for bad in case.bad:
        with pytest.raises(SourceError) as caught:
            next(case.make().frames(case.camera(bad), REQUEST))
        assert not isinstance(caught.value, EndOfStream)
        for shown in (str(caught.value), repr(caught.value), repr(caught.value.__cause__)):
            assert SECRET not in shown and "admin" not in shown
        assert SECRET not in repr(case.camera(bad))


def test_closing_releases_what_was_opened(case: Case) -> None:
    case.first(1)
    files = open_files()
    for _ in range(3):
        case.first(2)
    assert open_files() == files


def test_an_adapter_reads_again_and_counts_on(case: Case) -> None:
    adapter = case.make()
    for _ in range(2):
        with closing(adapter.frames(case.camera(), REQUEST)) as frames:  # type: ignore[type-var]
            assert next(frames).seq == 0
    assert adapter.corrupt_packets == 0
