"""Hits as a table, as JSON and as a contact sheet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.archive.contract import Hit
from pipeline.archive.local import LocalArchive
from pipeline.search import HitGroup, narrowed
from pipeline.search.confidence import IN_CHINESE
from search_api.cli.consoles import results
from search_api.cli.outputs import whole_file
from search_api.inputs import iso
from search_api.latest import latest_of
from search_api.wire.base import local_zone

if TYPE_CHECKING:
    from pipeline.coverage import Watching
    from pipeline.search import Answer
    from pipeline.words import Parse
    from search_api.cli.asked import Asked
    from search_api.service import Purpose


def show_hits(groups: Sequence[HitGroup], names: Mapping[str, str]) -> None:
    """Print a table, best first; times are local, `names` by camera id, where there are any."""
    from rich.table import Table

    if not groups:
        results().print("nothing in the archive fits")
        return
    looked = any(group.hit.reasons for group in groups)
    sure = any(group.confidence for group in groups)
    columns = ["rank", "score", *(["confidence"] if sure else []), "camera", "first seen", "last seen", "shots"]
    table = Table(*columns, "sighting", *(["looks"] if looked else []))
    for group in groups:
        sighting = group.hit.sighting
        first_ms, last_ms = group.stay_ms
        shots = f"{1 + len(group.others)}" + (f" ({group.cameras} cameras)" if group.cameras > 1 else "")
        table.add_row(
            str(group.hit.rank),
            f"{group.hit.score:.3f}",
            *([_word(group)] if sure else []),
            " ".join(filter(None, (names.get(sighting.key.camera_id), sighting.key.camera_id))),
            _local(first_ms),
            _local(last_ms),
            shots,
            sighting.id,
            *([_looks(group.hit)] if looked else []),
        )
    results().print(table)
    latest = latest_of(groups)
    if latest is not None:
        group, seen = latest
        camera = " ".join(filter(None, (names.get(seen.key.camera_id), seen.key.camera_id)))
        results().print(f"最后见于 last seen: {camera} {_local(seen.last_seen_ms)}, {_word(group)}", markup=False)


def _word(group: HitGroup) -> str:
    if group.confirmed:
        return "已确认 confirmed"
    sure = group.confidence
    return "" if sure is None else f"{IN_CHINESE[sure.word]} {sure.word}"


def _looks(hit: Hit) -> str:
    """Return each look asked for with a sign, and what was seen instead."""
    signs = {"agree": "✓", "disagree": "✗", "unseen": "?"}
    seen = hit.sighting.attributes
    return " ".join(
        f"{signs[verdict]}{name}" + (f"({seen[name]})" if verdict == "disagree" and name in seen else "")
        for name, verdict in hit.reasons.items()
    )


def show_coverage(watching: "Watching", names: Mapping[str, str]) -> None:
    """Print in two lines what was watched where the search looked; `names` by camera id, where there are any."""
    from pipeline.coverage.sentences import sentence

    if not watching.cameras:
        return
    for language in ("zh", "en"):
        told = sentence(watching.cameras, language, local_zone(), names, shortened=watching.shortened)
        results().print(told, markup=False)


def as_document(
    archive: LocalArchive,
    asked: "Asked",
    answer: "Answer",
    words: "Parse | None",
    watching: "Watching",
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return what `--json` prints: the query and the hits; `picture` is a path, if pictures are asked for."""
    from search_api.wire.coverage import brief_coverage_out
    from search_api.wire.search import hits_out, understood_out

    question = asked.question
    where = question.where
    photos = [
        {"photo": str(photo), "box": [round(float(v), 1) for v in subject.box]}
        for photo, subject in zip(asked.photos, answer.subjects, strict=True)
    ]
    query = {
        "photo": photos[0]["photo"] if photos else None,
        "photos": photos,
        "like": question.sighting_id,
        "confirmed": list(question.confirmed),
        "rejected": list(question.rejected),
        "words": asked.words,
        "understood": None if words is None else understood_out(words, names).model_dump(mode="json"),
        "box": photos[0]["box"] if photos else None,
        "kind": None if where.kind is None else str(where.kind),
        "from": None if where.from_ms is None else iso(where.from_ms),
        "to": None if where.to_ms is None else iso(where.to_ms),
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "zone": None if question.zone is None else [list(point) for point in question.zone.points],
        "top": question.top,
        "coat_may_have_changed": question.coat_may_have_changed,
        "rerank": str(question.rerank),
    }
    ranks = {group.hit.sighting.id: group.hit.rank for group in answer.groups}
    hits = hits_out(answer.groups, lambda sighting_id: _picture(archive, sighting_id, ranks, asked.pictures))
    return {
        "query": query,
        "searched": answer.searched,
        "hits": [hit.model_dump(mode="json") for hit in hits],
        "coverage": brief_coverage_out(watching, names).model_dump(mode="json"),
    }


def _picture(archive: LocalArchive, sighting_id: str, ranks: Mapping[str, int], folder: Path | None) -> str | None:
    """Write the picture of a hit into a folder and return where; without a folder, and for what is no hit, none."""
    if folder is None or sighting_id not in ranks:
        return None
    path = folder / f"{ranks[sighting_id]}-{sighting_id}.jpg"
    with whole_file(path) as unfinished:
        unfinished.write_bytes(archive.picture(sighting_id))
    return str(path)


def write_report(
    out: Path,
    archive: LocalArchive,
    folder: Path,
    asked: "Asked",
    answer: "Answer",
    words: "Parse | None",
    purpose: "Purpose",
    watching: "Watching",
    names: Mapping[str, str],
) -> None:
    """Write the contact sheet to `out`."""
    from camera_adapters.clock import now_ms
    from models.pictures import read_picture
    from pipeline.words.explaining import explain
    from search_api.coverage_bars import bars_of
    from search_api.report import Sheet, Told, render_report

    zone = local_zone()
    subjects = zip(asked.photos, answer.subjects, strict=True)
    sheet = Sheet(
        photos=[(read_picture(photo), subject.box) for photo, subject in subjects],
        groups=answer.groups,
        where=asked.question.where if words is None else narrowed(asked.question.where, words),
        at_ms=now_ms(),
        who=purpose.who,
        reason=purpose.reason,
        archive=str(folder),
        searched=answer.searched,
        words=None
        if words is None
        else Told(words.text, explain(words, "zh", zone, names), explain(words, "en", zone, names)),
        coverage=bars_of(watching, names, zone),
        names=names,
    )
    with whole_file(out) as unfinished:
        unfinished.write_text(render_report(sheet, archive.picture), encoding="utf-8")


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
