"""`zhian archive`: how much an archive holds, whether it is whole, and its upkeep."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from search_api.cli.consoles import remark, results
from search_api.cli.options import ArchiveFolder
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.archive.upkeep import ArchiveStats

app = typer.Typer(name="archive", help="Show, check and mend an archive.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def stats(archive: ArchiveFolder) -> None:
    """Show how much there is, on disk and in memory.

    \b
    Example: zhian archive stats --archive store
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=False) as opened:
        _show(opened.stats())


@app.command()
def verify(archive: ArchiveFolder) -> None:
    """Compare rows, vectors, pictures and segments; exit code 2 when something is wrong.

    \b
    Example: zhian archive verify --archive store
    Segments can be made anew from the rest: zhian archive rebuild --archive store
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=False) as opened:
        faults = opened.verify()
        count = opened.count()
    for fault in faults:
        results().print(fault, markup=False)
    if faults:
        raise BadInput(
            f"{archive} is damaged in {len(faults)} places: `zhian archive rebuild` mends segments, a backup the rest"
        )
    results().print(f"{count} sightings, nothing wrong · {count} 条记录，完好", markup=False)


@app.command()
def rebuild(archive: ArchiveFolder) -> None:
    """Throw the segments away and build them from rows and vectors.

    \b
    Example: zhian archive rebuild --archive store
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=True, create=False) as opened:
        remark("building segments …")
        opened.rebuild()
        _show(opened.stats())


@app.command()
def compact(archive: ArchiveFolder) -> None:
    """Seal what is unsealed and give back the room of what was forgotten.

    \b
    Example: zhian archive compact --archive store
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=True, create=False) as opened:
        remark("sealing …")
        opened.seal()
        _show(opened.stats())


def _show(found: "ArchiveStats") -> None:
    from rich.table import Table

    table = Table(show_header=False)
    rows = (
        ("sightings · 记录", f"{found.sightings:,}"),
        ("from · 最早", _time(found.oldest_ms)),
        ("to · 最晚", _time(found.newest_ms)),
        ("segments · 段", f"{found.segments:,}"),
        ("not sealed yet · 未封存", f"{found.unsealed:,}"),
        ("database · 数据库", _size(found.database_bytes)),
        ("vectors · 向量", _size(found.vector_bytes)),
        ("pictures · 图片", _size(found.picture_bytes)),
        ("segments on disk · 段文件", _size(found.segment_bytes)),
        ("memory for searching · 检索内存", _size(found.memory_bytes)),
    )
    for row in rows:
        table.add_row(*row)
    results().print(table)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _time(at_ms: int | None) -> str:
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
