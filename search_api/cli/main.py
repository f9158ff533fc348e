"""`zhian`: the console entry point. Every command loads what it needs when it is called, so that help is instant."""

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from search_api import __version__
from search_api.cli import (
    analyze,
    archive,
    audit,
    bench,
    coverage,
    demo,
    describe,
    detect,
    embed,
    incidents,
    listen,
    models,
    rules,
    run,
    search,
    track,
    trajectory,
    watch,
)
from search_api.cli.failures import tell

ABOUT = """Find where a person or a vehicle was last seen by the cameras of a residential community.

\b
First steps:
  zhian demo                                        see it work on a clip that comes along
  zhian models list                                 which networks are here, which are used
  zhian analyze gate.mp4 --archive store --camera gate
  zhian search --archive store --photo her.jpg --report found.html
  zhian run site.yaml                               cameras, archive and HTTP API in one process

`zhian COMMAND --help` tells more. Exit codes: 0 done, 2 bad input, 1 our fault."""

app = typer.Typer(
    name="zhian",
    help=ABOUT,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"zhian {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


for command in (
    demo.demo,
    search.search,
    coverage.coverage,
    trajectory.trajectory,
    analyze.analyze,
    run.run,
    listen.listen,
    detect.detect,
    track.track,
    rules.rules,
    embed.embed,
    describe.describe,
):
    app.command()(command)
app.add_typer(models.app)
for group in (watch, archive, audit, bench, incidents):
    app.add_typer(group.app)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="zhian", standalone_mode=False)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - the top of the process
        return tell(error)
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """Run the command line of this process."""
    sys.exit(run_command(sys.argv[1:]))
