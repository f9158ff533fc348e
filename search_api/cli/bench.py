"""`zhian bench`: what this machine can do, measured here and now."""

import typer

from search_api.cli.bench_cameras import cameras
from search_api.cli.bench_networks import detect, embed
from search_api.cli.bench_plan import plan, verify
from search_api.cli.bench_search import search

app = typer.Typer(name="bench", help="Measure this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Measure this machine."""


for _command in (cameras, plan, verify, search, detect, embed):
    app.command()(_command)
