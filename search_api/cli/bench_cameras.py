"""`zhian bench cameras`: how many cameras this machine carries."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.bench_plan import plan, read_key
from search_api.cli.consoles import progress_bar, remark, results
from search_api.cli.engines import know_engines
from search_api.cli.outputs import check_output, whole_file
from search_api.errors import BadInput

if TYPE_CHECKING:
    from pipeline.bench.camera_load import LoadFigures
    from pipeline.bench.cameras import CamerasFigures


def cameras(
    source: Annotated[
        str | None, typer.Option("--source", metavar="FILE|URL", help="A recording or an rtsp:// address.")
    ] = None,
    number: Annotated[
        str, typer.Option("--cameras", metavar="N[..M]", help="How many; N..M, or nothing, searches the largest.")
    ] = "1..",
    fps: Annotated[float, typer.Option(min=0.1, max=60, help="Pictures a second to analyse of each camera.")] = 5.0,
    seconds: Annotated[float, typer.Option(min=1, max=86_400, help="Length of each measurement.")] = 30.0,
    out: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures to this file.")] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="F.html", help="Write a page with plots.")] = None,
    key: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign the JSON with this file; see `bench verify`.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where the archives are made; default: a temporary one."),
    ] = None,
    running: Annotated[
        str | None, typer.Option("--plan", metavar="URL", help="Ask a running zhian how many more fit, and end.")
    ] = None,
) -> None:
    """Run the real pipeline over N copies of a source in real time, and find out how many this machine carries.

    \b
    Example: zhian bench cameras --source gate.mp4 --cameras 1..64 --json cameras.json
    A number holds when every camera keeps its rate, loses less than 1 % of its frames and sees 95 % of them within
    500 ms of their arrival.
    """
    if running is not None:
        plan(running, seconds)
        return
    if source is None:
        raise BadInput("give --source, a recording or an rtsp:// address, or --plan and where zhian runs")
    asked = numbers(number)
    if key is not None and out is None:
        raise BadInput("--sign signs what --json writes: give both")
    secret = None if key is None else read_key(key)
    for each in filter(None, (out, report)):
        check_output(each)
    found = _measured(source, asked, fps, seconds, folder)
    _print(found)
    _write(found, out, secret, report)


def _measured(source: str, asked: tuple[int, int], fps: float, seconds: float, folder: Path | None) -> "CamerasFigures":
    from pipeline.assembly import load_networks
    from pipeline.bench.cameras import bench_cameras
    from search_api.cli.logs import log_to_stderr

    log_to_stderr()
    know_engines()
    networks = load_networks()
    with progress_bar("cameras") as bars:

        def show(what: str, done: float, of: float) -> None:
            bars.update(bars.task_ids[0], description=what, completed=round(done), total=round(of))

        return bench_cameras(source, *asked, fps, seconds, networks=networks, folder=folder, report=show)


def _write(found: "CamerasFigures", out: Path | None, secret: bytes | None, report: Path | None) -> None:
    from pipeline.bench.cameras_report import cameras_report, signed

    if out is not None:
        figures = figures_of(found) if secret is None else signed(figures_of(found), secret)
        with whole_file(out) as unfinished:
            unfinished.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if report is not None:
        with whole_file(report) as unfinished:
            unfinished.write_text(cameras_report(found), "utf-8")


def numbers(text: str) -> tuple[int, int]:
    """Return the least and the largest number of cameras that N, N..M or N.. means; raises BadInput."""
    from pipeline.bench.cameras import MOST_CAMERAS

    first, dots, last = text.partition("..")
    try:
        least = int(first if first or not dots else 1)
        most = int(last) if last else MOST_CAMERAS if dots else least
    except ValueError:
        raise BadInput(f"--cameras {text}: give a number such as 8, or a range such as 1..64") from None
    if not 1 <= least <= most <= MOST_CAMERAS:
        raise BadInput(f"--cameras {text}: give numbers from 1 to {MOST_CAMERAS}, the smaller first")
    return least, most


def figures_of(found: "CamerasFigures") -> dict[str, object]:
    """Return what `--json` writes: the run that counts, the largest number that held, and all that was tried."""
    load = asdict(found.load)
    tried = [{key: value for key, value in asdict(each).items() if key != "per_camera"} for each in found.tried]
    return {"cameras": load.pop("cameras"), "max_cameras": found.max_cameras, **load, "tried": tried}


def _print(found: "CamerasFigures") -> None:
    from rich.table import Table

    load = found.load
    table = Table("camera", "fps in", "analysed", "dropped", "p50, ms", "p95, ms", "stored p95, ms", "sightings", "why")
    for each in load.per_camera:
        figures = (each.fps_in, each.fps_analysed, each.dropped, each.latency_p50_ms, each.latency_p95_ms)
        shown = ["-" if value is None else f"{value:g}" for value in (*figures, each.stored_p95_ms, each.sightings)]
        table.add_row(each.camera, *shown, each.why)
    results().print(table)
    results().print("CPU: " + ", ".join(f"{stage} {share:.1%}" for stage, share in load.cpu_share.items()))
    for tried in found.tried:
        remark(f"{tried.cameras} cameras: {_verdict(tried)}")
    if len(found.tried) > 1:
        results().print(f"largest number that held: {found.max_cameras}")


def _verdict(load: "LoadFigures") -> str:
    held = "held" if load.sustained else f"did not hold ({load.why_not})"
    return f"{held}; {load.cpu_cores:.2f} cores, {load.memory_mb:.0f} MB"
