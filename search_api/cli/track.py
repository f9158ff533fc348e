"""`zhian track`: who goes where in one recording."""

from pathlib import Path
from typing import Annotated

import typer

from models.kinds import Kind
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import ModelName, OfKind
from search_api.cli.outputs import check_output, whole_file


def track(
    video: Annotated[Path, typer.Argument(help="A recording.")],
    out: Annotated[Path, typer.Option("--out", metavar="F.txt", help="Write the tracks to this file.")],
    kind: OfKind = Kind.PERSON,
    model: ModelName = None,
    fps: Annotated[
        float | None, typer.Option(min=0.1, max=120, help="Analyse so many frames a second; default: all.")
    ] = None,
) -> None:
    """Track persons or vehicles through a recording.

    \b
    Example: zhian track gate.mp4 --out tracks.txt
    Writes MOTChallenge rows frame,id,x,y,w,h,score,-1,-1,-1; frames count from 1.
    """
    from models.detector import load_detector
    from pipeline.track_recording import track_recording, write_mot
    from search_api.cli.sources import check_sources

    check_output(out)
    check_sources([video])
    detector = load_detector(model)
    remark(f"detector: {detector.name} ({detector.choice.why})")
    with progress_bar("frames") as bars:

        def show(done: int, total: int | None) -> None:
            bars.update(bars.task_ids[0], completed=done, total=total)

        rows = track_recording(video, detector=detector, kind=kind, fps=fps, progress=show)
    with whole_file(out) as unfinished:
        write_mot(rows, unfinished)
    tracks = len({row.track_id for row in rows})
    results().print(f"{tracks} tracks, {len(rows)} rows → {out}", markup=False)
