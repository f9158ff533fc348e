"""`zhian trajectory`: the way somebody took, and where she can be by now."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from search_api.cli.consoles import remark, results
from search_api.cli.options import ArchiveFolder
from search_api.cli.outputs import check_output, whole_file

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.archive.local import LocalArchive
    from pipeline.site_map import SiteMap
    from pipeline.trajectory.tracing import Tracing
    from search_api.trajectories import TracedWay

UNSAID = "unspecified (command line)"
_VERDICTS = {"feasible": "可行 feasible", "infeasible": "不可能 infeasible", "unknown": "距离不明 unknown way"}
_CHANCES = {
    "ahead": "尚未能到 cannot be there yet",
    "not_watched": "可能漏看 not watched",
    "not_seen": "看守中未见 not seen",
}


def trajectory(
    archive: ArchiveFolder,
    sighting: Annotated[list[str], typer.Option(metavar="ID", help="A confirmed sighting; may be repeated.")],
    reject: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A sighting that is not hers; may be repeated.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option(metavar="F.yaml", help="Configuration with positions and paths of the cameras.")
    ] = None,
    fill: Annotated[bool, typer.Option(help="Let look-alikes from the archive fill the way.")] = True,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="ISO 8601; default: 12 hours before the first sighting.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="ISO 8601; default: 12 hours after the last.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="Where can she be at this time; default: now, or the last record.")
    ] = None,
    reason: Annotated[str, typer.Option(help="What for; kept in the archive's search log.")] = UNSAID,
    geojson: Annotated[
        Path | None, typer.Option(metavar="F.geojson", help="Write the way for a map to this file.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="F.json", help="Write everything to this file.")
    ] = None,
) -> None:
    """Link confirmed sightings to a way and tell where it may lead.

    \b
    Example: zhian trajectory --archive store --sighting 6f1c0a9d27b34e58a0c1 --site site.yaml --geojson way.geojson
    Legs that nobody can travel are flagged, not hidden. Without --site nothing is known of distances.
    """
    from pipeline.archive import open_archive
    from pipeline.trajectory.tracing import Tracing
    from search_api.inputs import parse_time

    for path in filter(None, (geojson, as_json)):
        check_output(path)
    asked = Tracing(
        confirmed=tuple(sighting),
        rejected=frozenset(reject or ()),
        fill=fill,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
    )
    place = _site(site)
    with open_archive(archive, writable=False) as opened:
        found, out = _traced(opened, asked, place, reason, parse_time(at) if at else None)
    if geojson:
        _write(geojson, out["geojson"])
    if as_json:
        _write(as_json, out)
    _show(found, place)
    for language in ("zh", "en"):
        results().print(out["coverage"][language], markup=False)


def _write(path: Path, content: object) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    remark(f"written: {path}")


def _site(path: Path | None) -> "SiteMap":
    from search_api.cli.sites import site_of

    if path is None:
        remark("no --site: distances between cameras are unknown, legs cannot be checked")
    return site_of(path)


def _traced(
    archive: "LocalArchive", asked: "Tracing", place: "SiteMap", reason: str, at_ms: int | None
) -> "tuple[TracedWay, dict[str, Any]]":
    from search_api.cli.caller import caller_name
    from search_api.service import Purpose, SearchService
    from search_api.trajectories import traced
    from search_api.wire.trajectory import trajectory_out

    service = SearchService(archive, _no_network, _no_network, site=place)
    found = traced(service, asked, Purpose(caller_name(), reason), at_ms)
    out = trajectory_out(found, place, lambda _: None)
    return found, out.model_dump(mode="json")


def _no_network(*_: object) -> NoReturn:
    raise AssertionError("a way needs no network: the archive has the vectors")


def _show(found: "TracedWay", place: "SiteMap") -> None:
    results().print(_stops_table(found, place))
    if found.way.flagged:
        count = found.way.flagged
        told = f"{count} 段行程不可能：其中有认错的记录 · {count} legs cannot be: one of the sightings is not hers"
        results().print(told, markup=False)
    for each in found.way.set_aside[:5]:
        seen = each.candidate.sighting
        told = f"{seen.key.camera_id} {_local(seen.first_seen_ms)} {seen.id}"
        results().print(f"相像但来不及 looks like her, cannot be: {told} (≠ {each.clashes_with})", markup=False)
    if found.suggestions:
        results().print(_suggestions_table(found, place))


def _stops_table(found: "TracedWay", place: "SiteMap") -> "Table":
    from rich.table import Table

    table = Table("", "camera", "first seen", "last seen", "score", "sighting", "way there", "km/h", "")
    legs = [None, *found.way.legs]
    for number, (stop, leg) in enumerate(zip(found.way.stops, legs, strict=True), 1):
        seen = stop.sighting
        metres = "" if leg is None or leg.metres is None else f"{'≈' if leg.estimated else ''}{leg.metres:.0f} m"
        speed = "" if leg is None or leg.speed is None else f"{3.6 * leg.speed:.1f}"
        table.add_row(
            str(number),
            _named(seen.key.camera_id, place),
            _local(seen.first_seen_ms),
            _local(seen.last_seen_ms),
            "已确认 confirmed" if stop.score is None else f"{stop.score:.3f}",
            seen.id,
            metres,
            speed,
            "" if leg is None else _VERDICTS[leg.verdict.value],
        )
    return table


def _suggestions_table(found: "TracedWay", place: "SiteMap") -> "Table":
    from rich.table import Table

    title = f"{_local(found.at_ms)} 可能在哪里 where she can be"
    table = Table("", "camera", "way", "earliest", "expected", "watched", "", title=title, title_justify="left")
    for rank, each in enumerate(found.suggestions[:10], 1):
        watched = "" if each.share_watched is None else f"{each.share_watched:.0%}"
        expected = f"{_local(each.expected_from_ms)[5:16]}–{_local(each.expected_to_ms)[11:16]}"
        way = f"{'≈' if each.estimated else ''}{each.metres:.0f} m"
        earliest = _local(each.earliest_ms)[5:]
        name = _named(each.camera_id, place)
        table.add_row(str(rank), name, way, earliest, expected, watched, _CHANCES[each.chance.value])
    return table


def _named(camera_id: str, place: "SiteMap") -> str:
    name = place.names.get(camera_id)
    return f"{name} ({camera_id})" if name else camera_id


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
