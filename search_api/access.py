"""Who may ask: bearer tokens, kept as hashes in a file only its owner can read.

One line a caller: `NAME sha256:HEX` or `NAME TOKEN`; `#` starts a comment. The name goes into the search log. At the
first start the file is made with one fresh token, which is shown once and not kept; a lost token is replaced by
removing the file and starting again.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from search_api.errors import BadInput

TOKEN_FILE = "api-tokens"  # noqa: S105 - the name of a file
FIRST_CALLER = "operator"
_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers by name, each with the SHA-256 of the token in hexadecimal."""

    digests: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, **tokens: str) -> "Callers":
        """Return callers with plain tokens, for instance `Callers.of(operator="…")`."""
        return cls({name: _digest(token) for name, token in tokens.items()})

    def name_of(self, token: str) -> str | None:
        """Return the name of the caller with this token; every comparison takes the same time."""
        presented = _digest(token)
        found = None
        for name, digest in self.digests.items():
            if hmac.compare_digest(presented, digest):
                found = name
        return found


def open_callers(
    path: Path, *, draw: Callable[[], str] = lambda: secrets.token_urlsafe(32)
) -> tuple[Callers, str | None]:
    """Read the token file, or make it with one token.

    Returns the callers and, only when the file was made now, the token to show. Raises BadInput when the file cannot
    be used and OSError when it cannot be read or written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_callers(path), None
    token = draw()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("# callers of the HTTP API, one a line: NAME sha256:HEX or NAME TOKEN\n")
        file.write(f"{FIRST_CALLER} sha256:{_digest(token)}\n")
    return Callers({FIRST_CALLER: _digest(token)}), token


def read_callers(path: Path) -> Callers:
    """Read an existing token file; raises BadInput naming the line, OSError."""
    digests: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] in digests:
            raise BadInput(f"{path}:{number}: expected one `NAME TOKEN` a line, each name once")
        digests[words[0]] = _as_digest(words[1], f"{path}:{number}")
    if not digests:
        raise BadInput(f"{path} names no caller: remove it and start again for a fresh token")
    return Callers(digests)


def _as_digest(secret: str, place: str) -> str:
    if secret.startswith("sha256:"):
        digest = secret.removeprefix("sha256:").lower()
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise BadInput(f"{place}: sha256: wants 64 hexadecimal digits")
        return digest
    if len(secret) < _SHORTEST_TOKEN:
        raise BadInput(f"{place}: the token is shorter than {_SHORTEST_TOKEN} characters")
    return _digest(secret)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
