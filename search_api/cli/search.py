"""`zhian search`: find someone again in an archive."""

import getpass
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.kinds import Kind
from search_api.cli.consoles import remark
from search_api.cli.options import ArchiveFolder, OfKind
from search_api.cli.outputs import check_output, make_output_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.archive.contract import Hit, SightingFilter
    from pipeline.archive.local import LocalArchive
    from pipeline.search import PhotoSearch
    from pipeline.sighting import Box
    from pipeline.words import Parse
    from search_api.service import Purpose, SearchService

UNSAID = "unspecified (command line)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for: by a photo, by words or by both.

    `person` is the number, from 1, in the list of those in the photo.
    """

    photo: Path | None
    words: str | None
    where: "SightingFilter"
    top: int
    box: "Box | None"
    person: int | None
    reason: str
    pictures: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search answered: the part of the photo that was searched for, what the words were taken for."""

    hits: "Sequence[Hit]"
    box: "Box | None"
    words: "Parse | None"


def search(
    archive: ArchiveFolder,
    photo: Annotated[Path | None, typer.Option(metavar="IMG", help="A photo of the one to find.")] = None,
    words: Annotated[
        str | None, typer.Option(metavar="TEXT", help="How they look, when and where; Chinese or English.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many hits at most.")] = 20,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Not before; ISO 8601, no zone: local time.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="Not after; ISO 8601.")] = None,
    camera: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this camera; may be repeated.")] = None,
    community: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this community; may be repeated.")
    ] = None,
    kind: OfKind = Kind.PERSON,
    box: Annotated[str | None, typer.Option(metavar="X1,Y1,X2,Y2", help="Where in the photo, in pixels.")] = None,
    person: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Which one, when the photo shows several.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Detector for the photo; default: the best here.")
    ] = None,
    reason: Annotated[str, typer.Option(help="What for; kept in the archive's search log.")] = UNSAID,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --json: write the pictures of the hits into this folder.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="F.html", help="Write a contact sheet with the pictures to this file.")
    ] = None,
) -> None:
    """Find a person or a vehicle again by a photo, by words, or by both.

    \b
    Examples:
      zhian search --archive store --photo her.jpg --from 2026-05-01T18:00+08:00 --report found.html
      zhian search --archive store --words "红色上衣 黑裤子 昨天下午"
    """
    from pipeline.archive import SightingFilter, open_archive
    from search_api.errors import BadInput
    from search_api.inputs import parse_box, parse_time

    if photo is None and not (words or "").strip():
        raise BadInput("say whom to look for: --photo IMG, --words TEXT, or both")
    if photo is None and (box or person):
        raise BadInput("--box and --person choose in a photo: give --photo too, or leave them out")
    _check_outputs(report, pictures, as_json=as_json)
    where = SightingFilter(
        kind=kind if photo is not None or kind is not Kind.PERSON else None,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
        cameras=tuple(camera or ()),
        communities=tuple(community or ()),
    )
    asked = Asked(photo, words, where, top, parse_box(box) if box else None, person, reason, pictures)
    with open_archive(archive, writable=False) as opened:
        _search(opened, archive, asked, model, as_json, report)


def _check_outputs(report: Path | None, pictures: Path | None, *, as_json: bool) -> None:
    from search_api.errors import BadInput

    if report:
        check_output(report)
    if pictures and not as_json:
        raise BadInput("--pictures belongs to --json: give both, or --report F.html for a sheet with the pictures")
    if pictures:
        make_output_folder(pictures)


def _search(
    archive: "LocalArchive", folder: Path, asked: Asked, model: str | None, as_json: bool, report: Path | None
) -> None:
    from search_api.cli.hits import as_document, show_hits, write_report
    from search_api.service import Purpose

    service = _service(archive, model)
    purpose = Purpose(_caller(), asked.reason)
    found = _found(service, asked, purpose)
    if found.words is not None:
        _say(found.words)
    if report:
        write_report(report, archive, folder, asked, found, purpose)
        remark(f"contact sheet: {report}")
    if as_json:
        typer.echo(json.dumps(as_document(archive, asked, found), ensure_ascii=False, indent=1))
    else:
        show_hits(found.hits)


def _service(archive: "LocalArchive", model: str | None) -> "SearchService":
    from models.detector import Detector, load_detector
    from models.embedder import Embedder, load_embedder
    from pipeline.search import embedder_name_for
    from search_api.service import SearchService

    @cache
    def detector() -> Detector:
        loaded = load_detector(model)
        remark(f"detector: {loaded.name} ({loaded.choice.why})")
        return loaded

    @cache
    def embedder(kind: Kind) -> Embedder:
        name = embedder_name_for(archive, kind)
        loaded = load_embedder(name, kind=kind)
        remark(f"embedder: {loaded.space.name}{', as in the archive' if name else ''}")
        return loaded

    return SearchService(archive, detector, embedder)


def _found(service: "SearchService", asked: Asked, purpose: "Purpose") -> Found:
    words = service.understood(asked.words) if asked.words else None
    if asked.photo is None:
        assert words is not None
        return Found(service.by_words(words, asked.where, asked.top, purpose), None, words)
    found = _by_photo(service, asked, asked.photo, words, purpose)
    return Found(found.hits, found.box, words)


def _by_photo(
    service: "SearchService", asked: Asked, photo: Path, words: "Parse | None", purpose: "Purpose"
) -> "PhotoSearch":
    from pipeline.errors import SeveralFound
    from search_api.errors import BadInput

    try:
        found = service.by_photo(photo, asked.where, asked.top, purpose, asked.box, words)
    except SeveralFound as several:
        people = several.detections
        if asked.person is None or asked.person > len(people):
            raise BadInput(_listed(asked, people.xyxy.tolist())) from several
        x1, y1, x2, y2 = people.xyxy[asked.person - 1].tolist()
        return service.by_photo(photo, asked.where, asked.top, purpose, (x1, y1, x2, y2), words)
    if asked.person is not None and asked.person > 1 and asked.box is None:
        raise BadInput(f"there is no number {asked.person} in {photo}: it shows one; leave out --person")
    return found


def _say(words: "Parse") -> None:
    """Show what the words were taken for before any hit: who was misunderstood has to see it."""
    from pipeline.words.explaining import explain
    from search_api.schemas import local_zone

    for language in ("zh", "en"):
        remark(explain(words, language, local_zone()))


def _listed(asked: Asked, boxes: list[list[float]]) -> str:
    boxes_text = "; ".join(f"{n}: {','.join(f'{v:.0f}' for v in box)}" for n, box in enumerate(boxes, 1))
    shown = f"{asked.photo} shows {len(boxes)} of kind {asked.where.kind}"
    return f"{shown} ({boxes_text}): choose one with --person N or --box X1,Y1,X2,Y2"


def _caller() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in some containers
        return "unknown user"
