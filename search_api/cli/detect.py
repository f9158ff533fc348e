"""`zhian detect`: who and what is in pictures."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import ModelName, Pictures
from search_api.cli.outputs import check_output, whole_file

if TYPE_CHECKING:
    from models.detector import Detector
    from search_api.cli.images import Listed

BATCH = 4


def detect(
    places: Pictures,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="F.json", help="Write the detections to this file.")
    ] = None,
    model: ModelName = None,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out what scores less.")] = 0.05,
) -> None:
    """Detect persons and vehicles in pictures.

    \b
    Example: zhian detect photos/ --out found.json --min-score 0.3
    Writes a list of {"image", "kind", "score", "xyxy"}; xyxy is left, top, right, bottom in pixels.
    """
    from models.detector import load_detector
    from search_api.cli.images import list_images

    if out:
        check_output(out)
    listed = list_images(places)
    detector = load_detector(model)
    remark(f"detector: {detector.name} ({detector.choice.why})")
    rows = list(_detect_all(listed, detector, min_score))
    if out:
        with whole_file(out) as unfinished:
            lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            unfinished.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    _show(rows, out)


def _detect_all(listed: Sequence["Listed"], detector: "Detector", min_score: float) -> Iterator[dict[str, Any]]:
    from search_api.cli.images import batches, read_images

    with progress_bar("pictures") as bars:
        bars.update(bars.task_ids[0], total=len(listed))
        for batch in batches(read_images(listed, remark), BATCH):
            found = detector.detect([image for _, image in batch], min_score=min_score)
            for (entry, _), detections in zip(batch, found, strict=True):
                for kind, score, box in zip(detections.kinds(), detections.score, detections.xyxy, strict=True):
                    xyxy = [round(float(v), 2) for v in box]
                    yield {"image": entry.name, "kind": str(kind), "score": round(float(score), 5), "xyxy": xyxy}
            bars.advance(bars.task_ids[0], len(batch))


def _show(rows: Sequence[dict[str, Any]], out: Path | None) -> None:
    from rich.table import Table

    if out:
        kinds = Counter(row["kind"] for row in rows)
        counted = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) or "nothing"
        results().print(f"{counted} → {out}", markup=False)
        return
    table = Table("image", "kind", "score", "left", "top", "right", "bottom")
    for row in rows:
        table.add_row(row["image"], row["kind"], f"{row['score']:.2f}", *(f"{v:.0f}" for v in row["xyxy"]))
    results().print(table)
