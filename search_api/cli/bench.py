"""`zhian bench`: what this machine can do, measured here and now."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from search_api.cli.bench_cameras import cameras
from search_api.cli.bench_networks import detect, embed
from search_api.cli.bench_plan import plan, verify
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.outputs import check_output, whole_file

app = typer.Typer(name="bench", help="Measure this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Measure this machine."""


for _command in (cameras, plan, verify, detect, embed):
    app.command()(_command)


@app.command()
def search(
    rows: Annotated[int, typer.Option(min=100, max=100_000_000, help="Sightings to make up.")] = 100_000,
    dim: Annotated[int, typer.Option(min=4, max=4096, help="Numbers in a vector.")] = 256,
    isotropic: Annotated[bool, typer.Option(help="Vectors without structure: the worst case.")] = False,
    out: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures to this file.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where the archive is made; default: a temporary one."),
    ] = None,
) -> None:
    """Fill an archive with made-up sightings and measure its searches beside a flat FAISS index.

    \b
    Example: zhian bench search --rows 1000000 --dim 256 --json search.json
    A million rows need about 5 GB of disk and 1.5 GB of memory, most of it for the flat index.
    """
    from rich.table import Table

    from pipeline.bench.search import bench_search

    if out is not None:
        check_output(out)
    with tempfile.TemporaryDirectory(dir=folder) as made, progress_bar("rows") as bars:

        def show(what: str, done: int, of: int) -> None:
            bars.update(bars.task_ids[0], description=what, completed=done, total=of)

        found = bench_search(Path(made) / "archive", rows, dim, isotropic=isotropic, report=show)
    table = Table("share of rows", "ms (p50)", "ms (p95)", "recall@50", "flat, ms (p50)", "times faster")
    for each in found.filters:
        ratio = each.flat_p50_ms / each.p50_ms
        table.add_row(
            f"{each.selectivity:.2%}",
            f"{each.p50_ms:.2f}",
            f"{each.p95_ms:.2f}",
            f"{each.recall_at_50:.4f}",
            f"{each.flat_p50_ms:.2f}",
            f"{ratio:.1f}",
        )
    results().print(table)
    remark(
        f"{found.rows} rows of {found.dim}: {found.ram_bytes_per_vector} bytes of memory each, "
        f"{found.appended_per_s:.0f} stored a second, opened in {found.open_s} s"
    )
    if out is not None:
        with whole_file(out) as unfinished:
            unfinished.write_text(json.dumps(asdict(found), indent=1) + "\n", "utf-8")
