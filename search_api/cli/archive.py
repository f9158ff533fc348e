"""`zhian archive`: how much an archive holds, whether it is whole, and its upkeep."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli import erasing, holds
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import ArchiveFolder
from search_api.cli.outputs import whole_file
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.archive.upkeep import ArchiveStats

app = typer.Typer(name="archive", help="Show, check and mend an archive.", no_args_is_help=True, rich_markup_mode=None)
for command in (holds.hold, holds.release, holds.holds, erasing.expire, erasing.forget):
    app.command()(command)


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
def verify(
    archive: ArchiveFolder,
    thorough: Annotated[bool, typer.Option("--thorough", help="Read every picture, not only a sample.")] = False,
) -> None:
    """Compare rows, vectors, pictures and segments; exit code 2 when something is wrong.

    \b
    Example: zhian archive verify --archive store --thorough
    Segments can be made anew from the rest: zhian archive rebuild --archive store
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=False) as opened:
        with _bar("checking · 检查") as report:
            faults = opened.verify(thorough=thorough, report=report)
        count = opened.count()
    for fault in faults:
        results().print(fault, markup=False)
    if faults:
        raise BadInput(
            f"{archive} is damaged in {len(faults)} places: `zhian archive rebuild` mends segments, a backup the rest"
        )
    results().print(f"{count} sightings, nothing wrong · {count} 条记录，完好", markup=False)


@app.command()
def picture(
    archive: ArchiveFolder,
    sighting: Annotated[str, typer.Argument(metavar="ID", help="The sighting's id, as a search shows it.")],
    out: Annotated[Path, typer.Option(metavar="F.jpg", help="Where to write the JPEG.")],
) -> None:
    """Write the picture of a sighting to a file.

    \b
    Example: zhian archive picture --archive store 6f1c0a9d27b34e58a0c1 --out her.jpg
    All pictures of a search: zhian search … --json --pictures DIR
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=False) as opened:
        content = opened.picture(sighting)
    with whole_file(out) as unfinished:
        unfinished.write_bytes(content)


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
    Pictures that an older version kept in files of their own move into packs.
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=True, create=False) as opened:
        with _bar("compacting · 压实") as report:
            opened.compact(report)
        _show(opened.stats())


@contextmanager
def _bar(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show how far long work is; yields what to tell: the part, how far, of how many."""
    with progress_bar(what) as bars:
        task = bars.task_ids[0]
        yield lambda part, done, of: bars.update(task, description=f"{what} {part}", completed=done, total=of)


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
        ("of them erased · 其中已删除", _size(found.dead_picture_bytes)),
        ("packs of pictures · 图包", f"{found.packs:,}"),
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
