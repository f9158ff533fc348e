"""Recordings: their times, their damage, their bad inputs."""

import os
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from camera_adapters.errors import BadSource, NoVideo, SourceError
from camera_adapters.file import FileAdapter, RecordingFacts, probe
from camera_adapters.frame import Frame
from camera_adapters.frame_request import FrameRequest
from camera_adapters.site import Camera
from tests.servers.cameras import grey_of, make_clip

REQUEST = FrameRequest(160, 120, "stretch")
NOON_MS = 1_790_000_000_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "a.mp4")
    make_clip(folder / "fast.mp4", options={"movflags": "faststart"})
    make_clip(folder / "a.ts")
    make_clip(folder / "raw.h264")
    make_clip(folder / "slow.mkv", frames=12, fps=4)
    return folder


def read(path: Path | str, fps: float = 5, start_ms: int | None = NOON_MS, camera_id: str = "gate") -> list[Frame]:
    camera = Camera(camera_id, str(path), pace="fast", start_ms=start_ms, analysis_fps=fps)
    return list(FileAdapter().frames(camera, REQUEST))


def grey(frame: Frame) -> int:
    return int(frame.image[60, 10].mean())


@pytest.mark.parametrize("name", ["a.mp4", "fast.mp4", "a.ts", "raw.h264"])
def test_every_container_gives_the_same_frames_at_the_same_times(clips: Path, name: str) -> None:
    frames = read(clips / name)
    assert [f.seq for f in frames] == list(range(0, 50, 5))
    assert [f.captured_at_ms - NOON_MS for f in frames] == list(range(0, 2000, 200))
    assert all(abs(grey(f) - grey_of(f.seq)) <= 4 for f in frames)


def test_zero_means_every_frame(clips: Path) -> None:
    frames = read(clips / "a.mp4", fps=0)
    assert [f.seq for f in frames] == list(range(50))
    assert frames[-1].captured_at_ms == NOON_MS + 1960


def test_a_slow_recording_is_taken_whole(clips: Path) -> None:
    assert [f.seq for f in read(clips / "slow.mkv", fps=5)] == list(range(12))


def test_without_a_start_the_file_was_written_when_it_ended(clips: Path, tmp_path: Path) -> None:
    path = make_clip(tmp_path / "x.mp4")
    os.utime(path, ns=(0, NOON_MS * 1_000_000))
    assert read(path, start_ms=None)[0].captured_at_ms == NOON_MS - 2000


def test_session_is_the_same_again_and_differs_for_anything_else(clips: Path) -> None:
    def session(**changes: object) -> str:
        return read(changes.pop("path", clips / "a.mp4"), **changes)[0].session  # type: ignore[arg-type]

    first = session()
    assert session() == first
    assert session(fps=0) == first
    assert len({first, session(camera_id="yard"), session(start_ms=NOON_MS + 1), session(path=clips / "a.ts")}) == 4


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "小区 gate.mp4", frames=5)
    assert len(read(path.as_uri(), fps=0)) == 5
    with pytest.raises(BadSource, match="three slashes"):
        read("file://other-machine/a.mp4")


def test_a_folder_plays_by_name_and_each_follows_on(clips: Path, tmp_path: Path) -> None:
    for name in ("2.mp4", "1.mp4", "3.MP4"):
        (tmp_path / name).write_bytes((clips / "a.mp4").read_bytes())
    (tmp_path / "notes.txt").write_text("no recording")
    cv2.imwrite(str(tmp_path / "0.jpg"), np.zeros((20, 20, 3), np.uint8))
    frames = read(tmp_path)
    assert [f.seq for f in frames] == list(range(0, 50, 5)) * 3
    assert [f.captured_at_ms - NOON_MS for f in frames] == list(range(0, 6000, 200))
    assert len({f.session for f in frames}) == 3


def test_a_folder_without_a_start_never_goes_back_in_time(clips: Path, tmp_path: Path) -> None:
    for name in ("1.mp4", "2.mp4"):
        (tmp_path / name).write_bytes((clips / "a.mp4").read_bytes())
        os.utime(tmp_path / name, ns=(0, NOON_MS * 1_000_000))  # copied at the same moment
    times = [f.captured_at_ms for f in read(tmp_path, start_ms=None)]
    assert times == list(range(NOON_MS - 2000, NOON_MS + 2000, 200))


