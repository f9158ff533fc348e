"""What HTTP tells of rules."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from pipeline.alerting.rules.page import RuleReport
from pipeline.alerting.rules.table import usual_severity
from search_api.inputs import iso
from search_api.wire.base import Wire


class RuleOut(Wire):
    """A rule as it fares."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "camera": "north-gate",
                    "name": "花坛禁入",
                    "kind": "intrusion",
                    "severity": "high",
                    "state": "watching",
                    "fault": None,
                    "changed": False,
                    "events": 3,
                    "last_event": "2026-05-01T04:00:12.400Z",
                    "count": None,
                    "rule": {"name": "花坛禁入", "kind": "intrusion", "zone": [[0, 0], [100, 0], [100, 100]]},
                }
            ]
        }
    )

    camera: str
    name: str
    kind: str
    severity: str = Field(description="low, medium, high or critical")
    state: Literal["watching", "asleep", "off", "faulty"] = Field(
        description="asleep: outside its hours; off: switched off; faulty: it does not fit the picture"
    )
    fault: str | None = Field(description="what is wrong with a faulty rule")
    changed: bool = Field(description="set over HTTP, in the place of the site file's rules of this camera")
    events: int = Field(description="noticed since the rule was last changed or the server started")
    last_event: str | None = Field(description="ISO 8601, UTC")
    count: int | None = Field(description="how many are inside now, of counting and crowd rules")
    rule: dict[str, Any] = Field(description="the rule as it can be sent back")


def rule_out(report: RuleReport) -> RuleOut:
    """Translate a report."""
    rule = report.settings
    return RuleOut(
        camera=report.camera_id,
        name=rule.name,
        kind=rule.kind,
        severity=rule.severity_or(usual_severity(rule.kind)).name.lower(),
        state=report.state,
        fault=report.fault or None,
        changed=report.changed,
        events=report.events,
        last_event=None if report.last_ms is None else iso(report.last_ms),
        count=report.count,
        rule=rule.model_dump(mode="json", by_alias=True, exclude_unset=True),
    )
