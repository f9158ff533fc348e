"""`zhian rules`: what rules notice in one recording."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.options import ModelName
from search_api.cli.outputs import check_output, whole_file
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.alerting.rules.scene import Event
    from pipeline.alerting.rules.settings import RuleSettings


def rules(
    video: Annotated[Path, typer.Argument(help="A recording.")],
    rule_file: Annotated[Path, typer.Option("--rules", metavar="F.yaml", help="The rules, in pixels of the picture.")],
    out: Annotated[Path, typer.Option("--out", metavar="F.json", help="Write the events to this file.")],
    fps: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=120,
            help="Analyse so many frames a second; default: all. More than half of what the container says is taken "
            "for the recording's true rate.",
        ),
    ] = None,
    recorded_fps: Annotated[
        float | None,
        typer.Option(min=0.1, max=1000, help="The recording's true rate, where its container lies."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="ISO", help="When the recording starts; rules with hours need it.")
    ] = None,
    model: ModelName = None,
) -> None:
    """Run rules over a recording: lines, zones, loitering, counting, crowds, ...

    \b
    Example: zhian rules gate.mp4 --rules configs/rules/gate.yaml --out events.json
    Writes [{"rule","kind","track_id","frame","t_ms","direction","facts"}]; frames count from 1, for a zone it is the
    frame of the entry; t_ms counts from the first frame; the point tested is the bottom centre of the box.
    """
    from models.detector import load_detector
    from pipeline.alerting.rules.rule_file import read_rules
    from pipeline.rules_recording import run_rules
    from search_api.cli.sources import check_sources
    from search_api.inputs import parse_time

    check_output(out)
    check_sources([video])
    wanted = read_rules(rule_file)
    _check_hours(wanted, start)
    _explain_rate(video, fps, recorded_fps)
    detector = load_detector(model)
    remark(f"detector: {detector.name} ({detector.choice.why})")
    with progress_bar("frames") as bars:

        def show(done: int, total: int | None) -> None:
            bars.update(bars.task_ids[0], completed=done, total=total)

        events = run_rules(
            video,
            wanted,
            detector=detector,
            fps=fps,
            recorded_fps=recorded_fps,
            start_ms=parse_time(start) if start else 0,
            progress=show,
        )
    with whole_file(out) as unfinished:
        unfinished.write_text(json.dumps([_row(event) for event in events], ensure_ascii=False, indent=1) + "\n")
    _show_counts(wanted, events, out)


def _row(event: "Event") -> dict[str, object]:
    return {
        "rule": event.rule,
        "kind": event.kind,
        "track_id": event.track_id,
        "frame": event.frame,
        "t_ms": event.t_ms,
        "direction": event.direction or None,
        "facts": dict(event.facts),
    }


def _check_hours(wanted: "Sequence[RuleSettings]", start: str | None) -> None:
    """Hours of the day mean nothing in a recording of unknown time."""
    timed = [rule.name for rule in wanted if rule.schedule is not None or getattr(rule, "night", None) is not None]
    if timed and start is None:
        raise BadInput(f"rule `{timed[0]}` has hours: say with --start when the recording starts")


def _explain_rate(video: Path, fps: float | None, recorded_fps: float | None) -> None:
    from camera_adapters.file import probe
    from pipeline.rules_recording import recording_clock

    said = 0.0 if video.is_dir() else probe(video).fps
    taken = recording_clock(said, fps, recorded_fps).recorded_fps
    if recorded_fps is None and taken is not None:
        remark(
            f"the container says {said:g} frames a second, --fps says {taken:g}: that is taken for the true rate and "
            f"every frame is analysed (to thin instead: --recorded-fps {said:g})"
        )


def _show_counts(wanted: "Sequence[RuleSettings]", events: "Sequence[Event]", out: Path) -> None:
    for rule in wanted:
        n = sum(event.rule == rule.name for event in events)
        results().print(f"{rule.name} ({rule.kind}): {n}", markup=False)
    results().print(f"{len(events)} events → {out}", markup=False)
