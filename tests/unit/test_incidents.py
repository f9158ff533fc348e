"""Alerts become incidents: what belongs together, what is known already, who may do what next."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from camera_adapters.site import Camera
from pipeline.alerting.alert import Alert, Severity, Source, alert_id
from pipeline.alerting.database import open_database, read
from pipeline.alerting.incidents.desk import IncidentDesk
from pipeline.alerting.incidents.events import events, events_after
from pipeline.alerting.incidents.grouping import ties_of
from pipeline.alerting.incidents.incident import Outcome, Outcomes, State
from pipeline.alerting.incidents.reading import IncidentReader, Wanted
from pipeline.alerting.rules.alerts import alert_of
from pipeline.alerting.rules.scene import Event
from pipeline.alerting.rules.settings import IntrusionSettings, LineCrossingSettings
from pipeline.alerting.settings import AlertingSettings
from pipeline.errors import AlertingError, StepRefused, UnknownIncident
from pipeline.sighting import TrackletKey

NOON_MS = 1_777_608_000_000


def alert(event: int = 1, at_s: float = 0, subject: str = "east/s1/7", **more: Any) -> Alert:
    values: dict[str, Any] = {
        "source": Source.RULE,
        "name": "yard",
        "kind": "intrusion",
        "severity": Severity.MEDIUM,
        "camera_id": "east",
        "community": "willow",
    } | more
    at_ms = NOON_MS + round(at_s * 1000)
    return Alert(id=alert_id(values["source"], values["name"], event), at_ms=at_ms, subject=subject, **values)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(tmp_path / "alerting.sqlite")
    yield made
    made.dispose()


@pytest.fixture
def desk(engine: Engine) -> IncidentDesk:
    return IncidentDesk(engine, AlertingSettings(window_s=60, longest_s=200), wall_ms=lambda: NOON_MS + 500)


@pytest.fixture
def reader(engine: Engine, desk: IncidentDesk) -> IncidentReader:
    return IncidentReader(engine)


def everything(reader: IncidentReader) -> list[Any]:
    return reader.incidents(Wanted(), limit=100)


def test_alerts_on_one_track_within_the_window_are_one_incident(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(1, 0), alert(2, 60), alert(3, 10, severity=Severity.HIGH)])
    (incident,) = everything(reader)
    assert (incident.alerts, incident.first_ms, incident.last_ms) == (3, NOON_MS, NOON_MS + 60_000)
    assert (incident.severity, incident.state, incident.opened_ms) == (Severity.HIGH, State.OPEN, NOON_MS + 500)
    story = reader.story(incident.id)
    assert [a.at_ms - NOON_MS for a in story.alerts] == [0, 10_000, 60_000]
    assert story.alerts[0] == alert(1, 0)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({}, {"at_s": 60}, True),
        ({}, {"at_s": 60.001}, False),
        ({"at_s": 60}, {"at_s": 0}, True),  # told late
        ({}, {"subject": "east/s1/8"}, False),
        ({"subject": ""}, {"subject": ""}, False),  # nothing ties them
        ({"facts": {"zone": "yard"}}, {"subject": "east/s1/8", "facts": {"zone": "yard"}}, True),
        ({"facts": {"zone": "yard"}}, {"subject": "e", "facts": {"zone": "yard"}, "camera_id": "west"}, False),
        ({"sighting_id": "ab"}, {"subject": "person 4", "sighting_id": "ab", "source": Source.WATCH}, True),
        ({}, {"subject": "x", "sighting_id": TrackletKey("east", "s1", 7).sighting_id()}, True),
        ({"subject": "person 4"}, {"subject": "person 4", "camera_id": "west", "source": Source.CARE}, True),
    ],
)
def test_what_belongs_together(
    desk: IncidentDesk, reader: IncidentReader, one: dict[str, Any], other: dict[str, Any], together: bool
) -> None:
    desk.take([alert(1, **one)])
    desk.take([alert(2, **other)])
    assert [i.alerts for i in everything(reader)] == ([2] if together else [1, 1])


def test_an_incident_does_not_grow_for_ever(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(n, n * 50) for n in range(8)])
    assert [i.alerts for i in everything(reader)] == [3, 5]  # 0 to 200 s, then anew


def test_telling_an_alert_again_changes_nothing(desk: IncidentDesk, reader: IncidentReader, engine: Engine) -> None:
    desk.take([alert(1), alert(1)])
    before = everything(reader)
    desk.take([alert(1), alert(1, 500, subject="elsewhere")])
    assert everything(reader) == before
    with read(engine) as connection:
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() == 1


def test_steps_in_order_and_the_timeline(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(1)])
    (incident,) = everything(reader)
    desk.step(incident.id, State.ACKNOWLEDGED, "wang", "looking")
    desk.step(incident.id, State.DISPATCHED, "li")
    closed = desk.step(incident.id, State.CLOSED, "li", "a cat", Outcome.FALSE)
    assert (closed.state, closed.outcome, closed.revision) == (State.CLOSED, Outcome.FALSE, 4)
    story = reader.story(incident.id)
    assert story.incident == closed
    assert [(s.who, s.state, s.note, s.outcome) for s in story.steps] == [
        ("wang", State.ACKNOWLEDGED, "looking", None),
        ("li", State.DISPATCHED, "", None),
        ("li", State.CLOSED, "a cat", Outcome.FALSE),
    ]


@pytest.mark.parametrize(
    ("done", "wanted"),
    [
        ([State.ACKNOWLEDGED], State.ACKNOWLEDGED),
        ([State.DISPATCHED], State.ACKNOWLEDGED),
        ([State.CLOSED], State.ACKNOWLEDGED),
        ([State.CLOSED], State.CLOSED),
        ([], State.OPEN),
    ],
)
def test_steps_that_make_no_sense_are_refused(
    desk: IncidentDesk, reader: IncidentReader, done: list[State], wanted: State
) -> None:
    desk.take([alert(1)])
    name = everything(reader)[0].id
    for state in done:
        desk.step(name, state, "wang", outcome=Outcome.TRUE if state is State.CLOSED else None)
    before = reader.story(name)
    with pytest.raises(StepRefused, match="what may follow"):
        desk.step(name, wanted, "wang", outcome=Outcome.TRUE if wanted is State.CLOSED else None)
    assert reader.story(name) == before


def test_closing_needs_an_outcome_and_other_steps_have_none(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(1)])
    name = everything(reader)[0].id
    with pytest.raises(StepRefused, match="outcome"):
        desk.step(name, State.CLOSED, "wang")
    with pytest.raises(StepRefused, match="outcome"):
        desk.step(name, State.ACKNOWLEDGED, "wang", outcome=Outcome.TRUE)
    with pytest.raises(UnknownIncident):
        desk.step("nothing", State.ACKNOWLEDGED, "wang")
    with pytest.raises(StepRefused, match="changed meanwhile"):
        desk.step(name, State.ACKNOWLEDGED, "wang", revision=9)


def test_after_closing_the_next_alert_opens_another(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(1)])
    desk.step(everything(reader)[0].id, State.CLOSED, "wang", outcome=Outcome.TRUE)
    desk.take([alert(2, 1)])
    assert sorted(i.state for i in everything(reader)) == [State.CLOSED, State.OPEN]


def test_outcomes_count_incidents_of_a_rule(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(n, subject=str(n)) for n in range(5)] + [alert(9, subject="0")])
    desk.take([alert(20, subject="x", name="door")])
    for n, outcome in ((0, Outcome.TRUE), (1, Outcome.FALSE), (2, Outcome.FALSE), (3, Outcome.TEST)):
        desk.step(f"i-{alert(n).id}", State.CLOSED, "wang", outcome=outcome)
    assert reader.outcomes(Source.RULE, "yard") == Outcomes(true=1, false=2, test=1, pending=1)
    assert reader.outcomes(Source.RULE, "yard", since_ms=NOON_MS + 1) == Outcomes()
    assert reader.outcomes(Source.RULE, "door") == Outcomes(pending=1)
    assert reader.outcomes(Source.WATCH, "yard") == Outcomes()


def test_lists_are_filtered_and_paged(desk: IncidentDesk, reader: IncidentReader) -> None:
    desk.take([alert(n, n, subject=str(n), community="willow" if n % 2 else "maple") for n in range(6)])
    desk.take([alert(7, 3, subject="w", kind="watch", source=Source.WATCH, severity=Severity.CRITICAL)])
    pages, after = [], None
    while page := reader.incidents(Wanted(), limit=3, after=after):
        pages.append([(i.last_ms - NOON_MS) // 1000 for i in page])
        after = (page[-1].last_ms, page[-1].id)
    assert pages == [[5, 4, 3], [3, 2, 1], [0]]
    for wanted, count in (
        (Wanted(communities=["maple"]), 3),
        (Wanted(kinds=["watch"]), 1),
        (Wanted(severity=Severity.HIGH), 1),
        (Wanted(sources=[Source.RULE]), 6),
        (Wanted(from_ms=NOON_MS + 2000, to_ms=NOON_MS + 4000), 3),
        (Wanted(cameras=["west"]), 0),
        (Wanted(states=[State.CLOSED]), 0),
    ):
        assert len(reader.incidents(wanted, limit=100)) == count
        assert len(reader.alerts(wanted, limit=100)) == count


def test_the_log_tells_alerts_and_steps_in_order(desk: IncidentDesk, engine: Engine) -> None:
    desk.take([alert(1), alert(2, 1), alert(3, 2, severity=Severity.CRITICAL)])
    desk.step(f"i-{alert(1).id}", State.ACKNOWLEDGED, "wang", "on my way")
    with read(engine) as connection:
        lines = events_after(connection, 0, 10)
    assert [(line.seq, line.what, line.opening) for line in lines] == [
        (1, "alert", True),
        (2, "alert", False),
        (3, "alert", True),  # graver than before
        (4, "acknowledged", False),
    ]
    body = json.loads(lines[0].body)
    assert (body["id"], body["incident"]) == (alert(1).id, f"i-{alert(1).id}")
    assert "区域入侵" in body["text"]["zh"]
    assert "intrusion" in body["text"]["en"]
    assert json.loads(lines[3].body)["who"] == "wang"


def test_huge_facts_are_cut_and_said_to_be(desk: IncidentDesk, reader: IncidentReader, engine: Engine) -> None:
    desk.take([alert(1, facts={"direction": "+", "dump": "x" * 10_000_000})])
    ((kept, _),) = reader.alerts(Wanted(), limit=1)
    assert kept.facts == {"direction": "+", "facts_left_out": 1}
    with read(engine) as connection:
        assert len(events_after(connection, 0, 1)[0].body) < 2000


def test_a_failing_outbox_takes_the_alert_back(engine: Engine) -> None:
    def full(*_: object) -> None:
        raise AlertingError("no")

    desk = IncidentDesk(engine, enlist=full)
    with pytest.raises(AlertingError):
        desk.take([alert(1)])
    assert everything(IncidentReader(engine)) == []


def test_many_threads_at_once_lose_nothing_and_repeat_nothing(desk: IncidentDesk, reader: IncidentReader) -> None:
    def tell(first: int) -> None:
        for n in range(first, first + 20):
            desk.take([alert(n, subject=str(n % 4))])

    threads = [threading.Thread(target=tell, args=(start,)) for start in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reader.alerts(Wanted(), limit=100)) == 40
    assert sorted(i.alerts for i in everything(reader)) == [10, 10, 10, 10]


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_subject_has_a_tie(subject: str, zone: str) -> None:
    ties = ties_of(alert(1, subject=subject, facts={"zone": zone}))
    assert len(ties) == bool(subject) + bool(zone)


def test_alerts_of_one_zone_of_a_rule_are_one_incident_those_of_a_line_are_not(
    desk: IncidentDesk, reader: IncidentReader
) -> None:
    camera = Camera("east", "x", "willow")
    zone = IntrusionSettings.model_validate({"name": "yard", "kind": "intrusion", "zone": [[0, 0], [9, 0], [9, 9]]})
    line = LineCrossingSettings.model_validate({"name": "gate", "kind": "line_crossing", "line": [[0, 0], [9, 9]]})
    for rule, first in ((zone, 1), (line, 11)):
        seen = [Event(rule.name, rule.kind, track, track, NOON_MS + track) for track in range(first, first + 3)]
        desk.take([alert_of(event, rule, camera, "s1") for event in seen])
    found = sorted((incident.name, incident.alerts) for incident in everything(reader))
    assert found == [("gate", 1), ("gate", 1), ("gate", 1), ("yard", 3)]
