"""Pictures named on the command line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import BadPicture
from search_api.cli.images import batches, list_images, read_images
from search_api.errors import BadInput


def _picture(path: Path, value: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((20, 30, 3), value, np.uint8))
    return path


def test_folders_are_sorted_and_not_entered_deeper(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "c.webp", "deep/d.jpg"):
        _picture(tmp_path / name.replace(".PNG", ".png"), 9)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "b.png").rename(tmp_path / "b.PNG")
    assert [entry.name for entry in list_images([tmp_path])] == ["a.jpg", "b.PNG", "c.webp"]


def test_files_are_called_by_name_unless_two_share_it(tmp_path: Path) -> None:
    one, two, other = (_picture(tmp_path / p, 1) for p in ("x/same.png", "y/same.png", "other.png"))
    assert [e.name for e in list_images([other, one, two])] == ["other.png", str(one), str(two)]


def test_a_bad_picture_in_a_folder_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    _picture(tmp_path / "good.png", 200)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "empty.png").touch()
    warnings: list[str] = []
    read = list(read_images(list_images([tmp_path]), warnings.append))
    assert [(entry.name, int(image[0, 0, 0])) for entry, image in read] == [("good.png", 200)]
    assert [("bad.png" in warnings[0]), ("empty.png" in warnings[1])] == [True, True]


def test_a_bad_picture_that_was_named_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.touch()
    with pytest.raises(BadPicture, match=r"bad\.png"):
        list(read_images(list_images([bad]), print))


def test_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no picture"):
        list_images([tmp_path])
    with pytest.raises(BadInput, match="does not exist"):
        list_images([tmp_path / "gone.jpg"])
    (tmp_path / "bad.png").touch()
    with pytest.raises(BadInput, match="none of the pictures"):
        list(read_images(list_images([tmp_path]), lambda _: None))


def test_batches_keep_order_and_size() -> None:
    assert list(batches(iter(range(7)), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches(iter(()), 3)) == []
