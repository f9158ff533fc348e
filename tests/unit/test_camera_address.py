"""Addresses as people type them."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_adapters.address import escape_credentials, scheme_of


@pytest.mark.parametrize(
    ("typed", "escaped"),
    [
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("rtsp://admin:abc@10.0.0.5/live", "rtsp://admin:abc@10.0.0.5/live"),
        ("rtsp://admin:p@ss@10.0.0.5/live", "rtsp://admin:p%40ss@10.0.0.5/live"),
        ("rtsp://admin:p@ss/w@10.0.0.5/live", "rtsp://admin:p%40ss%2Fw@10.0.0.5/live"),
        ("rtsp://admin:p/w@10.0.0.5/live", "rtsp://admin:p%2Fw@10.0.0.5/live"),
        ("rtsp://admin:p%40w@10.0.0.5/live", "rtsp://admin:p%40w@10.0.0.5/live"),
        ("rtsp://admin:5%w@10.0.0.5/live", "rtsp://admin:5%25w@10.0.0.5/live"),
        ("rtsp://admin:a@10.0.0.5/a@b", "rtsp://admin:a@10.0.0.5/a@b"),
        ("rtsp://10.0.0.5:554/a@b", "rtsp://10.0.0.5:554/a@b"),
        ("rtsp://admin:a@cam1/live", "rtsp://admin:a@cam1/live"),
        ("rtsp://admin:a#b@[::1]:554/live", "rtsp://admin:a%23b@[::1]:554/live"),
        ("/recordings/a.mp4", "/recordings/a.mp4"),
    ],
)
def test_credentials_are_escaped_and_the_rest_stays(typed: str, escaped: str) -> None:
    assert escape_credentials(typed) == escaped
    assert escape_credentials(escaped) == escaped


@given(st.text(st.sampled_from("@:/?#ab!$~"), min_size=1, max_size=10))
def test_a_url_parser_finds_the_password_again(password: str) -> None:
    parts = urlsplit(escape_credentials(f"rtsp://admin:x{password}@10.0.0.5:8554/live"))
    assert (parts.username, unquote(parts.password or "")) == ("admin", f"x{password}")
    assert (parts.hostname, parts.port, parts.path) == ("10.0.0.5", 8554, "/live")


def test_schemes() -> None:
    assert scheme_of("RTSP://h") == "rtsp"
    assert scheme_of("/a/b") == scheme_of("C:/clips") == ""
