"""An alert's identity."""

from pipeline.alerting.alert import Severity, Source, alert_id


def test_the_same_event_gets_the_same_id_and_another_gets_another() -> None:
    one = alert_id(Source.RULE, "gate", "east/1/7", 120)
    assert one == alert_id(Source.RULE, "gate", "east/1/7", 120)
    assert len(one) == 20
    others = {
        alert_id(Source.WATCH, "gate", "east/1/7", 120),
        alert_id(Source.RULE, "door", "east/1/7", 120),
        alert_id(Source.RULE, "gate", "east/1/7", 121),
        alert_id(Source.RULE, "gate", "east/1/71", 20),  # the parts are kept apart
    }
    assert len(others) == 4
    assert one not in others


def test_severities_have_an_order() -> None:
    assert Severity.LOW < Severity.MEDIUM < Severity.HIGH < Severity.CRITICAL
