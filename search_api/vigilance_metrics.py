"""Figures of what looks for alerts: the alerter, the watches and the bus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.vigilance import Vigilance


class VigilanceFigures(Collector):
    """Reads the counters at the time of asking."""

    def __init__(self, vigilance: Vigilance) -> None:
        self._vigilance = vigilance

    def collect(self) -> Iterator[Metric]:
        """Return alerts raised and dropped, watches, sightings looked at, and how the bus fares."""
        alerter, lookout, bus = self._vigilance.alerter, self._vigilance.lookout, self._vigilance.bus.counters
        for name, says, count in (
            ("zhian_alerts_raised", "Alerts handed on by rules, watches and care", alerter.raised),
            ("zhian_alerts_dropped", "Alerts that found no room while they could not be kept", alerter.dropped),
            ("zhian_watch_sightings", "Sightings compared with the watches", lookout.looked_at),
            ("zhian_bus_published", "Messages put on the bus", bus.published),
            ("zhian_bus_trimmed", "Messages that left a full topic, read or not", bus.trimmed),
            ("zhian_bus_failures", "Calls to the bus that a lost connection ended", bus.failures),
            ("zhian_bus_states_dropped", "Camera states the bus never got", self._vigilance.herald.dropped),
        ):
            family = CounterMetricFamily(name, says)
            family.add_metric([], count)
            yield family
        for name, says, value in (
            ("zhian_watches", "Watches that stand", lookout.standing),
            ("zhian_bus_reached", "1 when the last call to the bus went well", float(not bus.trouble)),
        ):
            gauge = GaugeMetricFamily(name, says)
            gauge.add_metric([], value)
            yield gauge
