"""`zhian coverage`: what was watched, and what was not."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import results
from search_api.cli.options import ArchiveFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from pipeline.coverage import CameraCoverage

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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Tell when each camera was watched, so that "not seen" and "not watched" are never confused.

    \b
    Example: zhian coverage --archive store --camera east-gate --from 2026-05-01T17:00+08:00 --to 2026-05-01T19:00+08:00
    """
    from pipeline.archive import open_archive
    from pipeline.coverage import archive_coverage
    from search_api.inputs import parse_time
    from search_api.wire.coverage import coverage_out

    from_ms = parse_time(from_) if from_ else None
    to_ms = parse_time(to) if to else None
    with open_archive(archive, writable=False) as opened:
        answers = archive_coverage(opened, tuple(camera or ()), from_ms, to_ms)
    out = coverage_out(answers, {})
    if as_json:
        typer.echo(json.dumps(out.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return
    if answers:
        results().print(intervals_table(answers))
    for line in (out.zh, out.en):
        results().print(line, markup=False)


def intervals_table(answers: "Sequence[CameraCoverage]") -> "Table":
    """Return a row per interval; times are local."""
    from rich.table import Table

    table = Table("camera", "from", "to", "state", "why", "watched", "indexed up to")
    for answer in answers:
        watermark = "" if answer.watermark_ms is None else _local(answer.watermark_ms)
        name, share = answer.camera_id, f"{answer.share_watched:.1%}"
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
