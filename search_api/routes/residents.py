"""/v1/residents: residents in care (走失风险老人), enrolled by a guardian with consent on record."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile, status
from pydantic import ConfigDict, Field

from pipeline.alerting.care import Consent, Resident
from pipeline.alerting.care.register import Recognised
from search_api.care_service import CareService, Enrolment
from search_api.errors import BadInput
from search_api.inputs import iso, parse_time
from search_api.routes.dependencies import Caller, problems
from search_api.routes.watches import Reason, content_of
from search_api.service import Purpose
from search_api.wire.base import Wire
from search_api.wire.sightings import picture_address

router = APIRouter(prefix="/v1/residents", tags=["residents"])
ResidentId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["51d0c3aa97e84b26"])]
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class SeenOut(Wire):
    """Where a resident was seen; `exit`: by a camera that sees people leave."""

    sighting: str
    picture: str
    camera: str
    at: str
    score: float
    exit: bool


class ResidentOut(Wire):
    """A resident in care. `away`: the last that was seen of her is that she left."""

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
                    "alone": True,
                    "home_by": "18:00",
                    "not_seen_h": 12.0,
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
    state: str = Field(description="active, expired or withdrawn")
    alone: bool = Field(description="tell when she leaves without company")
    home_by: str | None = Field(description="tell when she is not home by this local time")
    not_seen_h: float | None = Field(description="tell when she was not seen for so many hours")
    photos: int
    companions: list[str]
    last_seen: SeenOut | None
    away: bool


def _care(request: Request) -> CareService:
    service: CareService = request.app.state.care
    return service


Care = Annotated[CareService, Depends(_care)]


def _consent(
    consent_by: Annotated[str, Form(max_length=200, description="who gave it: the resident or whoever may decide")],
    consent_record: Annotated[str, Form(max_length=500, examples=["signed form of 1 May 2026"])],
    consent_at: Annotated[str, Form(description="when it was given; ISO 8601")],
) -> Consent:
    return Consent(consent_by.strip(), parse_time(consent_at), consent_record.strip())


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 413, 422, 503),
    summary="Enrol a resident in care",
)
def enrol(
    care: Care,
    caller: Caller,
    consent: Annotated[Consent, Depends(_consent)],
    name: Annotated[str, Form(max_length=80)],
    guardian: Annotated[str, Form(max_length=200, description="who is to be told, and how to reach them")],
    community: Annotated[str, Form(max_length=64)],
    expires: Annotated[str, Form(description="when it ends by itself, and consent is asked for again; ISO 8601")],
    photo: Annotated[list[UploadFile], File(description="of the resident, each showing her alone")],
    exit_camera: Annotated[list[str] | None, Form(description="cameras that see people leave the community")] = None,
    alone: Annotated[bool, Form(description="tell when she leaves without company")] = True,
    home_by: Annotated[str | None, Form(description="HH:MM, local time", examples=["18:00"])] = None,
    not_seen_h: Annotated[float | None, Form(gt=0, le=24 * 30)] = None,
    false_alerts_per_day: Annotated[float | None, Form(gt=0, le=10_000)] = None,
) -> ResidentOut:
    """Only with consent on record. Photos, vectors and where she was seen are erased when the enrolment ends."""
    wish = Enrolment(
        name,
        guardian,
        community,
        tuple(each for each in exit_camera or () if each),
        [content_of(each) for each in photo],
        consent,
        parse_time(expires),
        alone,
        _minutes(home_by) if home_by else None,
        not_seen_h,
        false_alerts_per_day,
    )
    return _resident_out(care, care.enrol(wish, caller))


@router.get("", responses=problems(401), summary="Residents in care, the last enrolled first")
def listed(care: Care) -> list[ResidentOut]:
    """Return residents; of those whose enrolment is over only the record of it is left."""
    return [_resident_out(care, each) for each in care.register.all()]


@router.get("/{resident_id}", responses=problems(401, 404, 422), summary="One resident in care")
def one(resident_id: ResidentId, care: Care) -> ResidentOut:
    """Return a resident."""
    return _resident_out(care, care.register.get(resident_id))


@router.post("/{resident_id}/companions", responses=problems(401, 404, 413, 422, 503), summary="Add a companion")
def add_companion(
    resident_id: ResidentId,
    care: Care,
    caller: Caller,
    name: Annotated[str, Form(max_length=80)],
    photo: Annotated[list[UploadFile], File(description="of the companion, who has to agree as well")],
) -> ResidentOut:
    """With an enrolled companion near, leaving is not told."""
    contents = [content_of(each) for each in photo]
    return _resident_out(care, care.add_companion(resident_id, name, contents, caller))


@router.get("/{resident_id}/sightings", responses=problems(401, 404, 422), summary="Where a resident was seen")
def sightings(
    resident_id: ResidentId, care: Care, caller: Caller, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[SeenOut]:
    """Return sightings taken for her, newest first. Who asks is kept in the search log."""
    exits = care.register.get(resident_id).exit_cameras
    return [_seen_out(each, exits) for each in care.sightings(resident_id, caller, limit=limit)]


@router.post("/{resident_id}/withdraw", responses=problems(401, 404, 422), summary="End an enrolment")
def withdraw(resident_id: ResidentId, care: Care, caller: Caller, reason: Reason) -> ResidentOut:
    """Erase photos, vectors and where she was seen, of her and of her companions."""
    return _resident_out(care, care.withdraw(resident_id, Purpose(caller, reason.strip())))


def _minutes(text: str) -> int:
    found = _HOUR.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text!r} is no time of day: write it like 18:00")
    return 60 * int(found[1]) + int(found[2])


def _resident_out(care: CareService, resident: Resident) -> ResidentOut:
    last = care.last_seen(resident.id)
    over = resident.expires_ms <= care.search.now_ms()
    state = "withdrawn" if resident.withdrawn_ms is not None else "expired" if over else "active"
    home_by = resident.home_by_min
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
        state=state,
        alone=resident.alone,
        home_by=None if home_by is None else f"{home_by // 60:02d}:{home_by % 60:02d}",
        not_seen_h=resident.not_seen_h,
        photos=0 if resident.vectors is None else len(resident.vectors),
        companions=[each.name for each in resident.companions],
        last_seen=None if last is None else _seen_out(last, resident.exit_cameras),
        away=last is not None and last.camera_id in resident.exit_cameras,
    )


def _seen_out(one: Recognised, exits: tuple[str, ...]) -> SeenOut:
    return SeenOut(
        sighting=one.sighting_id,
        picture=picture_address(one.sighting_id),
        camera=one.camera_id,
        at=iso(one.last_ms),
        score=round(one.score, 4),
        exit=one.camera_id in exits,
    )
