"""What tests need from outside: evaluation data, the model mirror, real servers.

At home a missing thing skips the test with its reason; in CI (environment variable CI) it fails it.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"in CI this must be here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of evaluation data and weights: ZHIAN_SHARED, or `../shared` beside the repository."""
    folder = Path(os.environ.get("ZHIAN_SHARED", ROOT.parent / "shared"))
    if not (folder / "weights").is_dir():
        _missing("evaluation data not found: set ZHIAN_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def mirror(shared: Path) -> Path:
    """The model mirror laid out as `omz/ onnx/`."""
    return shared / "weights"


@pytest.fixture(scope="session")
def system_python_with_gst() -> str:
    """The system's Python, when it can run gst-rtsp-server."""
    python = "/usr/bin/python3"
    typelib = list(Path("/usr/lib").glob("*/girepository-1.0/GstRtspServer-1.0.typelib"))
    if not typelib or not Path(python).exists():
        _missing("gst-rtsp-server is not installed (Debian: gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-*)")
    return python


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """The ffmpeg program, for making test streams."""
    program = shutil.which("ffmpeg")
    if program is None:
        _missing("ffmpeg is not installed (Debian: ffmpeg)")
    return program


@pytest.fixture(scope="session")
def redis_program() -> str:
    """The redis-server program, for tests of the bus."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        _missing("redis-server is not installed (Debian: redis-server)")
    return program


@pytest.fixture(scope="session")
def mosquitto_program() -> str:
    """The mosquitto program, for tests of delivery over MQTT."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        _missing("mosquitto is not installed (Debian: mosquitto)")
    return program


@pytest.fixture(scope="session")
def chromium() -> str:
    """The Chromium program, for what people see."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        _missing("no browser found (Debian: chromium)")
    return program


@pytest.fixture(scope="session")
def openssl() -> str:
    """The openssl program, for certificates of tests."""
    program = shutil.which("openssl")
    if program is None:
        _missing("openssl is not installed (Debian: openssl)")
    return program
