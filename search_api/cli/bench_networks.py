"""`zhian bench detect | embed`: how fast the networks of this machine are."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import remark, results
from search_api.cli.engines import know_engines
from search_api.cli.outputs import check_output, whole_file

if TYPE_CHECKING:
    from pipeline.bench.networks import Image

Seconds = Annotated[float, typer.Option(min=0.1, max=600, help="Seconds for each size of batch.")]
Out = Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures to this file.")]
Name = Annotated[str | None, typer.Option("--model", metavar="NAME", help="A network; default: the one in use.")]
_CROP = (64, 160)


def detect(model: Name = None, seconds: Seconds = 3.0, out: Out = None) -> None:
    """Measure the detector, pictures in and boxes out.

    \b
    Example: zhian bench detect --model nanodet --json detect.json
    """
    from models.detector import load_detector
    from pipeline.settings import ModelSettings

    know_engines(ModelSettings(detector=model))
    detector = load_detector(model)
    size = (detector.input.width, detector.input.height)
    _measure(detector.name, f"{detector.choice.label} ({detector.choice.why})", detector.detect, size, seconds, out)


def embed(model: Name = None, seconds: Seconds = 3.0, out: Out = None) -> None:
    """Measure the embedder of people, crops in and vectors out.

    \b
    Example: zhian bench embed --json embed.json
    """
    from models.embedder import load_embedder
    from models.kinds import Kind

    embedder = load_embedder(model, kind=Kind.PERSON)
    _measure(embedder.name, f"{embedder.choice.label} ({embedder.choice.why})", embedder.embed, _CROP, seconds, out)


def _measure(
    name: str,
    engine: str,
    run: "Callable[[Sequence[Image]], object]",
    size: tuple[int, int],
    seconds: float,
    out: Path | None,
) -> None:
    from rich.table import Table

    from pipeline.bench.networks import bench_network

    if out is not None:
        check_output(out)
    remark(f"{name} on {engine}")
    found = bench_network(run, size, seconds)
    table = Table("batch", "pictures a second", "pictures a CPU second")
    for each in found:
        table.add_row(str(each.batch), f"{each.per_s:g}", f"{each.per_cpu_s:g}")
    results().print(table)
    if out is not None:
        with whole_file(out) as unfinished:
            figures = {"model": name, "engine": engine, "batches": [asdict(each) for each in found]}
            unfinished.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
