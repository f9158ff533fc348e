"""No password gets through `mask`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rtsp://admin:Pa55word@10.0.0.5:554/live", "rtsp://***@10.0.0.5:554/live"),
        ("rtsps://admin@cam.local/1", "rtsps://***@cam.local/1"),
        ("rtsp://admin:p@ss@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("rtsp://admin:p/a?s#s%40@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("rtsp://u:p@[fe80::1]:554/x", "rtsp://***@[fe80::1]:554/x"),
        ("cannot open 'rtsp://u:p@h/x': refused", "cannot open 'rtsp://***@h/x': refused"),
        ("rtsp://u:p@h/x and http://v:q@g/y", "rtsp://***@h/x and http://***@g/y"),
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("rtsp://10.0.0.5:554/a@b", "rtsp://10.0.0.5:554/a@b"),
        ("https://example.org/@someone", "https://example.org/@someone"),
        ("mail guard@example.org", "mail guard@example.org"),
        ("rtsp://h/user=admin_password=geheim_channel=1", "rtsp://h/user=admin_password=***_channel=1"),
        ("rtsp://h/live?user=admin&password=geheim&ch=1", "rtsp://h/live?user=admin&password=***&ch=1"),
        ("/recordings/gate", "/recordings/gate"),
        ("", ""),
    ],
)
def test_known_addresses(text: str, masked: str) -> None:
    assert mask(text) == masked


ODD = st.text(st.sampled_from("@:/%?#&=[]._-+~!$*'()\"ab7"), min_size=1, max_size=12)


@given(password=ODD, path=st.sampled_from(["", "/", "/live/1", "/a?b=c", ":554/x"]))
def test_no_odd_password_survives(password: str, path: str) -> None:
    secret = f"S3cr{password}t9X"
    shown = mask(f"while opening rtsp://admin:{secret}@cam.example{path} (retry)")
    assert secret not in shown
    assert "S3cr" not in shown and "t9X" not in shown and "admin" not in shown
    assert f"cam.example{path}" in shown


@given(st.text(max_size=60))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)
