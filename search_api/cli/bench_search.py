"""`zhian bench search`: how fast an archive answers on this machine."""

import json
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.outputs import check_output, whole_file
from search_api.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.bench.search import SearchFigures

MIN_REAL = 50  # vectors; fewer have no shape to speak of


def search(
    rows: Annotated[int, typer.Option(min=100, max=100_000_000, help="Sightings to make up.")] = 100_000,
    dim: Annotated[int, typer.Option(min=4, max=4096, help="Numbers in a vector.")] = 256,
    isotropic: Annotated[bool, typer.Option(help="Vectors without structure: the worst case.")] = False,
    out: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures to this file.")] = None,
    flat: Annotated[bool, typer.Option("--flat/--no-flat", help="Measure a flat FAISS index beside it.")] = True,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="F.png", help="Draw the figures.")] = None,
    vectors: Annotated[
        Path | None,
        typer.Option("--vectors", metavar="F.npz", help="Make people up after these real vectors, of `zhian embed`."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where the archive is made; default: a temporary one."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the archive in --folder; measure it again if it is there already.")
    ] = False,
) -> None:
    """Fill an archive with made-up sightings and measure its searches beside a flat FAISS index.

    \b
    Example: zhian bench search --rows 1000000 --dim 256 --json search.json
    A million rows need about 2 GB of disk and 1.5 GB of memory, most of it for the flat index: --no-flat goes without.
    Filling takes the longest: with --keep it is done once.
    """
    from pipeline.bench.search import bench_search

    for path in filter(None, (out, plot)):
        check_output(path)
    if keep and folder is None:
        raise BadInput("--keep needs --folder DIR, where the archive is kept")
    real = None if vectors is None else _real_vectors(vectors, dim)
    with _room(folder, keep=keep) as made, progress_bar("rows") as bars:

        def show(what: str, done: int, of: int) -> None:
            bars.update(bars.task_ids[0], description=what, completed=done, total=of)

        found = bench_search(made / "archive", rows, dim, isotropic=isotropic, real=real, with_flat=flat, report=show)
    _print(found)
    if out is not None:
        with whole_file(out) as unfinished:
            unfinished.write_text(json.dumps(asdict(found), indent=1) + "\n", "utf-8")
    if plot is not None:
        from pipeline.bench.search_plot import draw

        with whole_file(plot) as unfinished:
            draw(found, unfinished)


@contextmanager
def _room(folder: Path | None, *, keep: bool) -> "Iterator[Path]":
    if keep and folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=folder) as made:
        yield Path(made)


def _print(found: "SearchFigures") -> None:
    from rich.table import Table

    table = Table(
        "share of rows", "ms (p50)", "ms (p95)", "recall@50", "flat, ms (p50)", "times faster", "by words, ms (p50)"
    )
    for each in found.filters:
        table.add_row(
            f"{each.selectivity:.2%}",
            f"{each.p50_ms:.2f}",
            f"{each.p95_ms:.2f}",
            f"{each.recall_at_50:.4f}",
            "-" if each.flat_p50_ms is None else f"{each.flat_p50_ms:.2f}",
            "-" if each.flat_p50_ms is None else f"{each.flat_p50_ms / each.p50_ms:.1f}",
            f"{each.words_p50_ms:.2f}",
        )
    results().print(table)
    remark(
        f"{found.rows} rows of {found.dim}: {found.ram_bytes_per_vector} bytes of memory each, "
        f"{found.appended_per_s:.0f} stored a second, opened in {found.open_s} s"
    )


def _real_vectors(path: Path, dim: int) -> "NDArray[np.float32]":
    import numpy as np

    try:
        with np.load(path) as arrays:
            vectors = np.asarray(arrays["vectors"], np.float32)
    except (OSError, KeyError, ValueError) as error:
        raise BadInput(f"{path} has no vectors: name a file that `zhian embed CROPS --out F.npz` wrote") from error
    if vectors.ndim != 2 or vectors.shape[1] != dim or len(vectors) < MIN_REAL:
        raise BadInput(f"{path} has vectors {vectors.shape}: --dim {dim} needs at least {MIN_REAL} of {dim} numbers")
    return vectors
