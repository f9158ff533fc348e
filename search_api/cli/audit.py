"""`zhian audit`: has anybody touched the log of who searched for whom?"""

from typing import Annotated

import typer

from search_api.cli.consoles import results
from search_api.cli.options import ArchiveFolder
from search_api.errors import BadInput

app = typer.Typer(name="audit", help="Check the search log.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Check the search log."""


@app.command()
def verify(
    archive: ArchiveFolder,
    noted: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="A digest noted earlier: its line must still be there.")
    ] = None,
) -> None:
    """Follow the chain of digests through the search log; exit code 2 when it is broken.

    \b
    Example: zhian audit verify --archive store
    The chain shows changed, removed and inserted lines. That the end was cut off shows only a digest you noted:
    zhian audit verify --archive store --noted DIGEST
    """
    from pipeline.archive import open_archive

    with open_archive(archive, writable=False) as opened:
        found = opened.audit(noted)
    if found.broken_at is not None:
        raise BadInput(f"the search log was tampered with: line {found.broken_at} of {found.lines} does not fit")
    if found.noted is False:
        raise BadInput(f"the search log was cut: no line of its {found.lines} has the digest {noted}")
    results().print(f"{found.lines} searches, nothing changed · {found.lines} 次检索，未被改动", markup=False)
    results().print(f"newest digest · 最新摘要: {found.digest}", markup=False)
