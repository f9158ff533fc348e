"""Footage and cameras for tests: clips made on the spot, and a real RTSP server that plays them."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import av
import numpy as np

SERVER = Path(__file__).with_name("rtsp_server.py")


def grey_of(index: int) -> int:
    """Return the grey level of the picture `index` of a clip: the pictures tell their number."""
    return 20 + index % 25 * 8


def make_clip(
    path: Path,
    frames: int = 50,
    fps: int = 25,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 240),
    options: dict[str, str] | None = None,
    b_frames: int = 0,
    key_every: int | None = None,
) -> Path:
    """Write a clip whose left half has the grey of its number and whose right half moves; a key frame per second."""
    width, height = size
    moving = np.random.default_rng(7).integers(0, 255, (height, width), np.uint8)
    quiet = {"x265-params": f"log-level=0:keyint={fps}"} if codec == "libx265" else {}
    with av.open(str(path), "w", options=options or {}) as out:
        stream = out.add_stream(codec, rate=fps, options={"preset": "ultrafast", **quiet})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # more cut each picture into slices, which the server tears apart
        stream.codec_context.gop_size = key_every or fps
        stream.codec_context.max_b_frames = b_frames
        for index in range(frames):
            picture = np.repeat(np.roll(moving, index, axis=1)[:, :, None], 3, axis=2) // 4 + 96
            picture[:, : width // 2] = grey_of(index)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode())
    return path


def open_files() -> int:
    """Return how many files and sockets this process holds."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class RtspServer:
    """A server process on a port of its own; `kill` is -9, `start` again listens at the same port."""

    def __init__(self, python: str, mounts: dict[str, Path | str], auth: str = "none", password: str = "Pa55word"):
        self._command = [python, str(SERVER), "--auth", auth, "--password", password]
        self._mounts = [f"{name}={path}" for name, path in mounts.items()]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> Self:
        """Start and wait until it listens."""
        self._process = subprocess.Popen(
            [*self._command, "--port", str(self.port), *self._mounts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])
        return self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server, for instance SIGSTOP for a camera that hangs."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill -9 and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
            self._process = None

    def url(self, mount: str, credentials: str = "") -> str:
        """Return the address of a camera; `credentials` is `user:password@` or nothing."""
        return f"rtsp://{credentials}127.0.0.1:{self.port}/{mount}"


@contextmanager
def rtsp_server(
    python: str, mounts: dict[str, Path | str], auth: str = "none", password: str = "Pa55word"
) -> Iterator[RtspServer]:
    """Run a server for the length of a `with` block."""
    server = RtspServer(python, mounts, auth, password)
    try:
        yield server.start()
    finally:
        server.kill()
