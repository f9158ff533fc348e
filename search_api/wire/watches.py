"""Watches as HTTP and `zhian watch --json` show them."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from models.kinds import Kind
from pipeline.alerting.budget import Calibration
from pipeline.alerting.budget.calibration import ENOUGH
from pipeline.alerting.watches import Watch
from pipeline.alerting.watches.book import WatchHit
from search_api.inputs import iso
from search_api.watch_service import WatchCost
from search_api.wire.base import Wire
from search_api.wire.sightings import picture_address

EXAMPLE_WATCH: JsonDict = {
    "id": "9f2c41d07a6b83e5",
    "name": "missing person 2026-114",
    "state": "active",
    "reason": "missing person 2026-114",
    "requester": "operator",
    "created": "2026-05-01T04:00:00.000Z",
    "expires": "2026-05-08T04:00:00.000Z",
    "photos": 1,
    "words": "",
    "plate": "",
    "kind": "person",
    "cameras": [],
    "communities": ["willow-garden"],
    "watched_from": None,
    "watched_to": None,
    "false_alerts_per_day": 1.0,
    "again_after_s": 600.0,
    "severity": "high",
    "alerts": 2,
    "withdrawn": None,
}


class WithdrawnOut(Wire):
    """Who ended a watch, when and why."""

    at: str
    who: str
    reason: str


class WatchOut(Wire):
    """A watch. `state` is active, expired or withdrawn; `alerts` is how many it has raised."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_WATCH]})

    id: str
    name: str
    state: str
    reason: str
    requester: str
    created: str
    expires: str
    photos: int = Field(description="how many photos of the one looked for are held; they are erased with its end")
    words: str
    plate: str
    kind: Kind | None
    cameras: list[str]
    communities: list[str]
    watched_from: str | None
    watched_to: str | None
    false_alerts_per_day: float
    again_after_s: float
    severity: str
    alerts: int
    withdrawn: WithdrawnOut | None


class PointOut(Wire):
    """One place of the curve; `hit_rate` is the expected share of true sightings above the threshold, null: unknown."""

    threshold: float
    false_alerts_per_day: float
    hit_rate: float | None


class CurveOut(Wire):
    """What the budget of a watch means. The curve is empty for a watch without photos."""

    watch: str
    false_alerts_per_day: float = Field(description="the budget")
    threshold: float | None = Field(description="at cameras that have none of their own below")
    cameras: dict[str, float] = Field(description="thresholds read off a camera's own scores")
    expected_hit_rate: float | None = Field(description="at `threshold`")
    measured: bool = Field(description=f"whether {ENOUGH} scores or more lie behind it")
    recorded: int = Field(description="scores recorded since the watch stands")
    archive: int = Field(description="scores of the photos against earlier sightings")
    basis: dict[str, str] = Field(description="what it rests on, `zh` and `en`")
    agreeing_per_day: float | None = Field(description="with words: sightings that agreed in the last day")
    curve: list[PointOut]


class WatchHitOut(Wire):
    """A sighting that a watch took for the one it looks for; those with one `alert` are one visit."""

    sighting: str
    picture: str
    camera: str
    first_seen: str
    last_seen: str
    score: float
    threshold: float
    alert: str


def watch_out(watch: Watch, now_ms: int, alerts: int) -> WatchOut:
    """Return the wire form of a watch."""
    where = watch.target.where
    withdrawn = None
    if watch.withdrawn_ms is not None:
        withdrawn = WithdrawnOut(at=iso(watch.withdrawn_ms), who=watch.withdrawn_by, reason=watch.withdrawn_why)
    return WatchOut(
        id=watch.id,
        name=watch.name,
        state=str(watch.state(now_ms)),
        reason=watch.reason,
        requester=watch.requester,
        created=iso(watch.created_ms),
        expires=iso(watch.expires_ms),
        photos=0 if watch.target.vectors is None else len(watch.target.vectors),
        words=watch.words,
        plate=watch.target.plate,
        kind=where.kind,
        cameras=list(where.cameras),
        communities=list(where.communities),
        watched_from=None if where.from_ms is None else iso(where.from_ms),
        watched_to=None if where.to_ms is None else iso(where.to_ms),
        false_alerts_per_day=watch.budget_per_day,
        again_after_s=watch.again_after_s,
        severity=watch.severity.name.lower(),
        alerts=alerts,
        withdrawn=withdrawn,
    )


def curve_out(watch: Watch, cost: WatchCost) -> CurveOut:
    """Return the wire form of what a budget means."""
    found = cost.calibration
    curve = () if found is None else found.curve
    points = [PointOut(threshold=p.threshold, false_alerts_per_day=p.false_alerts_per_day, hit_rate=p.hit_rate)
              for p in curve]  # fmt: skip
    return CurveOut(
        watch=watch.id,
        false_alerts_per_day=watch.budget_per_day,
        threshold=None if found is None else found.everywhere,
        cameras={} if found is None else dict(found.cameras),
        expected_hit_rate=None if found is None else hit_rate_at(found),
        measured=found is not None and found.measured,
        recorded=0 if found is None else found.recorded,
        archive=0 if found is None else found.archive,
        basis=basis_of(found),
        agreeing_per_day=cost.agreeing_per_day,
        curve=points,
    )


def hit_rate_at(found: Calibration) -> float | None:
    """Return the expected share of true sightings above the threshold that holds everywhere."""
    near = min(found.curve, key=lambda point: abs(point.threshold - found.everywhere), default=None)
    return None if near is None else near.hit_rate


def basis_of(found: Calibration | None) -> dict[str, str]:
    """Return in words what thresholds rest on."""
    if found is None:
        return {
            "zh": "没有照片：外观或车牌每次相符都会告警，不设阈值",
            "en": "no photo: every sighting that agrees raises an alert, there is no threshold",
        }
    counted = (found.recorded, found.archive)
    if found.measured:
        return {
            "zh": f"依据布控以来记录的 {counted[0]} 个分数和档案中 {counted[1]} 条以往记录",
            "en": f"from {counted[0]} scores recorded since the watch stands and {counted[1]} earlier sightings",
        }
    return {
        "zh": f"记录还不够（{counted[0]} + {counted[1]}，需要 {ENOUGH}）：暂用该模型的谨慎估计，之后自动校准",
        "en": f"not enough recorded yet ({counted[0]} + {counted[1]} of {ENOUGH}): a careful estimate for this model "
        "is used as well, and corrected as scores come in",
    }


def watch_hit_out(hit: WatchHit) -> WatchHitOut:
    """Return the wire form of a hit."""
    return WatchHitOut(
        sighting=hit.sighting_id,
        picture=picture_address(hit.sighting_id),
        camera=hit.camera_id,
        first_seen=iso(hit.first_ms),
        last_seen=iso(hit.last_ms),
        score=hit.score,
        threshold=hit.threshold,
        alert=hit.alert_id,
    )
