"""One line for people about an alert or a step, in Chinese and in English."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from pipeline.alerting.alert import Alert, Fact, Severity
from pipeline.alerting.incidents.incident import Incident, Outcome, State
from pipeline.alerting.places import Places

Text = dict[str, str]

SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    Severity.LOW: ("低", "low"),
    Severity.MEDIUM: ("中", "medium"),
    Severity.HIGH: ("高", "high"),
    Severity.CRITICAL: ("紧急", "critical"),
}
STATES: Mapping[State, tuple[str, str]] = {
    State.OPEN: ("未处理", "open"),
    State.ACKNOWLEDGED: ("已确认", "acknowledged"),
    State.DISPATCHED: ("已派员", "dispatched"),
    State.CLOSED: ("已关闭", "closed"),
}
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    Outcome.TRUE: ("属实", "true"),
    Outcome.FALSE: ("误报", "false"),
    Outcome.TEST: ("测试", "test"),
}
# A kind that is not listed is called by its own name: new rules need no change here.
KINDS: Mapping[str, tuple[str, str]] = {
    "intrusion": ("区域入侵", "intrusion"),
    "line_crossing": ("越线", "line crossing"),
    "loitering": ("徘徊", "loitering"),
    "crowd": ("人群聚集", "crowd"),
    "crowd_density": ("人群聚集", "crowd"),
    "counting": ("人数统计", "count"),
    "running": ("奔跑", "running"),
    "wrong_way": ("逆行", "wrong way"),
    "abandoned_object": ("遗留物", "object left behind"),
    "removed_object": ("物品被移走", "object removed"),
    "fire_lane_blocked": ("消防通道占用", "fire lane blocked"),
    "e_bike_indoors": ("电动车入楼", "e-bike in the building"),
    "fall": ("跌倒", "fall"),
    "watch": ("布控命中", "watched person or vehicle seen"),
    "left_unaccompanied": ("独自离开小区", "left the community alone"),
    "not_home_by": ("未按时回家", "not home in time"),
    "not_seen": ("长时间未见", "not seen for long"),
    "camera_offline": ("摄像机离线", "camera offline"),
    "camera_frozen": ("画面冻结", "picture frozen"),
    "camera_covered": ("镜头被遮挡", "lens covered"),
    "camera_moved": ("摄像机被移动", "camera moved"),
    "camera_defocused": ("画面失焦", "picture out of focus"),
}
_SHOWN_FACTS = 4
_SAID_ALREADY = frozenset({"zone", "resident"})


def text_of_alert(alert: Alert, places: Places, zone: tzinfo | None = None) -> Text:
    """Return `zh` and `en`: how urgent, what, which rule or watch, where, when, and the first few facts."""
    zh_kind, en_kind = KINDS.get(alert.kind, (alert.kind, alert.kind.replace("_", " ")))
    zh_severity, en_severity = SEVERITIES[alert.severity]
    camera, community = places.camera(alert.camera_id), places.community(alert.community)
    at = datetime.fromtimestamp(alert.at_ms / 1000, zone)
    clock, facts = f"{at:%Y-%m-%d %H:%M:%S}", _facts(alert.facts)
    zh = f"【{zh_severity}】{zh_kind}「{alert.name}」：{' '.join(filter(None, (community, camera)))}，{clock}"
    en = f"[{en_severity}] {en_kind} ({alert.name}): {', '.join(filter(None, (camera, community)))}, {clock}"
    return {"zh": zh + (f"，{facts}" if facts else ""), "en": en + (f", {facts}" if facts else "")}


def text_of_step(kind: str, state: State, who: str, note: str, outcome: Outcome | None) -> Text:
    """Return `zh` and `en` of a step of an incident."""
    zh_kind, en_kind = KINDS.get(kind, (kind, kind.replace("_", " ")))
    zh_state, en_state = STATES[state]
    zh_outcome, en_outcome = ("", "") if outcome is None else OUTCOMES[outcome]
    zh = f"{zh_kind}：{who}{zh_state}" + (f"（{zh_outcome}）" if zh_outcome else "")
    en = f"{en_kind}: {en_state} by {who}" + (f" ({en_outcome})" if en_outcome else "")
    return {"zh": zh + (f"，{note}" if note else ""), "en": en + (f", {note}" if note else "")}


def text_of_escalation(incident: Incident, places: Places) -> Text:
    """Return `zh` and `en` of an incident that nobody has acknowledged."""
    zh_kind, en_kind = KINDS.get(incident.kind, (incident.kind, incident.kind.replace("_", " ")))
    camera, community = places.camera(incident.camera_id), places.community(incident.community)
    zh = f"【无人确认】{zh_kind}「{incident.name}」：{' '.join(filter(None, (community, camera)))}"
    en = f"[nobody acknowledged] {en_kind} ({incident.name}): {', '.join(filter(None, (camera, community)))}"
    return {"zh": zh, "en": en}


def text_of_digest(counts: Mapping[str, int]) -> Text:
    """Return `zh` and `en` of many messages told in one; `counts` has how many of each kind."""
    listed = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    zh = "，".join(f"{KINDS.get(kind, (kind, ''))[0]} {count}" for kind, count in listed)
    en = ", ".join(f"{KINDS.get(kind, ('', kind.replace('_', ' ')))[1]} {count}" for kind, count in listed)
    total = sum(counts.values())
    return {"zh": f"未送达消息汇总，共 {total} 条：{zh}", "en": f"{total} messages that could not be sent before: {en}"}


def _facts(facts: Mapping[str, Fact]) -> str:
    told = [(name, value) for name, value in facts.items() if name not in _SAID_ALREADY and len(str(value)) <= 60]
    return ", ".join(f"{name} {_value(value)}" for name, value in told[:_SHOWN_FACTS])


def _value(value: Fact) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
