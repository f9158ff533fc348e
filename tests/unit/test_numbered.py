"""A photo of several becomes a picture with numbers, beside the photo."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.pictures import read_picture
from search_api.cli.choosing import choice_of
from search_api.numbered import CELL, LONG_SIDE, numbered_picture

RED, BLUE = (0, 0, 255), (255, 0, 0)


def photo_of(width: int, height: int) -> np.ndarray:
    """Two people, one red on the left, one blue on the right."""
    image = np.full((height, width, 3), 200, np.uint8)
    image[10:90, 10:40] = RED
    image[10:90, 60:90] = BLUE
    return image


BOXES = [(10.0, 10.0, 40.0, 90.0), (60.0, 10.0, 90.0, 90.0)]


def test_each_stands_alone_below_the_photo_in_the_order_of_the_numbers() -> None:
    sheet = numbered_picture(photo_of(200, 100), BOXES)
    assert sheet.shape == (LONG_SIDE // 2 + CELL[1], LONG_SIDE, 3)
    middle = LONG_SIDE // 2 + CELL[1] // 2
    assert tuple(sheet[middle, 40]) == RED
    assert tuple(sheet[middle, CELL[0] + 40]) == BLUE


def test_a_frame_stands_round_each_in_the_photo() -> None:
    sheet, scale = numbered_picture(photo_of(200, 100), BOXES), LONG_SIDE / 200
    left, right, below = round(10 * scale), round(40 * scale), round(80 * scale)
    assert tuple(sheet[below, left]) == tuple(sheet[below, right]) != RED
    assert tuple(sheet[below, round(25 * scale)]) == RED


@pytest.mark.parametrize("size", [(100, 4000), (3000, 100), (100, 100)])
def test_photos_of_any_shape_and_boxes_beyond_their_edges(size: tuple[int, int]) -> None:
    boxes = [*BOXES, (-20.0, -5.0, 30.0, 9_000.0), (99.6, 99.6, 140.0, 140.0)] * 9
    sheet = numbered_picture(photo_of(*size), boxes)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] >= CELL[0]


def test_the_picture_is_written_beside_the_photo_and_named_in_the_line(tmp_path: Path) -> None:
    photo = tmp_path / "family.png"
    cv2.imwrite(str(photo), photo_of(200, 100))
    said = choice_of(photo, BOXES)
    sheet = tmp_path / "family.numbered.jpg"
    assert f"look at {sheet} and choose one with --person N" in said
    assert "2: 60,10,90,90" in said
    assert read_picture(sheet).shape[1] == LONG_SIDE


def test_a_folder_that_takes_no_file_leaves_it_to_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, other = tmp_path / "locked", tmp_path / "other"
    locked.mkdir()
    other.mkdir()
    cv2.imwrite(str(locked / "family.png"), photo_of(200, 100))
    monkeypatch.setattr("os.access", lambda place, mode: Path(place) != locked)
    monkeypatch.setattr("tempfile.tempdir", str(other))
    assert str(other / "family.numbered.jpg") in choice_of(locked / "family.png", BOXES)
    assert (other / "family.numbered.jpg").is_file()


def test_a_disk_without_room_does_not_hide_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "family.png"
    cv2.imwrite(str(photo), photo_of(200, 100))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said = choice_of(photo, BOXES)
    assert "1: 10,10,40,90" in said and "look at" not in said
