"""One table from scheme to adapter."""

import pytest

from camera_adapters.errors import BadSource
from camera_adapters.file import FileAdapter
from camera_adapters.rtsp import RtspAdapter
from camera_adapters.site import Camera
from camera_adapters.table import adapter_for


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("rtsp://h/x", RtspAdapter),
        ("RTSPS://h/x", RtspAdapter),
        ("file:///clips/a.mp4", FileAdapter),
        ("/clips/a.mp4", FileAdapter),
        ("clips", FileAdapter),
    ],
)
def test_scheme_chooses_the_adapter(source: str, kind: type) -> None:
    assert type(adapter_for(Camera("c", source))) is kind


def test_the_sub_stream_chooses_where_there_is_one() -> None:
    assert isinstance(adapter_for(Camera("c", "/clip.mp4", substream="rtsp://h/sub")), RtspAdapter)


def test_cameras_share_no_adapter() -> None:
    assert adapter_for(Camera("a", "rtsp://h/x")) is not adapter_for(Camera("b", "rtsp://h/x"))


def test_unknown_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(BadSource, match=r"http://\*\*\*@h/x: no adapter reads http://") as caught:
        adapter_for(Camera("c", "http://admin:geheim@h/x"))
    assert "geheim" not in str(caught.value)
