"""Figures of incidents and delivery for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.alerting.service import Alerting


class AlertingFigures(Collector):
    """Asks at the time of scraping; subscriptions are labelled by id, never by address."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def collect(self) -> Iterator[Metric]:
        """Return incidents by state, letters by subscription and state, and what delivery counted."""
        incidents = GaugeMetricFamily("zhian_incidents", "Incidents kept, by state", labels=["state"])
        for state, count in self._alerting.reader.counts().items():
            incidents.add_metric([str(state)], count)
        yield incidents
        letters = GaugeMetricFamily("zhian_messages", "Messages kept, by state", labels=["subscription", "state"])
        for (subscription, letter_state), count in self._alerting.outbox.counts().items():
            letters.add_metric([subscription, letter_state], count)
        yield letters
        failed = CounterMetricFamily("zhian_delivery_failures", "Attempts that failed", labels=["subscription"])
        for subscription, counted in self._alerting.delivery.counters().items():
            failed.add_metric([subscription], counted.failed)
        yield failed
        for name, help_text, value in (
            ("zhian_messages_muted", "Messages not sent because of a mute or the hours", self._alerting.outbox.muted),
            (
                "zhian_messages_overflowed",
                "Messages given up because too many waited",
                self._alerting.upkeep.overflowed,
            ),
            ("zhian_escalations", "Incidents told on because nobody acknowledged", self._alerting.upkeep.escalated),
        ):
            counter = CounterMetricFamily(name, help_text)
            counter.add_metric([], value)
            yield counter
        streams = GaugeMetricFamily("zhian_event_streams", "Event streams that are open")
        streams.add_metric([], self._alerting.hub.readers)
        yield streams
