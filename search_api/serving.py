"""Runs an HTTP application in a thread of this process, on a socket that is bound before anything else starts."""

import logging
import socket
import threading
import time
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

LONGEST_START_S = 20.0
LONGEST_STOP_S = 10


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises OSError when the port is taken or the address is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)  # a port that is only bound can be taken by another program as well
    except BaseException:
        bound.close()
        raise
    return bound


def is_loopback(bound: socket.socket) -> bool:
    """Return whether only this machine can reach the socket."""
    return ip_address(bound.getsockname()[0]).is_loopback


def address_of(bound: socket.socket) -> str:
    """Return the http:// address people can open."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{shown}:{port}"


class Serving:
    """Serves `app` on `bound` while the block runs; leaving it lets the requests under way finish (10 s at most)."""

    def __init__(self, app: FastAPI, bound: socket.socket) -> None:
        self._bound = bound
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=LONGEST_STOP_S
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([bound],), name="http", daemon=True)

    @property
    def alive(self) -> bool:
        """True while requests are answered."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        self._thread.start()
        until = time.monotonic() + LONGEST_START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the HTTP server did not start")
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(LONGEST_STOP_S + 2)
        self._bound.close()
