"""`zhian demo`: the main job on a clip that comes along."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import progress_bar, remark, results

if TYPE_CHECKING:
    from socket import socket

    from pipeline.demo import Demo

WHO = "demo"
REASON = "demonstration"


def demo(
    serve: Annotated[bool, typer.Option(help="Leave the search page running at the end.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the search page; 0 takes a free one.")] = 8420,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for archive, photo and report.")] = Path("demo-out"),
) -> None:
    """Find a person again in a clip that comes along.

    One gate at noon and at dusk: both are analysed, and a person of the first is looked for in the second.

    \b
    Example: zhian demo --no-serve
    """
    from contextlib import ExitStack

    from pipeline.demo import run_demo
    from search_api.cli.hits import show_hits
    from search_api.serving import listen

    with ExitStack() as opened:
        # Bound first: a taken port is told before the minute of analysis, not after it.
        bound = opened.enter_context(listen(host, port)) if serve else None
        with progress_bar("frames") as bars:
            made = run_demo(
                out,
                progress=lambda at: bars.update(
                    bars.task_ids[0],
                    completed=at.frames,
                    total=at.expected,
                    description=f"{at.source.name}, {at.sightings} sightings, frames",
                ),
            )
        _describe(made)
        show_hits(made.search.groups, {})
        report = _write_report(made)
        results().print(f"contact sheet: {report.resolve().as_uri()}", markup=False)
        if bound is not None:
            _serve(made, bound)


def _describe(made: "Demo") -> None:
    networks = made.networks
    spaces = ", ".join(sorted({e.space.name for e in networks.embedders.values()}))
    remark(f"detector: {networks.detector.name} ({networks.detector.choice.why}); embedders: {spaces}")
    frames = sum(s.frames for s in made.summaries)
    sightings = sum(sum(s.sightings.values()) for s in made.summaries)
    elapsed_s = sum(s.elapsed_s for s in made.summaries)
    results().print(f"{sightings} sightings in {frames} frames, analysed in {elapsed_s:.0f} s", markup=False)
    results().print(f"looking for the person in {made.photo}, at box {_box(made)}, in the later window", markup=False)


def _box(made: "Demo") -> str:
    return ",".join(f"{v:.0f}" for v in made.search.subjects[0].box)


def _write_report(made: "Demo") -> Path:
    from camera_adapters.clock import now_ms
    from models.kinds import Kind
    from pipeline.archive import SearchRecord, SightingFilter, open_archive
    from pipeline.coverage import Watching, archive_coverage
    from search_api.cli.outputs import whole_file
    from search_api.coverage_bars import bars_of
    from search_api.report import Sheet, render_report
    from search_api.wire.base import local_zone

    where = SightingFilter(kind=Kind.PERSON, from_ms=made.from_ms)
    at_ms, found = now_ms(), made.search
    box = found.subjects[0].box
    sheet = Sheet([(made.photo_image, box)], found.groups, where, at_ms, WHO, REASON, str(made.archive), found.searched)
    path = made.folder / "report.html"
    with open_archive(made.archive, writable=False) as archive:
        what = {"photo": made.photo.name, "box": list(box), "from_ms": made.from_ms}
        archive.record_search(SearchRecord(at_ms, WHO, REASON, what, len(found.groups)))
        covered = archive_coverage(archive, (), made.from_ms, None)
        sheet = replace(sheet, coverage=bars_of(Watching(covered), {}, local_zone()))
        with whole_file(path) as unfinished:
            unfinished.write_text(render_report(sheet, archive.picture), encoding="utf-8")
    return path


def _serve(made: "Demo", bound: "socket") -> None:
    from pipeline.archive import open_archive
    from search_api.access import TOKEN_FILE, open_callers
    from search_api.app import create_app
    from search_api.cli.logs import log_to_stderr
    from search_api.cli.signals import StopSignal
    from search_api.service import SearchService
    from search_api.serving import Serving, address_of

    log_to_stderr()
    networks = made.networks
    with open_archive(made.archive, writable=True) as archive:
        callers, token = open_callers(made.archive / TOKEN_FILE)
        service = SearchService(archive, lambda: networks.detector, networks.embedders.__getitem__)
        with StopSignal() as stop, Serving(create_app(service, callers), bound) as serving:
            results().print(f"search page:   {address_of(bound)}", markup=False)
            results().print(f"access token:  {token or 'shown at the first start'}", markup=False)
            results().print(f"a photo to try: {made.photo} (Ctrl-C stops)", markup=False)
            while serving.alive and not stop.wait(0.5):
                pass
