"""One file over HTTP, in as many attempts as it takes, continued where it broke off."""

import errno
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from models.errors import FetchFailed

Progress = Callable[[str, int, int], None]

_TIMEOUT_S = httpx.Timeout(30.0, connect=10.0)
_CHUNK = 1 << 16
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try again: at most `attempts` in a row without a byte gained, waits doubling up to `longest_s`.

    Each wait is spread over half to all of its length, so that many boxes do not return at once.
    """

    attempts: int = 5
    first_s: float = 0.5
    longest_s: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, failures: int) -> None:
        """Sleep before the next attempt after `failures` (>= 1) in a row."""
        self.sleep(min(self.longest_s, self.first_s * 2 ** (failures - 1)) * (0.5 + self.chance() / 2))


@dataclass(slots=True)
class Download:
    """What is to be got: `part` keeps the bytes so far; more than `limit` bytes are refused."""

    url: str
    part: Path
    limit: int
    progress: Progress = field(default=lambda _name, _done, _total: None)

    @property
    def done(self) -> int:
        """Bytes here already."""
        return self.part.stat().st_size if self.part.exists() else 0


class _Interrupted(Exception):
    """Worth another attempt."""


def download(client: httpx.Client, wanted: Download, patience: Patience) -> None:
    """Bring `wanted.part` to its full length; raises FetchFailed, after which the part stays for the next time."""
    wanted.part.parent.mkdir(parents=True, exist_ok=True)
    failures = 0
    while True:
        before = wanted.done
        try:
            _attempt(client, wanted)
        except (httpx.TransportError, _Interrupted) as error:
            failures = 1 if wanted.done > before else failures + 1
            if failures >= patience.attempts:
                reason = str(error) or type(error).__name__
                raise FetchFailed(f"{wanted.url} cannot be fetched ({reason}): try again later") from error
            patience.wait(failures)
        except OSError as error:
            why = "the disk is full" if error.errno == errno.ENOSPC else str(error)
            raise FetchFailed(f"{wanted.part} cannot be written: {why}") from error
        else:
            return


def new_client() -> httpx.Client:
    """Return a client that follows redirects, as release pages need, and gives up on a silent server."""
    return httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S)


def _attempt(client: httpx.Client, wanted: Download) -> None:
    offset = wanted.done
    # Compressed transfer would make offsets meaningless.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    with client.stream("GET", wanted.url, headers=headers) as reply:
        if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if _total(reply) == offset:
                return
            wanted.part.unlink()
            raise _Interrupted("the part does not belong to the file")
        if reply.status_code in _AGAIN:
            raise _Interrupted(f"HTTP {reply.status_code}")
        if not reply.is_success:
            raise FetchFailed(f"{wanted.url} answers HTTP {reply.status_code}")
        _receive(reply, wanted, offset if _continues(reply, offset) else 0)


def _continues(reply: httpx.Response, offset: int) -> bool:
    """Tell whether the body goes on at `offset`; a server without ranges sends the whole file with 200."""
    described = reply.headers.get("Content-Range", "")
    return reply.status_code == httpx.codes.PARTIAL_CONTENT and described.startswith(f"bytes {offset}-")


def _total(reply: httpx.Response) -> int:
    """Return the size of the whole file, 0 where the server does not say."""
    described = reply.headers.get("Content-Range", "").rpartition("/")[2]
    if described.isdigit():
        return int(described)
    length = reply.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and reply.status_code == httpx.codes.OK else 0


def _receive(reply: httpx.Response, wanted: Download, start: int) -> None:
    name = wanted.part.name.removesuffix(".part")
    total = _total(reply)
    with wanted.part.open("ab" if start else "wb") as file:
        at = start
        for chunk in reply.iter_raw(_CHUNK):
            at += len(chunk)
            if at > wanted.limit:
                raise FetchFailed(f"{wanted.url} is larger than the model's card allows")
            file.write(chunk)
            wanted.progress(name, at, max(total, at))
    if at < total:
        raise _Interrupted(f"{at} of {total} bytes")
