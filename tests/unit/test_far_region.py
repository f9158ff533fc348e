"""What is far away is found once, wherever it was seen."""

from collections.abc import Sequence

import numpy as np
import pytest

from camera_adapters.frame import Frame
from camera_adapters.site import Camera, Region
from models.detections import Detections, Image
from pipeline.analysis.detecting import Detecting
from pipeline.analysis.far_region import merged, pixels_of_region

SIZE = (400, 200)
TOP = (0, 0, 400, 100)


def boxes(*rows: tuple[float, float, float, float, float]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4].copy(), table[:, 4].copy(), np.zeros(len(table), np.int64))


def rows(found: Detections) -> list[tuple[float, ...]]:
    return [(*box, round(score, 3)) for box, score in zip(found.xyxy.tolist(), found.score.tolist(), strict=True)]


def test_what_only_the_near_look_finds_is_added_in_pixels_of_the_whole() -> None:
    found = merged(boxes(), boxes((10, 20, 20, 40, 0.8)), (100, 0, 300, 100), SIZE)
    assert rows(found) == [(110, 20, 120, 40, 0.8)]


def test_whoever_is_found_twice_is_one_and_the_surer_box_stays() -> None:
    whole, near = boxes((100, 20, 110, 42, 0.4)), boxes((100, 20, 110, 40, 0.9))
    assert rows(merged(whole, near, TOP, SIZE)) == [(100, 20, 110, 40, pytest.approx(0.9))]


def test_two_kinds_in_one_place_are_two() -> None:
    whole = Detections(np.array([[100, 20, 110, 40]], np.float32), np.array([0.4], np.float32), np.array([1]))
    assert len(merged(whole, boxes((100, 20, 110, 40, 0.9)), TOP, SIZE)) == 2


def test_whoever_is_cut_off_by_the_part_is_left_to_the_whole_picture() -> None:
    whole, near = boxes((50, 80, 70, 140, 0.7)), boxes((50, 80, 70, 100, 0.9))
    assert rows(merged(whole, near, TOP, SIZE)) == [(50, 80, 70, 140, pytest.approx(0.7))]


def test_the_edge_of_the_picture_itself_cuts_nobody_off() -> None:
    near = boxes((0, 0, 20, 40, 0.9), (380, 10, 400, 50, 0.8))
    assert len(merged(boxes(), near, TOP, SIZE)) == 2


def test_a_region_is_whole_pixels_inside_the_picture() -> None:
    assert pixels_of_region(Region(0.25, 0.0, 0.75, 0.5), SIZE) == (100, 0, 300, 100)
    assert pixels_of_region(Region(0.999, 0.999, 1.0, 1.0), SIZE) == (398, 198, 400, 200)


class Bright:
    """Finds the white rectangle of a picture and remembers what it was shown."""

    elsewhere_s = 0.0

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def detect(
        self, images: Sequence[Image], sizes: Sequence[tuple[int, int]], *, min_score: float
    ) -> list[Detections]:
        self.shown += [(image.shape[1], image.shape[0]) for image in images]
        return [self._one(image) for image in images]

    @staticmethod
    def _one(image: Image) -> Detections:
        y, x = np.nonzero(image[:, :, 0] > 200)
        return boxes((x.min(), y.min(), x.max() + 1, y.max() + 1, 0.9)) if len(x) else boxes()


def frame(camera: str, *, main: bool = False) -> Frame:
    """The detector's picture shows nothing; the full one has somebody 10 px wide at (120, 30)."""
    full = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    full[30:50, 120:130] = 255
    return Frame(camera, "s", 0, 0, np.zeros((50, 100, 3), np.uint8), SIZE, lambda: full, main=main)


def test_only_cameras_with_a_region_are_looked_at_twice() -> None:
    detector = Bright()
    cameras = [Camera("far", "x", far_region=Region(0.25, 0, 0.75, 0.5)), Camera("near", "x")]
    detecting = Detecting(detector, 0.1, cameras=cameras)  # type: ignore[arg-type]
    found = detecting.detect([frame("near"), frame("far"), frame("far", main=True)]).found
    assert [rows(each) for each in found] == [[], [(120, 30, 130, 50, pytest.approx(0.9))], []]
    assert detector.shown == [(100, 50), (100, 50), (100, 50), (200, 100)]
