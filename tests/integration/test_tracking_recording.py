"""The whole chain on footage: decode, detect, track, join with hindsight, write rows."""

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.mot_metrics import read_mot, score
from camera_adapters.errors import BadSource, SourceError
from models.detections import Detections
from models.detector import load_detector
from models.kinds import Kind
from pipeline.track_recording import TrackRow, track_recording, write_mot

FRAMES = 200


class Cue:
    """Stands in for a network: finds bright rectangles on black, one after the other from the left."""

    input = None

    def __init__(self, like: object) -> None:
        self.input = like

    def detect(self, images, source_sizes, *, min_score):
        return [self._one(image, size) for image, size in zip(images, source_sizes, strict=True)]

    @staticmethod
    def _one(image: np.ndarray, size: tuple[int, int]) -> Detections:
        rows, columns = np.nonzero(image[:, :, 1] > 128)
        if not len(rows):
            return Detections.empty()
        scale = np.array([size[0] / image.shape[1], size[1] / image.shape[0]] * 2)
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * scale
        return Detections(box[None].astype(np.float32), np.array([0.9], np.float32), np.zeros(1, np.int64))


def film(path: Path, lefts: list[float | None], fps: int = 10) -> Path:
    """Encode a white 32 x 80 rectangle on black at these left edges, None where it is hidden."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for left in lefts:
            picture = np.zeros((240, 320, 3), np.uint8)
            if left is not None:
                picture[80:160, int(left) : int(left) + 32] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture(scope="module")
def cue() -> Cue:
    return Cue(load_detector("nanodet").input)


def test_every_frame_from_the_first_and_a_short_hiding_is_filled(tmp_path: Path, cue: Cue):
    lefts = [None if 14 <= i < 19 else 40.0 + 4 * i for i in range(40)]
    calls = []
    rows = track_recording(
        film(tmp_path / "a.mp4", lefts), detector=cue, kind=Kind.PERSON, fps=None, progress=lambda *c: calls.append(c)
    )
    assert [row.frame for row in rows] == list(range(1, 41))
    assert {row.track_id for row in rows} == {1}
    assert [row.x for row in rows] == pytest.approx([40.0 + 4 * i for i in range(40)], abs=3.0)
    assert calls == [(done, 40) for done in range(4, 41, 4)]


def test_thinned_rows_carry_the_numbers_of_the_frames_in_the_video(tmp_path: Path, cue: Cue):
    video = film(tmp_path / "a.mp4", [40.0 + 4 * i for i in range(40)])
    rows = track_recording(video, detector=cue, kind=Kind.PERSON, fps=5.0)
    assert [row.frame for row in rows] == list(range(1, 41, 2))
    assert {row.track_id for row in rows} == {1}


def test_another_kind_finds_nothing(tmp_path: Path, cue: Cue):
    video = film(tmp_path / "a.mp4", [40.0] * 10)
    assert track_recording(video, detector=cue, kind=Kind.MOTOR_VEHICLE, fps=None) == []


def test_a_text_file_is_no_video(tmp_path: Path, cue: Cue):
    path = tmp_path / "a.mp4"
    path.write_text("not a video")
    with pytest.raises(SourceError):
        track_recording(path, detector=cue, kind=Kind.PERSON, fps=None)


def test_a_folder_is_not_one_recording(tmp_path: Path, cue: Cue):
    with pytest.raises(BadSource, match="name one recording"):
        track_recording(tmp_path, detector=cue, kind=Kind.PERSON, fps=None)


def test_rows_are_written_in_the_challenge_format(tmp_path: Path):
    write_mot([TrackRow(3, 1, 10.0, 20.5, 30.256, 40.0, 0.9)], tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "3,1,10.00,20.50,30.26,40.00,0.9000,-1,-1,-1\n"


@pytest.mark.shared_data
def test_the_bundled_detector_follows_people_of_pets(shared: Path, tmp_path: Path):
    """The first 200 frames, cut by remuxing; measured .78 and .80, so the floors leave room for other engines."""
    folder = shared / "data" / "mot" / "PETS09-S2L1"
    video = _cut(folder / "vtest.avi", tmp_path / "cut.avi", FRAMES)
    rows = track_recording(video, detector=load_detector("nanodet"), kind=Kind.PERSON, fps=None)
    truth = read_mot(folder / "gt" / "gt.txt")
    result = score(truth[truth[:, 0] <= FRAMES], np.array([row[:7] for row in rows]))
    assert max(row.frame for row in rows) <= FRAMES
    assert result.idf1 >= 0.70
    assert result.mota >= 0.72


def _cut(source: Path, target: Path, frames: int) -> Path:
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for i, packet in enumerate(old.demux(video=0)):
            if i >= frames or packet.dts is None:
                break
            packet.stream = stream
            new.mux(packet)
    return target
