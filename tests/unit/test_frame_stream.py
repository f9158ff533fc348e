"""An idle camera's key frames, and what was kept between them, on real clips and a clock that leaps."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from camera_adapters.errors import Overloaded
from camera_adapters.file import FileAdapter
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from tests.servers.cameras import grey_of, make_clip

FPS = 5.0


@dataclass
class Clock:
    now_s: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Watcher:
    """Idle until the glance number `wakes_at`, or until somebody sets `idle`."""

    wakes_at: int | None = None
    idle: bool = True
    refused: bool = False
    glanced: list[int] = field(default_factory=list)

    def glance(self, frame: Frame) -> bool:
        self.glanced.append(frame.captured_at_ms)
        if self.wakes_at is not None and len(self.glanced) >= self.wakes_at:
            self.idle = False
        return not self.idle


def played(clip: Path, attention: Watcher | None, stop_idling_ms: int | None = None) -> list[Frame]:
    clock = Clock()
    camera = Camera("gate", str(clip), pace="real_time", start_ms=0, analysis_fps=FPS)
    request = FrameRequest(80, 60, "stretch", None, attention)
    frames = []
    for frame in FileAdapter(clock=lambda: clock.now_s, sleep=clock.sleep).frames(camera, request):
        frames.append(frame)
        if attention and stop_idling_ms is not None and frame.captured_at_ms >= stop_idling_ms:
            attention.idle = False
    return frames


def number(frame: Frame) -> int:
    """The clip's pictures tell their number, modulo 25, by the grey of their left half."""
    grey = float(frame.image[:, :30].mean())
    return min(range(25), key=lambda i: abs(grey_of(i) - grey))


@pytest.fixture(scope="module", params=[0, 2], ids=["no B-frames", "B-frames"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("idle") / "clip.mp4"
    return make_clip(path, frames=125, b_frames=request.param)


def test_an_idle_camera_shows_its_key_frames_and_when_they_were(clip: Path) -> None:
    watcher = Watcher()
    frames = played(clip, watcher)
    assert [frame.captured_at_ms for frame in frames] == [0, 1000, 2000, 3000, 4000]
    assert watcher.glanced == [0, 1000, 2000, 3000, 4000]
    assert [number(frame) for frame in frames] == [0] * 5
    assert not any(frame.late for frame in frames)


def test_a_glance_that_wakes_brings_back_what_was_kept(clip: Path) -> None:
    every = [frame.captured_at_ms for frame in played(clip, None)]
    frames = played(clip, Watcher(wakes_at=3))
    at_ms = [frame.captured_at_ms for frame in frames]
    assert at_ms == [0, *(each for each in every if each >= 1000)]  # before second 1 she could not have been unseen
    assert [frame.captured_at_ms for frame in frames if frame.late] == [1200, 1400, 1600, 1800]
    assert all(abs(number(frame) - frame.captured_at_ms // 40 % 25) <= 1 for frame in frames)
    assert all(a.seq < b.seq for a, b in pairwise(frames))


def test_the_analysis_may_wake_a_camera_between_key_frames(clip: Path) -> None:
    frames = played(clip, Watcher(), stop_idling_ms=2000)
    every = [frame.captured_at_ms for frame in played(clip, None)]
    assert [frame.captured_at_ms for frame in frames] == [0, 1000, *(each for each in every if each >= 2000)]


def test_key_frames_too_far_apart_are_not_waited_for(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", frames=150, key_every=100)
    every = [frame.captured_at_ms for frame in played(clip, None)]
    frames = played(clip, Watcher())
    assert [frame.captured_at_ms for frame in frames] == every
    assert {frame.captured_at_ms for frame in frames if frame.late} == {each for each in every if 0 < each <= 2400}


def test_a_machine_without_room_lets_the_camera_go(clip: Path) -> None:
    with pytest.raises(Overloaded, match="no room on this machine"):
        played(clip, Watcher(refused=True))


def test_a_recording_that_skips_on_purpose_is_not_called_damaged(clip: Path, capsys: pytest.CaptureFixture) -> None:
    played(clip, Watcher())
    assert "recording_damaged" not in capsys.readouterr().out
