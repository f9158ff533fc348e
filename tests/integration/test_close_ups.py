"""A worker that follows on a sub-stream and takes its pictures from the main stream."""

import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from camera_adapters.errors import Reason
from camera_adapters.stream_state import Status
from models.boxes import InputSpec
from models.detections import Detections, Image
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, SightingFilter
from pipeline.assembly import Networks
from pipeline.camera_report import CameraReport
from pipeline.settings import Settings
from pipeline.worker import Worker
from tests.servers.cameras import make_clip, rtsp_server
from tests.servers.doors import MeanColour, Rectangles

SUB, MAIN = (240, 160), (960, 640)


class Finding(Rectangles):
    """The rectangles of `tests.servers.doors`, found in pictures of 240 x 160 and told in pixels of the source."""

    version, input, elsewhere_s = "1", InputSpec(*SUB, "stretch"), 0.0

    def detect(self, images: list[Image], sizes: list[tuple[int, int]], *, min_score: float = 0.3) -> list[Detections]:
        found = super().detect(images)
        scales = [np.array([w / SUB[0], h / SUB[1]] * 2, np.float32) for w, h in sizes]
        return [Detections(d.xyxy * s, d.score, d.class_id) for d, s in zip(found, scales, strict=True)]


NETWORKS = Networks(Finding(), {Kind.PERSON: MeanColour()}, {})  # type: ignore[arg-type, dict-item]


def film(path: Path, size: tuple[int, int], seconds: int, key_every: int = 25) -> Path:
    """A red figure walks right on grey: 60 px high on the sub-stream; a key frame a second unless said."""
    scale = size[0] // SUB[0]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = key_every, 0
        stream.codec_context.thread_count = 1  # more cut each picture into slices, which the server tears apart
        for n in range(25 * seconds):
            picture = np.full((size[1], size[0], 3), 110, np.uint8)
            left = round((20 + 0.8 * n) * scale)
            cv2.rectangle(picture, (left, 50 * scale), (left + 22 * scale, 110 * scale), (20, 20, 220), -1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "sub.h264.mp4", SUB, 6), film(folder / "main.h264.mp4", MAIN, 6)


def settings(sub: str, main: str, **analysis: object) -> Settings:
    camera = {"id": "gate", "source": main, "substream": sub, "start": "2026-05-01T12:00:00+08:00"}
    return Settings.model_validate({"cameras": [camera], "archive": {"path": "nowhere"}, "analysis": analysis})


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def heights(archive: InMemoryArchive) -> list[int]:
    """The heights of the stored pictures."""
    found = [archive.picture(row.id) for row in archive.find(SightingFilter())]
    return [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).shape[0] for each in found if each]


def played(asked: Settings) -> tuple[InMemoryArchive, CameraReport]:
    """Play the film to its end; return what was stored, and what was known of the camera then."""
    archive = InMemoryArchive()
    worker = Worker(asked, archive, NETWORKS)
    worker.start()
    until(lambda: worker.camera_reports()[0].state.status is Status.STOPPED)
    (report,) = worker.camera_reports()
    assert worker.stop()
    assert worker.failure is None
    return archive, report


def test_pictures_are_as_large_as_the_main_stream_shows_her(films: tuple[Path, Path]) -> None:
    sub, main = films
    archive, report = played(settings(str(sub), str(main)))
    (height,) = heights(archive)
    assert height == pytest.approx(240, abs=12)
    assert report.analysed >= 28
    assert report.received <= 31  # main frames are not counted among the camera's
    (sighting,) = archive.find(SightingFilter())
    assert sighting.frame_size == SUB
    assert sighting.shot.xyxy[3] - sighting.shot.xyxy[1] == pytest.approx(60, abs=3)


def test_without_close_ups_the_main_stream_is_left_alone(films: tuple[Path, Path]) -> None:
    sub, main = films
    archive, report = played(settings(str(sub), str(main), close_ups=False))
    assert heights(archive) == [pytest.approx(60, abs=3)]
    assert report.main is None


def test_a_main_stream_that_fails_costs_pictures_not_sightings(films: tuple[Path, Path], tmp_path: Path) -> None:
    sub, _ = films
    archive, report = played(settings(str(sub), str(tmp_path / "gone.mp4")))
    assert heights(archive) == [pytest.approx(60, abs=3)]
    assert report.main is not None
    assert report.main.reason is Reason.BAD_SOURCE


def test_a_main_stream_is_let_go_when_the_sub_stream_ends_while_somebody_walks(tmp_path: Path) -> None:
    sub = film(tmp_path / "sub.h264.mp4", SUB, 2)
    main = film(tmp_path / "main.h264.mp4", MAIN, 6, key_every=5)
    worker = Worker(settings(str(sub), str(main)), InMemoryArchive(), NETWORKS)
    worker.start()

    def handed_on() -> tuple[Status, int, Status, int]:
        (report,) = worker.camera_reports()
        assert report.main is not None
        return report.state.status, report.sightings, report.main.status, report.main.frames_delivered

    until(lambda: handed_on()[:2] == (Status.STOPPED, 1))
    before = handed_on()
    assert before[3] > 2
    time.sleep(0.7)  # three or four key frames
    assert handed_on()[2] is Status.LIVE
    assert handed_on()[3] <= before[3] + 1
    assert worker.stop()


@pytest.mark.server
def test_a_main_stream_on_which_nobody_comes_ends_at_once(tmp_path: Path, system_python_with_gst: str) -> None:
    """It yields no pictures after the first: nothing but the packets themselves can tell it to stop."""
    clip = make_clip(tmp_path / "empty.h264.mp4", frames=1500)
    archive = InMemoryArchive()
    with rtsp_server(system_python_with_gst, {"sub": clip, "main": clip}) as server:
        worker = Worker(settings(server.url("sub"), server.url("main")), archive, NETWORKS)
        worker.start()

        def live() -> bool:
            (report,) = worker.camera_reports()
            return report.main is not None and report.main.status is report.state.status is Status.LIVE

        until(live)
        assert worker.stop(timeout_s=5)
    assert archive.count() == 0


@pytest.mark.server
def test_two_streams_of_one_real_camera(films: tuple[Path, Path], system_python_with_gst: str) -> None:
    sub, main = films
    archive = InMemoryArchive()
    with rtsp_server(system_python_with_gst, {"sub": sub, "main": main}) as server:
        worker = Worker(settings(server.url("sub"), server.url("main")), archive, NETWORKS)
        worker.start()
        until(lambda: max(heights(archive), default=0) > 200)
        main_state = worker.camera_reports()[0].main
        assert main_state is not None
        assert main_state.status in {Status.LIVE, Status.BACKING_OFF, Status.CONNECTING}
        assert worker.stop()
    assert worker.failure is None
