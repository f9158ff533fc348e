"""Residents in care on the wire."""

from typing import Literal

from pydantic import ConfigDict, Field

from pipeline.alerting.care import Resident
from pipeline.alerting.care.register import Recognised
from search_api.inputs import iso
from search_api.wire.base import Wire
from search_api.wire.sightings import picture_address


class SeenOut(Wire):
    """Where a resident was seen; `exit`: by a camera that sees people leave, `company`: with whom she left then."""

    sighting: str
    picture: str
    camera: str
    at: str
    score: float
    exit: bool
    company: Literal["alone", "companion", "co-traveller"] | None = Field(description="null while nobody can say")


class ResidentOut(Wire):
    """A resident in care. `away`: she was last seen leaving, or in another community."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "51d0c3aa97e84b26",
                    "name": "Grandmother Li",
                    "guardian": "Li Na, +86 139 0000 0000",
                    "community": "willow-garden",
                    "exit_cameras": ["east-out"],
                    "consent_by": "herself",
                    "consent_at": "2026-05-01T02:00:00.000Z",
                    "consent_record": "signed form of 1 May 2026",
                    "enrolled_by": "operator",
                    "enrolled": "2026-05-01T04:00:00.000Z",
                    "expires": "2027-05-01T04:00:00.000Z",
                    "state": "active",
                    "ended_by": "",
                    "ended_why": "",
                    "alone": True,
                    "home_by": "18:00",
                    "not_seen_h": 12.0,
                    "quiet_from": "21:00",
                    "quiet_to": "06:30",
                    "false_alerts_per_day": 1.0,
                    "photos": 2,
                    "companions": ["Li Na"],
                    "last_seen": None,
                    "away": False,
                }
            ]
        }
    )

    id: str
    name: str
    guardian: str
    community: str
    exit_cameras: list[str]
    consent_by: str
    consent_at: str
    consent_record: str
    enrolled_by: str
    enrolled: str
    expires: str
    state: Literal["active", "expired", "withdrawn"]
    ended_by: str = Field(description="who withdrew the enrolment")
    ended_why: str
    alone: bool = Field(description="tell when she leaves without company")
    home_by: str | None = Field(description="tell when she is not home by this local time")
    not_seen_h: float | None = Field(description="tell when she was not seen for so many hours")
    quiet_from: str | None = Field(description="from this local time on she sleeps: not being seen is told later")
    quiet_to: str | None
    false_alerts_per_day: float
    photos: int
    companions: list[str]
    last_seen: SeenOut | None
    away: bool


def resident_out(resident: Resident, last: Recognised | None, *, away: bool, now_ms: int) -> ResidentOut:
    """Return the wire form of a resident who was seen last at `last`."""
    quiet = resident.quiet
    return ResidentOut(
        id=resident.id,
        name=resident.name,
        guardian=resident.guardian,
        community=resident.community,
        exit_cameras=list(resident.exit_cameras),
        consent_by=resident.consent.by,
        consent_at=iso(resident.consent.at_ms),
        consent_record=resident.consent.record,
        enrolled_by=resident.enrolled_by,
        enrolled=iso(resident.created_ms),
        expires=iso(resident.expires_ms),
        state=_state(resident, now_ms),
        ended_by=resident.withdrawn_by,
        ended_why=resident.withdrawn_why,
        alone=resident.alone,
        home_by=None if resident.home_by_min is None else _clock(resident.home_by_min),
        not_seen_h=resident.not_seen_h,
        quiet_from=None if quiet is None else _clock(quiet[0]),
        quiet_to=None if quiet is None else _clock(quiet[1]),
        false_alerts_per_day=resident.budget_per_day,
        photos=0 if resident.vectors is None else len(resident.vectors),
        companions=[each.name for each in resident.companions],
        last_seen=None if last is None else seen_out(last, resident.exit_cameras),
        away=away,
    )


def seen_out(one: Recognised, exits: tuple[str, ...]) -> SeenOut:
    """Return the wire form of a sighting taken for a resident."""
    return SeenOut(
        sighting=one.sighting_id,
        picture=picture_address(one.sighting_id),
        camera=one.camera_id,
        at=iso(one.last_ms),
        score=round(one.score, 4),
        exit=one.camera_id in exits,
        company=one.company,
    )


def _state(resident: Resident, now_ms: int) -> Literal["active", "expired", "withdrawn"]:
    if resident.withdrawn_ms is not None:
        return "withdrawn"
    return "expired" if resident.expires_ms <= now_ms else "active"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
