"""A real Redis server for tests: durable, on a port of its own; `kill` is -9, `start` again has what it had."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import redis


class RedisServer:
    """A server process that keeps its data in `folder`."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start and wait until it answers."""
        keep = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._process = subprocess.Popen([self._program, *place, *keep], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        with redis.Redis.from_url(self.url) as client:
            while not _answers(client):
                assert time.monotonic() < until, "redis-server did not start"
                time.sleep(0.02)
        return self

    def kill(self) -> None:
        """Kill -9 and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose_everything(self) -> None:
        """Remove what a killed server kept."""
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
