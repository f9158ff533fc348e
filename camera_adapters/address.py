"""Addresses as people type them, made fit for a URL parser."""

import re
from urllib.parse import quote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://(.*)", re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d*)?")
_HOST = re.compile(r"(\[[^\]]+\]|localhost|[\w\-]+(\.[\w\-]+)+)(:\d+)?|[\w\-]+:\d+")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def scheme_of(source: str) -> str:
    """Return the scheme in lower case, or "" for a path."""
    found = _SCHEME.match(source)
    return found[1].lower() if found else ""


def escape_credentials(url: str) -> str:
    """Return `url` with odd characters of user name and password percent-encoded.

    `rtsp://admin:p@ss/w@10.0.0.5/live` becomes `rtsp://admin:p%40ss%2Fw@10.0.0.5/live`. What is percent-encoded already
    stays. An `@` after a plain host or a host and port number belongs to the path and stays.
    """
    found = _SCHEME.match(url)
    if found is None:
        return url
    scheme, rest = found.groups()
    cut = _end_of_credentials(rest)
    if cut < 0:
        return url
    user, colon, password = rest[:cut].partition(":")
    return f"{scheme}://{_escape(user)}{colon}{_escape(password)}{rest[cut:]}"


def _end_of_credentials(rest: str) -> int:
    """Return where the `@` before the host is, -1 without credentials."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return _last_at_before_path(rest, authority)
    return -1 if _HOST_AND_PORT.fullmatch(authority) else rest.rfind("@")


def _last_at_before_path(rest: str, authority: str) -> int:
    """Choose between `user:p@host/a@b` (path with `@`) and `user:p@s/s@host` (password with `@` and `/`).

    What stands before the first slash decides: with a dot, a port or brackets it is a host; otherwise, where another
    `@` follows, it is taken for a piece of the password.
    """
    last = authority.rfind("@")
    is_host = _HOST.fullmatch(authority, last + 1) is not None
    return last if is_host or "@" not in rest[len(authority) :] else rest.rfind("@")


def _escape(part: str) -> str:
    kept, at = [], 0
    for escaped in _ESCAPED.finditer(part):
        kept += [quote(part[at : escaped.start()], safe=""), escaped[0]]
        at = escaped.end()
    return "".join([*kept, quote(part[at:], safe="")])
