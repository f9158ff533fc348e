"""`zhian run`: cameras, archive and HTTP API in one process."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_api.cli.consoles import remark, remarks
from search_api.cli.engines import know_engines
from search_api.cli.signals import StopSignal

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.alerting.service import Alerting
    from pipeline.archive.contract import Archive
    from pipeline.assembly import Networks
    from pipeline.camera_report import CameraReport
    from pipeline.settings import Settings
    from pipeline.vigilance import Vigilance
    from pipeline.worker import Worker
    from search_api.access import Callers
    from search_api.care_service import CareService
    from search_api.service import SearchService
    from search_api.serving import Serving
    from search_api.watch_service import WatchService

TICK_S = 0.5


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file; examples are in configs/.")],
) -> None:
    """Run cameras, archive and search in one process.

    \b
    Example: zhian run site.yaml
    The search page is at http://127.0.0.1:8420 unless configured otherwise. The access token is made at the first
    start and shown once. Ctrl-C stops in order.
    """
    from pipeline.settings_file import load_settings
    from search_api.cli.logs import log_to_stderr

    settings = load_settings(config)
    log_to_stderr()
    _run(settings)


def _run(settings: "Settings") -> None:
    """Start from the bottom up; the stack stops from the top down: requests, cameras and analysis, archive."""
    from pipeline.alerting.places import Places
    from pipeline.alerting.service import open_alerting
    from pipeline.archive import open_archive
    from pipeline.assembly import load_networks
    from pipeline.stills import Stills
    from pipeline.vigilance import Vigilance
    from pipeline.worker import Worker
    from search_api.app import create_app
    from search_api.serving import Serving, address_of, is_loopback, listen
    from search_api.vigilance_metrics import VigilanceFigures

    with ExitStack() as started:
        stop = started.enter_context(StopSignal())
        bound = started.enter_context(listen(settings.api.host, settings.api.port))
        archive = open_archive(settings.archive.path, writable=True)
        started.callback(archive.close)
        alerting = open_alerting(settings.archive.path, settings.alerting, Places.of(settings.site), archive.picture)
        started.callback(alerting.stop)
        callers = _callers(settings)
        know_engines(settings.models, settings.analysis.batch_size)
        networks = load_networks(settings.models)
        vigilance = Vigilance(settings, archive, alerting.engine, alerting.desk.take, networks.embedders.__getitem__)
        started.callback(_stop_vigilance, vigilance)
        stills = Stills()
        worker = Worker(settings, archive, networks, listeners=replace(vigilance.listeners, frame=stills.show))
        remark(f"detector: {networks.detector.name} ({networks.detector.choice.why})")
        service = _searching(settings, archive, networks, worker)
        watches, care = _watching(settings, service, vigilance)
        app = create_app(
            service,
            callers,
            alerting,
            rule_book=vigilance.rule_book,
            watch_service=watches,
            care_service=care,
            camera_stills=stills,
        )
        app.state.metrics.add(VigilanceFigures(vigilance))
        networks.prepare(settings.analysis.batch_size)
        vigilance.start()
        started.callback(_stop_worker, worker)
        alerting.start()
        worker.start()
        serving = started.enter_context(Serving(app, bound))
        started.callback(alerting.hub.close)  # streams do not end by themselves
        if not is_loopback(bound):
            remark("the network can reach this door without encryption: put a TLS proxy in front of it")
        remark(f"search page and API: {address_of(bound)} (Ctrl-C stops)")
        _watch(worker, vigilance, alerting, serving, stop)
        remark("stopping: answering what was asked, storing what was seen")


def _callers(settings: "Settings") -> "Callers":
    from search_api.access import TOKEN_FILE, open_callers

    path = settings.api.token_file or settings.archive.path / TOKEN_FILE
    callers, token = open_callers(path)
    if token:
        remark(f"access token, shown only this once: {token}")
        remark(f"(lost it? remove {path} and start again)")
    return callers


def _searching(settings: "Settings", archive: "Archive", networks: "Networks", worker: "Worker") -> "SearchService":
    """Return the doors' side of the archive, which knows the cameras and the names of the site."""
    from pipeline.site_map import site_map
    from search_api.service import SearchService

    return SearchService(
        archive,
        lambda: networks.detector,
        networks.embedders.__getitem__,
        worker.camera_reports,
        site=site_map(settings),
        unstored=lambda: worker.unstored,
    )


def _watching(
    settings: "Settings", service: "SearchService", vigilance: "Vigilance"
) -> "tuple[WatchService, CareService]":
    """Return the doors' side of what the vigilance follows; what is added there is looked at at once."""
    from search_api.care_service import CareService
    from search_api.watch_service import WatchService

    communities = [each.id for each in settings.communities]
    hurry = vigilance.alerter.stored
    watches = WatchService(service, vigilance.watches, settings.watches, added=hurry)
    return watches, CareService(service, vigilance.residents, settings.care, lambda: communities, changed=hurry)


def _watch(
    worker: "Worker", vigilance: "Vigilance", alerting: "Alerting", serving: "Serving", stop: StopSignal
) -> None:
    """Show the cameras until a signal comes; a dead part of the process ends all of it."""
    from rich.live import Live

    console = remarks()
    with ExitStack() as shown:
        live = shown.enter_context(Live(console=console, auto_refresh=False)) if console.is_terminal else None
        while not stop.wait(TICK_S):
            failure = worker.failure or vigilance.failure
            if failure:
                raise failure
            if not serving.alive or not worker.alive or not alerting.delivery.alive:
                raise RuntimeError("a part of the process ended by itself")
            if live:
                live.update(cameras_table(worker.camera_reports(), time.strftime("%H:%M:%S")), refresh=True)


def _stop_worker(worker: "Worker") -> None:
    if not worker.stop():
        remark("some cameras did not stop in time")


def _stop_vigilance(vigilance: "Vigilance") -> None:
    if not vigilance.stop():
        remark("alerts were not all handed on in time: they follow at the next start")


def cameras_table(reports: "Sequence[CameraReport]", at: str) -> "Table":
    """Return the cameras with state and counters."""
    from rich.table import Table

    colours = {"live": "green", "connecting": "yellow", "stalled": "yellow", "backing_off": "red", "stopped": "dim"}
    table = Table("camera", "state", "why", title=f"zhian {at}", title_justify="left")
    for heading in ("analysed", "dropped", "sightings", "behind"):
        table.add_column(heading, justify="right")
    for report in reports:
        state = str(report.state.status)
        why = "" if report.state.reason is None else str(report.state.reason)
        if report.main is not None and report.main.reason is not None:
            why = f"{why} main stream: {report.main.reason}".lstrip()
        counted = (str(n) for n in (report.analysed, report.dropped, report.sightings))
        behind = "" if report.behind_s is None else f"{report.behind_s:.0f} s"
        table.add_row(report.camera.id, f"[{colours.get(state, 'default')}]{state}[/]", why, *counted, behind)
    return table
