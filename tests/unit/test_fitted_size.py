"""Cameras and networks stand side by side and may not import each other: what they both compute must agree."""

from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.frame_request import FrameRequest
from camera_adapters.picture import picture_size
from models.boxes import InputSpec

SIDES = st.integers(1, 4096)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["stretch", "within"]))
def test_the_camera_delivers_the_size_the_network_wants(
    width: int, height: int, wide: int, high: int, fit: str
) -> None:
    delivered = picture_size((width, height), FrameRequest(wide, high, fit))
    assert delivered == InputSpec(wide, high, fit).fitted_size(width, height)
    assert InputSpec(wide, high, fit).is_fitted(*delivered)