def test_a_bad_file_in_a_folder_costs_only_itself(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "1.mp4").touch()
    (tmp_path / "2.mp4").write_bytes((clips / "a.mp4").read_bytes())
    with capture_logs() as logs:
        assert len(read(tmp_path)) == 10
    assert [(entry["event"], "is empty" in entry["why"]) for entry in logs] == [("recording_skipped", True)]
    (tmp_path / "2.mp4").write_text("text")
    with pytest.raises(BadSource, match="none of the 2 recordings"):
        read(tmp_path)


def bad_sources(clips: Path, folder: Path) -> Iterator[tuple[Path, type[SourceError], str]]:
    whole = (clips / "a.mp4").read_bytes()
    for name, content, error, words in (
        ("empty.mp4", b"", BadSource, "is empty"),
        ("text.mp4", b"this is no video\n" * 50, BadSource, "not a video"),
        ("text.txt", b"this is no video\n" * 50, BadSource, "not a video"),
        ("cut.mp4", whole[: len(whole) // 2], BadSource, r"cut off: its index \(moov\) is missing"),
    ):
        (folder / name).write_bytes(content)
        yield folder / name, error, words
    cv2.imwrite(str(folder / "still.jpg"), np.zeros((20, 20, 3), np.uint8))
    with av.open(str(folder / "sound.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        out.mux([*stream.encode(sound), *stream.encode()])
    (folder / "stills").mkdir()
    cv2.imwrite(str(folder / "stills" / "1.jpg"), np.zeros((20, 20, 3), np.uint8))
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n")
    yield folder / "still.jpg", BadSource, "not a video"
    yield folder / "sound.mp4", NoVideo, "no video in it"
    yield folder / "stills", BadSource, "holds no recordings"
    yield folder / "gone.mp4", BadSource, "does not exist"
    yield folder / "list.m3u8", BadSource, "not a video"
    yield Path("/dev/null"), BadSource, "is not a file"
    yield Path("a\0b"), BadSource, "does not exist"


def test_bad_input_is_one_sentence(clips: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path, error, words in bad_sources(clips, tmp_path):
        with pytest.raises(error, match=words) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        if path.is_file():
            with pytest.raises(error):
                probe(path)
    assert capfd.readouterr() == ("", ""), "FFmpeg talks to the user"


def test_a_file_cut_in_its_footage_gives_all_up_to_the_damage(clips: Path, tmp_path: Path) -> None:
    whole = (clips / "fast.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    with capture_logs() as logs:
        frames = read(tmp_path / "cut.mp4", fps=0)
    assert 25 <= len(frames) <= 32
    assert [f.seq for f in frames] == list(range(len(frames)))
    (entry,) = (e for e in logs if e["event"] == "recording_damaged")
    assert (entry["decoded"], entry["missing"]) == (len(frames), 50 - len(frames))


@pytest.mark.parametrize("name", ["a.ts", "fast.mp4", "raw.h264"])
def test_corrupt_packets_are_skipped_and_the_rest_is_played(
    clips: Path, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = bytearray((clips / name).read_bytes())
    middle = len(whole) * 45 // 100
    noise = np.random.default_rng(5).integers(0, 255, 6000, np.uint8).tobytes()
    whole[middle : middle + len(noise)] = noise
    (tmp_path / name).write_bytes(whole)
    adapter = FileAdapter()
    camera = Camera("gate", str(tmp_path / name), pace="fast", start_ms=NOON_MS, analysis_fps=0)
    with capture_logs():
        frames = list(adapter.frames(camera, REQUEST))
    assert len(frames) >= 35
    assert abs(grey(frames[-1]) - grey_of(49)) <= 6, "the last picture is the last of the recording, and clean"
    times = [f.captured_at_ms for f in frames]
    assert times == sorted(times)
    assert adapter.corrupt_packets > 0 or name == "raw.h264"
    assert capfd.readouterr().err == ""


def test_real_time_waits_between_frames(clips: Path) -> None:
    now, slept = [50.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    camera = Camera("gate", str(clips / "a.mp4"), pace="real_time", start_ms=NOON_MS)
    assert len(list(FileAdapter(clock=lambda: now[0], sleep=sleep).frames(camera, REQUEST))) == 10
    assert slept == [0.2] * 9


def test_probe(clips: Path) -> None:
    assert probe(clips / "a.mp4") == RecordingFacts(320, 240, 25.0, 50, 2.0)
    assert probe(clips / "a.ts") == RecordingFacts(320, 240, 25.0, 50, 2.0)
    assert probe(clips / "raw.h264") == RecordingFacts(320, 240, 25.0, None, None)
    with pytest.raises(BadSource, match="a folder"):
        probe(clips)
