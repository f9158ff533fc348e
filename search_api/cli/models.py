"""`zhian models`: which networks there are, which are here, which are used and why, and how fast they are."""

from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import download_bar, results
from search_api.errors import BadInput

if TYPE_CHECKING:
    from models.cards import ModelCard
    from models.engine import EngineSettings, Measured
    from models.store import ModelStore

app = typer.Typer(
    name="models", help="List, fetch, measure and check the networks.", no_args_is_help=True, rich_markup_mode=None
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
def measure(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Detectors; default: the one in use.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, max=256, help="Rows at the same time; 0: one for each core.")] = 0,
    batch: Annotated[int, typer.Option(min=1, max=64, help="As `analysis.batch_size` of the configuration.")] = 8,
) -> None:
    """Measure anew which engine is the fastest here for a detector, and keep the figures.

    \b
    Example: zhian models measure
    `zhian run`, `analyze` and `bench` do so themselves at their first start, and again when the machine, an engine or
    the network changes. What the configuration names is taken whatever is measured. Embedding stays on onnxruntime in
    fp32, so that vectors of several machines may be compared.
    """
    from models.cards import card
    from models.choose import best_detector
    from models.engine import EngineSettings
    from models.measuring import measure as measured
    from models.store import ModelStore

    store, settings = ModelStore(), EngineSettings(threads=threads)
    for one in [card(name) for name in names or (best_detector(store)[0],)]:
        try:
            figures = measured(one, store, settings, batch)
        except OSError as error:
            raise BadInput(f"the figures cannot be kept in {store.home}: {error.strerror}") from error
        _show_measured(one, figures, settings)


def _show_measured(one: "ModelCard", found: "Measured", settings: "EngineSettings") -> None:
    from rich.table import Table

    from models.engine import choose, mean_ms

    _, choice = choose(settings, for_detection=True, measured=found.figures, inexact=found.inexact)
    columns = [f"batch {batch}, ms a picture" for batch in found.batches]
    table = Table("engine", *columns, "away from fp32", "used", title=one.name)
    for label in mean_ms(found.figures):
        times = {each.batch: f"{each.ms:.1f}" for each in found.figures if each.label == label}
        away = f"{100 * found.deviations[label]:.2g} %"
        used = "yes" if label == choice.label else "too far" if label in found.inexact else ""
        table.add_row(label, *(times[batch] for batch in found.batches), away, used)
    results().print(table)


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
