"""`zhian watch`: standing queries (布控) on an archive, whether `zhian run` is at work on it or not."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.kinds import Kind
from search_api.cli.consoles import remark, results
from search_api.cli.options import ArchiveFolder

if TYPE_CHECKING:
    from pipeline.alerting.watches import Watch
    from pipeline.archive.contract import SightingFilter
    from pipeline.archive.local import LocalArchive
    from search_api.service import Purpose, SearchService
    from search_api.watch_service import WatchService, WatchWish
    from search_api.wire.watches import CurveOut, WatchOut

app = typer.Typer(
    name="watch",
    help="Look out for somebody from now on · 布控.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Reason = Annotated[str, typer.Option(help="What for; kept with the watch and in the search log.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Database = Annotated[
    Path | None, typer.Option("--database", metavar="FILE", help="alerting.path of the configuration, if it is set.")
]


@app.command()
def add(
    archive: ArchiveFolder,
    reason: Reason,
    expires: Annotated[str, typer.Option(metavar="T", help="When it ends by itself; ISO 8601, no zone: local time.")],
    photo: Annotated[list[Path] | None, typer.Option(metavar="IMG", help="A photo; may be repeated.")] = None,
    sighting: Annotated[list[str] | None, typer.Option(metavar="ID", help="A sighting of the one looked for.")] = None,
    words: Annotated[str, typer.Option(metavar="TEXT", help="Clothes, all of which must agree.")] = "",
    plate: Annotated[str, typer.Option(metavar="TEXT", help="A number plate.")] = "",
    name: Annotated[str, typer.Option(help="Unique; made up when left out.")] = "",
    from_: Annotated[str | None, typer.Option("--from", metavar="T", help="Watch only from then on.")] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="Watch only until then.")] = None,
    camera: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this camera; may be repeated.")] = None,
    community: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this community.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Person, unless a plate is given.")] = None,
    box: Annotated[str | None, typer.Option(metavar="X1,Y1,X2,Y2", help="Where in the photo, in pixels.")] = None,
    false_alerts: Annotated[
        float | None, typer.Option("--false-alerts-per-day", min=0.001, max=10_000, help="How many can be borne.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Raise an alert when the one in the photo, or who looks so, or the plate is seen.

    \b
    Examples:
      zhian watch add --archive store --photo her.jpg --reason "missing person 2026-114" --expires 2026-05-08
      zhian watch add --archive store --plate 浙F12345 --reason "case 12" --expires 2026-05-08T12:00+08:00
    """
    from search_api.inputs import parse_box, parse_time
    from search_api.service import Purpose
    from search_api.watch_service import WatchWish

    wish = WatchWish(
        _where(kind, from_, to, camera, community),
        parse_time(expires),
        tuple(photo or ()),
        parse_box(box) if box else None,
        tuple(sighting or ()),
        words,
        plate,
        name,
        false_alerts,
    )
    with _opened(archive, database) as watches:
        from search_api.wire.watches import curve_out, watch_out

        made = _added(watches, wish, Purpose(_caller(), reason))
        shown = watch_out(made, watches.search.now_ms(), 0)
        curve = curve_out(made, watches.cost(made))
    if as_json:
        typer.echo(
            json.dumps({"watch": shown.model_dump(mode="json"), "curve": curve.model_dump()}, ensure_ascii=False)
        )
        return
    _show([shown])
    _explain(curve)


def _added(watches: "WatchService", wish: "WatchWish", purpose: "Purpose") -> "Watch":
    from pipeline.errors import SeveralFound
    from search_api.cli.choosing import choice_of
    from search_api.errors import BadInput

    try:
        return watches.add(wish, purpose)
    except SeveralFound as several:
        photo = Path(str(wish.photos[several.photo - 1]))
        how = "--box X1,Y1,X2,Y2" if len(wish.photos) == 1 else "--box, giving this photo alone"
        raise BadInput(choice_of(photo, several.detections.xyxy.tolist(), how)) from several


@app.command(name="list")
def list_(
    archive: ArchiveFolder,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show watches, the youngest first.

    \b
    Example: zhian watch list --archive store
    """
    with _opened(archive, database) as watches:
        from search_api.wire.watches import watch_out

        now_ms, alerts = watches.search.now_ms(), watches.alerts_raised()
        shown = [watch_out(each, now_ms, alerts.get(each.id, 0)) for each in watches.book.all()]
    shown = [each for each in shown if every or each.state == "active"]
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in shown], ensure_ascii=False, indent=1))
    else:
        _show(shown)


@app.command()
def withdraw(
    archive: ArchiveFolder,
    watch: Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="As `zhian watch list` shows it.")],
    reason: Reason,
    database: Database = None,
) -> None:
    """End a watch before its time; its photos are erased.

    \b
    Example: zhian watch withdraw --archive store "missing person 2026-114" --reason "found"
    """
    from search_api.service import Purpose

    with _opened(archive, database) as watches:
        named = next((each.id for each in watches.book.all() if watch in {each.id, each.name}), watch)
        ended = watches.withdraw(named, Purpose(_caller(), reason))
    results().print(f"withdrawn · 已撤销: {ended.name} ({ended.id})", markup=False)


def _where(
    kind: Kind | None, from_: str | None, to: str | None, camera: list[str] | None, community: list[str] | None
) -> "SightingFilter":
    from pipeline.archive.contract import SightingFilter
    from search_api.inputs import parse_time

    return SightingFilter(
        kind,
        parse_time(from_) if from_ else None,
        parse_time(to) if to else None,
        tuple(camera or ()),
        tuple(community or ()),
    )


@contextmanager
def _opened(folder: Path, database: Path | None) -> "Iterator[WatchService]":
    from pipeline.alerting.database import DATABASE_NAME, open_database
    from pipeline.alerting.watches import WatchBook
    from pipeline.archive import open_archive
    from search_api.watch_service import WatchService

    with open_archive(folder, writable=False) as archive:
        engine = open_database(database or folder / DATABASE_NAME)
        try:
            yield WatchService(_search(archive), WatchBook(engine))
        finally:
            engine.dispose()


def _search(archive: "LocalArchive") -> "SearchService":
    from models.detector import load_detector
    from models.embedder import load_embedder
    from pipeline.search import embedder_name_for
    from search_api.service import SearchService

    return SearchService(
        archive, load_detector, lambda kind: load_embedder(embedder_name_for(archive, kind), kind=kind)
    )


def _show(watches: "list[WatchOut]") -> None:
    from rich.table import Table

    if not watches:
        results().print("nobody is looked out for · 没有布控", markup=False)
        return
    table = Table(
        "id", "name · 名称", "state · 状态", "expires · 到期", "looks for · 目标", "alerts · 告警", "reason · 事由"
    )
    for each in watches:
        target = " ".join(filter(None, (f"{each.photos} photo" if each.photos else "", each.words, each.plate)))
        table.add_row(each.id, each.name, each.state, _local(each.expires), target, str(each.alerts), each.reason)
    results().print(table)


def _explain(curve: "CurveOut") -> None:
    remark(curve.basis["zh"])
    remark(curve.basis["en"])
    if curve.threshold is not None:
        hits = "" if curve.expected_hit_rate is None else f", about {curve.expected_hit_rate:.0%} of true sightings"
        remark(f"at most {curve.false_alerts_per_day:g} false alerts a day: threshold {curve.threshold:.2f}{hits}")
    if curve.agreeing_per_day is not None:
        remark(f"in the last day {curve.agreeing_per_day:g} sightings agreed with the words: each would be an alert")


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _caller() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return "unknown user"
