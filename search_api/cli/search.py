"""`zhian search`: find someone again in an archive."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from models.kinds import Kind
from search_api.cli import search_options as options
from search_api.cli.asked import Asked
from search_api.cli.caller import caller_name
from search_api.cli.consoles import remark
from search_api.cli.options import ArchiveFolder, OfKind
from search_api.cli.outputs import check_output, make_output_folder

if TYPE_CHECKING:
    from models.detector import Detector
    from models.embedder import Embedder
    from pipeline.archive.contract import SightingFilter
    from pipeline.archive.local import LocalArchive
    from pipeline.search import Answer, Question, Reranking
    from pipeline.words import Parse
    from search_api.service import Purpose, SearchService

UNSAID = "unspecified (command line)"


def search(
    archive: ArchiveFolder,
    photo: options.Photos = None,
    words: options.Words = None,
    top: options.Top = 20,
    from_: options.From = None,
    to: options.To = None,
    camera: options.Cameras = None,
    community: options.Communities = None,
    zone: options.InZone = None,
    kind: OfKind = Kind.PERSON,
    box: options.Boxes = None,
    person: options.Persons = None,
    like: options.Like = None,
    confirm: options.Confirmed = None,
    reject: options.Rejected = None,
    other_coat: options.OtherCoat = False,
    rerank: options.Rerank = "expansion",
    group: options.Grouped = True,
    model: options.PhotoDetector = None,
    site: options.Site = None,
    reason: options.Reason = UNSAID,
    as_json: options.AsJson = False,
    pictures: options.Pictures = None,
    report: options.Report = None,
) -> None:
    """Find a person or a vehicle again by a photo, by words, or by both.

    Tell which hits are right (--confirm) and which are wrong (--reject) and search again: it finds more.

    \b
    Examples:
      zhian search --archive store --photo her.jpg --from 2026-05-01T18:00+08:00 --report found.html
      zhian search --archive store --photo front.jpg --photo back.jpg --confirm 6f1c0a9d27b34e58a0c1
      zhian search --archive store --words "红色上衣 黑裤子 昨天下午"
    """
    from pipeline.archive import open_archive
    from pipeline.search import Question
    from search_api.inputs import parse_box, parse_zone

    photos, persons = tuple(photo or ()), tuple(person or ())
    boxes = tuple(parse_box(each) for each in box or ())
    _check_asked(photos, like, bool(confirm), words, max(len(boxes), len(persons)))
    _check_outputs(report, pictures, as_json=as_json)
    question = Question(
        _where(kind if photos or kind is not Kind.PERSON else None, from_, to, camera, community),
        top,
        sighting_id=like,
        confirmed=tuple(confirm or ()),
        rejected=tuple(reject or ()),
        coat_may_have_changed=other_coat,
        rerank=_reranking(rerank),
        grouped=group,
        zone=parse_zone(zone) if zone else None,
    )
    asked = Asked(photos, words, question, boxes + (None,) * (len(photos) - len(boxes)), persons, reason, pictures)
    with open_archive(archive, writable=False) as opened:
        _search(opened, archive, asked, model, site, as_json, report)


def _where(
    kind: Kind | None, from_: str | None, to: str | None, cameras: list[str] | None, communities: list[str] | None
) -> "SightingFilter":
    from pipeline.archive import SightingFilter
    from search_api.inputs import parse_time

    return SightingFilter(
        kind=kind,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
        cameras=tuple(cameras or ()),
        communities=tuple(communities or ()),
    )


def _check_outputs(report: Path | None, pictures: Path | None, *, as_json: bool) -> None:
    from search_api.errors import BadInput

    if report:
        check_output(report)
    if pictures and not as_json:
        raise BadInput("--pictures belongs to --json: give both, or --report F.html for a sheet with the pictures")
    if pictures:
        make_output_folder(pictures)


def _reranking(name: str) -> "Reranking":
    from pipeline.search import Reranking
    from search_api.errors import BadInput

    if name not in [*Reranking]:
        raise BadInput(f"--rerank {name}: known are {', '.join(Reranking)}")
    return Reranking(name)


def _check_asked(photos: tuple[Path, ...], like: str | None, confirmed: bool, words: str | None, picked: int) -> None:
    from search_api.errors import BadInput

    if not (photos or like or confirmed or (words or "").strip()):
        raise BadInput("say whom to look for: --photo IMG, --words TEXT, or both, or --like ID of a sighting")
    if photos and like:
        raise BadInput("give either --photo or --like; a sighting that shows the same one is given by --confirm")
    if picked and not photos:
        raise BadInput("--box and --person choose in a photo: give --photo too, or leave them out")
    if picked > len(photos):
        raise BadInput(f"{picked} choices by --box or --person for {len(photos)} photos: give one for each, in order")


def _search(
    archive: "LocalArchive",
    folder: Path,
    asked: Asked,
    model: str | None,
    site: Path | None,
    as_json: bool,
    report: Path | None,
) -> None:
    from search_api.cli.hits import as_document, show_coverage, show_hits, write_report
    from search_api.service import Purpose

    if asked.reason == UNSAID:
        remark("no --reason: the search log will say that none was given")
    service = _service(archive, model, site)
    names = {place: name for place, name in service.place_names().items() if name}
    purpose = Purpose(caller_name(), asked.reason)
    words = service.understood(asked.words) if asked.words else None
    answer = _answer(service, asked, replace(asked.question, words=words), purpose)
    if words is not None:
        _say(words, service.place_names())
    watching = service.coverage_of(replace(asked.question, words=words))
    if report:
        write_report(report, archive, folder, asked, answer, words, purpose, watching, names)
        remark(f"contact sheet: {report}")
    if as_json:
        document = as_document(archive, asked, answer, words, watching, names)
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        show_hits(answer.groups, names)
        show_coverage(watching, names)


def _service(archive: "LocalArchive", model: str | None, site: Path | None) -> "SearchService":
    from pipeline.search import embedder_name_for
    from search_api.cli.sites import site_of
    from search_api.service import SearchService

    @cache
    def detector() -> "Detector":
        from models.detector import load_detector

        loaded = load_detector(model)
        remark(f"detector: {loaded.name} ({loaded.choice.why})")
        return loaded

    @cache
    def embedder(kind: Kind) -> "Embedder":
        from models.embedder import load_embedder

        name = embedder_name_for(archive, kind)
        loaded = load_embedder(name, kind=kind)
        remark(f"embedder: {loaded.space.name}{', as in the archive' if name else ''}")
        return loaded

    return SearchService(archive, detector, embedder, site=site_of(site))


def _answer(service: "SearchService", asked: Asked, question: "Question", purpose: "Purpose") -> "Answer":
    """Search; where a photo shows several, once more with the one that was picked by number."""
    from pipeline.errors import SeveralFound
    from search_api.cli.choosing import choice_of
    from search_api.errors import BadInput
    from search_api.service import Upload

    boxes, open_numbers = list(asked.boxes), dict(enumerate(asked.persons))
    while True:
        uploads = [Upload(photo, box) for photo, box in zip(asked.photos, boxes, strict=True)]
        try:
            answer = service.search(question, purpose, uploads)
            break
        except SeveralFound as several:
            place, people = several.photo - 1, several.detections.xyxy.tolist()
            number = open_numbers.pop(place, None)
            if number is None or number > len(people):
                raise BadInput(choice_of(asked.photos[place], people)) from several
            x1, y1, x2, y2 = people[number - 1]
            boxes[place] = (x1, y1, x2, y2)
    for place, number in open_numbers.items():
        if number > 1 and asked.boxes[place] is None:
            raise BadInput(f"there is no number {number} in {asked.photos[place]}: it shows one; leave out --person")
    return answer


def _say(words: "Parse", names: Mapping[str, str]) -> None:
    """Show what the words were taken for before any hit: who was misunderstood has to see it."""
    from pipeline.words.explaining import explain
    from search_api.wire.base import local_zone

    for language in ("zh", "en"):
        remark(explain(words, language, local_zone(), names))
