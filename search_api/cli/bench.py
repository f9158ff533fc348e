"""`zhian bench`: what this machine can do, measured here and now."""

import typer

from search_api.cli.bench_cameras import cameras
from search_api.cli.bench_search import search

app = typer.Typer(name="bench", help="Measure this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Measure this machine."""


app.command()(cameras)
app.command()(search)
