"""Figures for Prometheus, in a registry of their own."""

import os
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.service import SearchService

SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Metrics:
    """The registry of one application: requests, and the state of archive and cameras at the time of asking."""

    def __init__(self, service: SearchService) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StateOfThings(service))
        labels = ("method", "route", "status")
        self.requests = Counter("zhian_http_requests", "HTTP requests", labels, registry=self._registry)
        self.seconds = Histogram(
            "zhian_http_request_seconds", "Duration", ("route",), buckets=SECONDS, registry=self._registry
        )

    def add(self, collector: Collector) -> None:
        """Ask another part for its figures, too."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self._registry)


class Timed:
    """ASGI middleware that counts and times requests under the pattern of their route, never their address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and keep its status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started_s = time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(scope["method"], route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.monotonic() - started_s)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _StateOfThings(Collector):
    def __init__(self, service: SearchService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Ask the archive and the cameras."""
        stored = GaugeMetricFamily("zhian_archive_sightings", "Sightings in the archive")
        stored.add_metric([], self._service.archive.count())
        yield stored
        refused = CounterMetricFamily("zhian_searches_refused", "Searches refused because too many waited")
        refused.add_metric([], self._service.refused)
        yield refused
        cpu = CounterMetricFamily("zhian_cpu_seconds", "CPU time of this process")
        cpu.add_metric([], time.process_time())
        cores = GaugeMetricFamily("zhian_cpu_cores", "Cores this process may use")
        cores.add_metric([], _cores())
        yield from (cpu, cores)
        yield from self._cameras()

    def _cameras(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("zhian_camera_state", "1 for the state the camera is in", labels=["camera", "state"])
        analysed = CounterMetricFamily("zhian_camera_frames_analysed", "Frames analysed", labels=["camera"])
        dropped = CounterMetricFamily("zhian_camera_frames_dropped", "Frames replaced by later ones", labels=["camera"])
        sightings = CounterMetricFamily("zhian_camera_sightings", "Sightings stored", labels=["camera"])
        gated = CounterMetricFamily("zhian_camera_frames_gated", "Frames that showed nothing new", labels=["camera"])
        thinned = CounterMetricFamily("zhian_camera_frames_thinned", "Frames left out under load", labels=["camera"])
        idle = GaugeMetricFamily("zhian_camera_idle", "1 while nothing happens there", labels=["camera"])
        delay = GaugeMetricFamily("zhian_camera_latency_seconds", "Arrival to analysis", labels=["camera", "quantile"])
        behind = GaugeMetricFamily(
            "zhian_camera_index_lag_seconds",
            "From the watermark of stored sightings to the newest frame",
            labels=["camera"],
        )
        for report in self._service.cameras():
            state.add_metric([report.camera.id, str(report.state.status)], 1)
            analysed.add_metric([report.camera.id], report.analysed)
            dropped.add_metric([report.camera.id], report.dropped)
            sightings.add_metric([report.camera.id], report.sightings)
            gated.add_metric([report.camera.id], report.gated)
            thinned.add_metric([report.camera.id], report.thinned)
            idle.add_metric([report.camera.id], report.idle)
            for quantile, value_ms in (("0.5", report.latency.p50_ms), ("0.95", report.latency.p95_ms)):
                if value_ms is not None:
                    delay.add_metric([report.camera.id, quantile], value_ms / 1000)
            if report.behind_s is not None:
                behind.add_metric([report.camera.id], report.behind_s)
        yield from (state, analysed, dropped, sightings, gated, thinned, idle, delay, behind)
