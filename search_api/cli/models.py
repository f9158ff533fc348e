"""`zhian models`: which networks there are, which are here, which are used and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import download_bar, results
from search_api.errors import BadInput

if TYPE_CHECKING:
    from models.cards import ModelCard
    from models.store import ModelStore

app = typer.Typer(
    name="models", help="List, fetch and check the networks.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_models() -> None:
    """Show the networks: here or not, used or not, and why."""
    from rich.table import Table

    from models.choose import listing
    from models.store import ModelStore

    table = Table("name", "task", "here", "used for", "engine", "why", "licence", "size")
    for row in listing(ModelStore()):
        table.add_row(
            row.name,
            str(row.task),
            row.present,
            row.used_for,
            row.engine,
            row.why,
            row.licence,
            f"{row.size_bytes / 1e6:.1f} MB" if row.size_bytes else "",
        )
    results().print(table)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Networks (zhian models list).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Fetch every network that is not here yet.")] = False,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="DIR|URL", envvar="ZHIAN_MODEL_MIRROR", help="Folder or address laid out as omz/ onnx/."),
    ] = None,
) -> None:
    """Fetch networks from their makers or from a mirror.

    \b
    Example: zhian models fetch omz2002 omz0277 --mirror /media/usb/models
    A download that broke off goes on where it stopped; every file is checked against its sha256.
    """
    from models.cards import CARDS, card
    from models.store import ModelStore

    if bool(names) == everything:
        raise BadInput("name the networks to fetch, or say --all (zhian models list shows them)")
    store = ModelStore()
    chosen = [c for c in CARDS.values() if not c.bundled] if everything else [card(name) for name in names or ()]
    for one in chosen:
        _fetch(one, store, mirror)


def _fetch(one: "ModelCard", store: "ModelStore", mirror: str | None) -> None:
    from models.fetch import fetch as fetch_model

    with download_bar(one.name) as moved:
        paths = fetch_model(one, store, mirror=mirror, progress=moved)
    for path in paths:
        results().print(f"{one.name}: {path}", markup=False)


@app.command()
def verify() -> None:
    """Check the networks here against their sha256."""
    from models.cards import CARDS
    from models.errors import ModelCorrupt
    from models.store import ModelStore

    store = ModelStore()
    wrong = []
    for one in CARDS.values():
        if not store.has(one):
            continue
        try:
            store.verify(one)
            results().print(f"{one.name}: good", markup=False)
        except ModelCorrupt as error:
            wrong.append(one.name)
            results().print(f"{one.name}: {error}", markup=False)
    if wrong:
        raise BadInput(f"damaged: {', '.join(wrong)}; run `zhian models fetch {' '.join(wrong)}`")
