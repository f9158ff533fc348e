"""Hits as a table, as JSON and as a contact sheet."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.archive.contract import Hit
from pipeline.archive.local import LocalArchive
from search_api.cli.consoles import results
from search_api.cli.outputs import whole_file
from search_api.inputs import iso
from search_api.schemas import hit_out, local_zone, understood_out

if TYPE_CHECKING:
    from search_api.cli.search import Asked, Found
    from search_api.service import Purpose


def show_hits(hits: Sequence[Hit]) -> None:
    """Print a table, best first; times are local."""
    from rich.table import Table

    if not hits:
        results().print("nothing in the archive fits")
        return
    looked = any(hit.reasons for hit in hits)
    table = Table("rank", "score", "camera", "first seen", "last seen", "sighting", *(["looks"] if looked else []))
    for hit in hits:
        sighting = hit.sighting
        first, last = _local(sighting.first_seen_ms), _local(sighting.last_seen_ms)
        table.add_row(
            str(hit.rank),
            f"{hit.score:.3f}",
            sighting.key.camera_id,
            first,
            last,
            sighting.id,
            *([_looks(hit)] if looked else []),
        )
    results().print(table)


def _looks(hit: Hit) -> str:
    """Return each look asked for with a sign, and what was seen instead."""
    signs = {"agree": "✓", "disagree": "✗", "unseen": "?"}
    seen = hit.sighting.attributes
    return " ".join(
        f"{signs[verdict]}{name}" + (f"({seen[name]})" if verdict == "disagree" and name in seen else "")
        for name, verdict in hit.reasons.items()
    )


def as_document(archive: LocalArchive, asked: "Asked", found: "Found") -> dict[str, Any]:
    """Return what `--json` prints: the query and the hits; `picture` is a path, if pictures are asked for."""
    where = asked.where
    query = {
        "photo": None if asked.photo is None else str(asked.photo),
        "words": asked.words,
        "understood": None if found.words is None else understood_out(found.words).model_dump(mode="json"),
        "box": None if found.box is None else [round(float(v), 1) for v in found.box],
        "kind": None if where.kind is None else str(where.kind),
        "from": None if where.from_ms is None else iso(where.from_ms),
        "to": None if where.to_ms is None else iso(where.to_ms),
        "cameras": list(where.cameras),
        "communities": list(where.communities),
        "top": asked.top,
    }
    hits = [hit_out(hit, _picture(archive, hit, asked.pictures)).model_dump(mode="json") for hit in found.hits]
    return {"query": query, "hits": hits}


def _picture(archive: LocalArchive, hit: Hit, folder: Path | None) -> str | None:
    """Write the picture of a hit into a folder and return where; without a folder there is none."""
    if folder is None:
        return None
    path = folder / f"{hit.rank}-{hit.sighting.id}.jpg"
    with whole_file(path) as unfinished:
        unfinished.write_bytes(archive.picture(hit.sighting.id))
    return str(path)


def write_report(
    out: Path, archive: LocalArchive, folder: Path, asked: "Asked", found: "Found", purpose: "Purpose"
) -> None:
    """Write the contact sheet to `out`."""
    from camera_adapters.clock import now_ms
    from models.pictures import read_picture
    from pipeline.words.explaining import explain
    from search_api.report import Sheet, render_report

    sheet = Sheet(
        photo=None if asked.photo is None else read_picture(asked.photo),
        words=None if found.words is None else explain(found.words, "zh", local_zone()),
        box=found.box,
        hits=found.hits,
        where=asked.where,
        at_ms=now_ms(),
        who=purpose.who,
        reason=purpose.reason,
        archive=str(folder),
    )
    with whole_file(out) as unfinished:
        unfinished.write_text(render_report(sheet, archive.picture), encoding="utf-8")


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
