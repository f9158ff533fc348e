"""Addresses without their passwords: the only way a camera's source may be shown."""

import re

MASK = "***"
# A run without white space that begins like an address. Passwords typed without escaping hold `@`, `:` and `/`, so
# everything up to the last `@` of the run counts as credentials: hiding too much is safe, too little is not.
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)(?P<run>\S+)")
_HOST_ALONE = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:@/?#\[\]]*)(:\d*)?(?P<path>[/?#]\S*)?$")
# Vendors put passwords into the path or query: `?user=a&password=b`, `/user=a_password=b_channel=1_stream=0.sdp`.
_PARAMETER = re.compile(
    r"(?P<name>(?:password|passwd|passwort|pwd|pass|token|secret|psw)=)(?P<value>.*?)(?=[&;\s\"'<>]|_[A-Za-z]+=|$)",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Return `text` with the credentials of every address in it replaced by `***`; masking twice changes nothing.

    Text without an address passes unchanged. What follows the last `@` of an address stays readable, so that a log
    still tells which camera is meant.
    """
    return _ADDRESS.sub(_masked_address, text)


def _masked_address(found: re.Match[str]) -> str:
    scheme, run = found["scheme"], found["run"]
    if "@" in run and not _is_host_and_path(run):
        run = f"{MASK}@{run.rpartition('@')[2]}"
    return scheme + _PARAMETER.sub(lambda pair: pair["name"] + (MASK if pair["value"] else ""), run)


def _is_host_and_path(run: str) -> bool:
    """Tell whether the `@` stands in the path of an address without credentials, as in `rtsp://host:554/a@b`."""
    host = _HOST_ALONE.match(run)
    return host is not None and host[2] in {None, ":554", ":322", ":8554", ":80", ":443"}
