"""A receiver of webhooks that can be well, fail, hang or be away."""

import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.ports import free_port


@dataclass(frozen=True)
class Post:
    """One request: when it came (Unix time), its headers, its body, and how it was answered."""

    at_s: float
    headers: dict[str, str]
    body: bytes
    status: int


class Receiver:
    """Takes POSTs on a port of its own. `status` is what it answers; 0 means that it takes the request and hangs."""

    def __init__(self, status: int = 204, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        self.posts: list[Post] = []
        self.port = free_port()
        self._released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}/alerts?key=k"

    def taken(self) -> list[Post]:
        """Return the requests that were answered well, in the order of their arrival."""
        return [post for post in self.posts if 200 <= post.status < 300]

    def start(self) -> "Receiver":
        """Begin to listen."""
        self._released.clear()
        self._server = _Server(("127.0.0.1", self.port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Go away: connections are refused from now on."""
        self._released.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.close_all()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                at_s, status = time.time(), outer.status
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender died while it sent
                    self.close_connection = True
                    return
                outer.posts.append(Post(at_s, dict(self.headers), body, status))
                if status == 0:
                    outer._released.wait(60)
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"Content-Length": "0", **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *arguments: object) -> None:
        self._connections: list[socket.socket] = []
        super().__init__(*arguments)  # type: ignore[arg-type]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def handle_error(self, *_: object) -> None:
        """A connection that was cut is what some tests are about."""

    def close_all(self) -> None:
        """Close the listener and every connection."""
        self.server_close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
