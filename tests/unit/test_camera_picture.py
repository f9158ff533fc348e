"""The size and content of what the analysis gets."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.frame_request import FrameRequest
from camera_adapters.picture import FrameMaker, picture_size


@pytest.mark.parametrize(
    ("source", "request_", "size"),
    [
        ((1920, 1080), FrameRequest(300, 300, "stretch"), (300, 300)),
        ((1920, 1080), FrameRequest(416, 416, "within"), (416, 234)),
        ((1080, 1920), FrameRequest(416, 416, "within"), (234, 416)),
        ((768, 576), FrameRequest(416, 416, "within"), (416, 312)),
        ((320, 240), FrameRequest(640, 640, "within"), (640, 480)),
        ((1920, 1080), FrameRequest(0, 0, "source"), (1920, 1080)),
        ((4000, 2), FrameRequest(100, 100, "within"), (100, 1)),
    ],
)
def test_sizes(source: tuple[int, int], request_: FrameRequest, size: tuple[int, int]) -> None:
    assert picture_size(source, request_) == size


@given(st.tuples(st.integers(1, 8000), st.integers(1, 8000)), st.integers(8, 1000), st.integers(8, 1000))
def test_within_touches_an_edge_and_never_passes_it(source: tuple[int, int], width: int, height: int) -> None:
    w, h = picture_size(source, FrameRequest(width, height, "within"))
    assert 1 <= w <= width and 1 <= h <= height
    assert w == width or h == height


def decoded(width: int, height: int) -> av.VideoFrame:
    bgr = np.zeros((height, width, 3), np.uint8)
    bgr[:, : width // 2] = (0, 0, 200)  # left half red
    bgr[: height // 2, width // 2 :] = (200, 0, 0)  # right top blue
    return av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")


@pytest.mark.parametrize("fit", ["stretch", "within", "source"])
def test_blue_comes_first_and_nothing_is_flipped(fit: str) -> None:
    request = FrameRequest(64, 48, fit)  # type: ignore[arg-type]
    frame = FrameMaker("gate", request).frame(decoded(320, 180), "s", 3, 17)
    h, w = frame.image.shape[:2]
    for y, x, bgr in ((h // 4, w // 4, (0, 0, 200)), (h // 4, w * 3 // 4, (200, 0, 0)), (h - 2, w - 2, (0, 0, 0))):
        assert np.abs(frame.image[y, x].astype(int) - bgr).max() <= 6
    assert frame.image.dtype == np.uint8 and frame.image.flags.c_contiguous
    assert (frame.camera_id, frame.session, frame.seq, frame.captured_at_ms) == ("gate", "s", 3, 17)
    assert frame.source_size == (320, 180)
    assert frame.full_image().shape == (180, 320, 3)


@pytest.mark.parametrize("box", [(0, 0, 320, 180), (31, 17, 64, 90), (319, 179, 320, 180), (160, 0, 161, 3)])
@pytest.mark.parametrize("source", [(320, 180), (319, 179)])
def test_a_part_equals_the_same_part_of_the_full_picture(
    box: tuple[int, int, int, int], source: tuple[int, int]
) -> None:
    bgr = np.random.default_rng(1).integers(0, 256, (180, 320, 3), np.uint8)
    picture = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(*source, format="yuv420p")
    frame = FrameMaker("gate", FrameRequest(64, 48)).frame(picture, "s", 0, 0)
    left, top, right, bottom = (min(value, limit) for value, limit in zip(box, source * 2, strict=True))
    left, top = min(left, right - 1), min(top, bottom - 1)
    whole = frame.full_image()[top:bottom, left:right]
    found = frame.part(left, top, right, bottom)
    assert found.shape == whole.shape
    assert np.abs(found.astype(int) - whole).max() <= 1
    assert found.flags.owndata


def test_full_picture_is_made_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("camera_adapters.picture._full_bgr", asked.append)
    frame = FrameMaker("gate", FrameRequest(64, 48)).frame(decoded(320, 180), "s", 0, 0)
    assert asked == []
    frame.full_image()
    assert len(asked) == 1
