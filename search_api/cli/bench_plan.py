"""`zhian bench plan`: how many more cameras a running zhian can take; `verify`: whether figures are as signed."""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import results
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.bench.plan import Reading

TOKEN = "ZHIAN_TOKEN"  # noqa: S105 - the name of a variable


def plan(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where zhian runs.")] = "http://127.0.0.1:8420",
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="Between the two readings.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many more cameras a running zhian can take, from its own counters.

    \b
    Example: ZHIAN_TOKEN=... zhian bench plan http://127.0.0.1:8420 --seconds 60
    Cameras like those that run now, with the same activity before them, are meant. Other programs on the machine are
    not seen: what they use is not free.
    """
    from dataclasses import asdict

    from pipeline.bench.plan import plan as planned

    first = _read(url)
    time.sleep(seconds)
    found = planned(first, _read(url))
    if found is None:
        raise BadInput(f"no camera is live at {url}: start cameras, then plan")
    if as_json:
        results().print_json(json.dumps(asdict(found)))
        return
    results().print(
        f"{found.cameras} cameras use {found.used_cores:.2f} of {found.cores:g} cores, "
        f"{found.cores_per_camera:.3f} each; latency p95 {found.latency_p95_ms or 0:.0f} ms"
    )
    if found.dropped:
        results().print(f"{found.dropped} frames were lost meanwhile: nothing more fits. 丢帧中，不能再加。")
    else:
        results().print(f"about {found.more} more of their kind fit. 约可再加 {found.more} 路。")


def verify(
    figures: Annotated[Path, typer.Argument(metavar="F", help="A JSON file of `zhian bench cameras --sign`.")],
    key: Annotated[Path, typer.Option("--key", metavar="KEY", help="The key it was signed with.")],
) -> None:
    """Check that signed figures are as they were when they were signed.

    \b
    Example: zhian bench verify cameras.json --key acceptance.key
    """
    from pipeline.bench.cameras_report import PROVES, is_signed

    try:
        read = json.loads(figures.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{figures} cannot be read: {(error.strerror or 'unreadable').lower()}") from error
    except ValueError as error:
        raise BadInput(f"{figures} is not JSON: name a file that --json wrote") from error
    if not isinstance(read, dict) or not is_signed(read, read_key(key)):
        raise BadInput(f"{figures} was changed, or signed with another key: ask for the original")
    results().print(f"{figures} is as it was signed. 签名有效。 {PROVES}")


def read_key(path: Path) -> bytes:
    """Return the bytes of a key file, 16 at the least; raises BadInput."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {(error.strerror or 'unreadable').lower()}") from error
    if len(key) < 16:
        raise BadInput(f"{path}: a key has 16 bytes at least; make one with `openssl rand -hex 32 > {path}`")
    return key


def _read(url: str) -> "Reading":
    import httpx

    from pipeline.bench.plan import Reading, parse_metrics

    token = os.environ.get(TOKEN, "")
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(f"{url.rstrip('/')}/metrics", headers=headers, timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadInput(f"nothing answers at {url}: start `zhian run`, or give its address ({error})") from error
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise BadInput(f"{url} wants an access token: set {TOKEN}")
    if answer.status_code != httpx.codes.OK:
        raise BadInput(f"{url}/metrics answers {answer.status_code}: is this zhian?")
    return Reading(time.monotonic(), parse_metrics(answer.text))
