import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.frame_request import FrameRequest
from camera_adapters.picture import picture_size
from models.boxes import InputSpec, iou, to_source

SIDES = st.integers(1, 4000)
SPEC = st.builds(InputSpec, st.integers(32, 1024), st.integers(32, 1024), st.sampled_from(["stretch", "within"]))


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def test_iou_by_hand():
    a = boxes((0, 0, 10, 10), (0, 0, 5, 5))
    b = boxes((5, 0, 15, 10), (20, 20, 30, 30), (0, 0, 10, 10))
    assert iou(a, b) == pytest.approx(np.array([[50 / 150, 0, 1], [0, 0, 25 / 100]]))


def test_iou_of_nothing_and_of_empty_boxes():
    assert iou(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)
    assert iou(boxes((3, 3, 3, 3)), boxes((3, 3, 3, 3)))[0, 0] == 0
    assert iou(boxes((5, 5, 1, 1)), boxes((0, 0, 9, 9)))[0, 0] == 0


@st.composite
def some_boxes(draw):
    corner = st.integers(-50, 50)
    rows = draw(st.lists(st.tuples(corner, corner, st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=8))
    return boxes(*[(x, y, x + w, y + h) for x, y, w, h in rows])


@given(some_boxes(), some_boxes())
def test_iou_is_a_symmetric_share(a, b):
    shares = iou(a, b)
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert shares == pytest.approx(iou(b, a).T)
    assert np.diag(iou(a, a)) == pytest.approx(np.ones(len(a)))


def test_boxes_end_where_their_picture_ends():
    found = to_source(boxes((-5, -1, 200, 50)), (10, 4), (100, 40))
    assert found.tolist() == [[0, 0, 100, 40]]


def test_each_box_goes_to_its_own_picture():
    sizes = np.array([[10, 10], [10, 5]]), np.array([[100, 100], [20, 10]])
    assert to_source(boxes((1, 2, 3, 4), (1, 2, 3, 4)), *sizes).tolist() == [[10, 20, 30, 40], [2, 4, 6, 8]]


@given(SPEC, SIDES, SIDES)
def test_a_fitted_picture_fits_and_is_not_fitted_twice(spec, width, height):
    size = spec.fitted_size(width, height)
    assert 1 <= size[0] <= spec.width
    assert 1 <= size[1] <= spec.height
    assert spec.is_fitted(*size)


@given(SPEC, SIDES, SIDES)
def test_the_camera_side_delivers_what_fits(spec, width, height):
    delivered = picture_size((width, height), FrameRequest(spec.width, spec.height, spec.fit))
    assert delivered == spec.fitted_size(width, height)


@given(SPEC, st.integers(16, 4000), st.integers(16, 4000), st.data())
def test_boxes_survive_the_way_into_the_network_and_back(spec, width, height, data):
    x = sorted(data.draw(st.lists(st.floats(0, 1), min_size=2, max_size=2)))
    y = sorted(data.draw(st.lists(st.floats(0, 1), min_size=2, max_size=2)))
    source = boxes((x[0] * width, y[0] * height, x[1] * width, y[1] * height))
    fitted = spec.fitted_size(width, height)
    inside = source * np.array([fitted[0] / width, fitted[1] / height] * 2, np.float32)
    assert to_source(inside, fitted, (width, height)) == pytest.approx(source, abs=0.01)


def test_to_source_by_hand():
    # 768 x 576 within 416 x 416 becomes 416 x 312: one pixel is 1.846 source pixels; what lies in the padding is cut.
    found = to_source(boxes((104, 78, 208, 400)), (416, 312), (768, 576))
    assert found == pytest.approx(boxes((192, 144, 384, 576)))
