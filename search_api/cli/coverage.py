"""`zhian coverage`: what was watched, and what was not."""

from collections.abc import Mapping
from datetime import datetime
from heapq import nsmallest
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import results
from search_api.cli.options import ArchiveFolder
from search_api.cli.search_options import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from pipeline.coverage import CameraCoverage

MOST_CAMERAS = 40  # of a table; the least watched
_WORDS = {
    "live": "有效看守 watched",
    "shedding": "丢帧过多 too many frames dropped",
    "behind": "未入库 not indexed",
    "down": "断线 down",
    "unknown": "无记录 no record",
}


def coverage(
    archive: ArchiveFolder,
    camera: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this camera; may be repeated.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="ISO 8601; default: the first record.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="ISO 8601; default: the last record.")] = None,
    site: Site = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Tell when each camera was watched, so that "not seen" and "not watched" are never confused.

    \b
    Example: zhian coverage --archive store --camera east-gate --from 2026-05-01T17:00+08:00 --to 2026-05-01T19:00+08:00
    """
    from pipeline.archive import open_archive
    from pipeline.coverage import archive_coverage
    from search_api.cli.sites import site_of
    from search_api.inputs import parse_time
    from search_api.wire.coverage import coverage_out

    place = site_of(site)
    from_ms = parse_time(from_) if from_ else None
    to_ms = parse_time(to) if to else None
    with open_archive(archive, writable=False) as opened:
        answers = archive_coverage(opened, tuple(camera or ()), from_ms, to_ms, place.graph.cameras)
    if as_json:
        typer.echo(coverage_out(answers, place.names).model_dump_json(indent=1))
        return
    out = coverage_out(answers, place.names, limit=1)
    shown = answers if camera else nsmallest(MOST_CAMERAS, answers, key=lambda each: each.share_watched)
    if shown:
        results().print(intervals_table(shown, place.names))
    if len(shown) < len(answers):
        left_out = len(answers) - len(shown)
        told = f"{left_out} cameras more, better watched: --camera ID or --json · 另有 {left_out} 台，覆盖更好"
        results().print(told, markup=False)
    for line in (out.zh, out.en):
        results().print(line, markup=False)


def intervals_table(answers: "Sequence[CameraCoverage]", names: Mapping[str, str]) -> "Table":
    """Return a row per interval; times are local, `names` by camera id, where there are any."""
    from rich.table import Table

    table = Table("camera", "from", "to", "state", "why", "watched", "indexed up to")
    for answer in answers:
        watermark = "" if answer.watermark_ms is None else _local(answer.watermark_ms)
        called = names.get(answer.camera_id)
        name, share = f"{called} ({answer.camera_id})" if called else answer.camera_id, f"{answer.share_watched:.1%}"
        for each in answer.intervals:
            times = _local(each.from_ms), _local(each.to_ms)
            table.add_row(name, *times, _WORDS[each.state.value], _why(each.reason), share, watermark)
            name = share = watermark = ""  # once a camera
        table.add_section()
    return table


def _why(reason: str) -> str:
    """Return a reason in both languages; that there is no record needs none."""
    from pipeline.coverage.intervals import NEVER_HEARD_OF, NO_RECORD
    from pipeline.coverage.sentences import REASONS

    if reason == NEVER_HEARD_OF:
        return "从未有记录 never heard of"
    told = REASONS.get(reason)
    return f"{told['zh']} {told['en']}" if told else reason.replace(NO_RECORD, "")


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
