"""/v1/residents: residents in care (走失风险老人), enrolled by a guardian with consent on record."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, Response, UploadFile, status

from pipeline.alerting.care import Consent, Resident
from search_api.care_service import CareService, Enrolment, Wishes
from search_api.errors import BadInput
from search_api.inputs import parse_time
from search_api.routes.dependencies import JPEG_REPLY, Caller, Purposed, content_of, problems
from search_api.service import Purpose
from search_api.wire.residents import ResidentOut, SeenOut, resident_out, seen_out

router = APIRouter(prefix="/v1/residents", tags=["residents"])
ResidentId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["51d0c3aa97e84b26"])]
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


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


def _wishes(
    guardian: Annotated[str, Form(max_length=200, description="who is to be told, and how to reach them")],
    expires: Annotated[str, Form(description="when it ends by itself, and consent is asked for again; ISO 8601")],
    exit_camera: Annotated[list[str] | None, Form(description="cameras that see people leave the community")] = None,
    alone: Annotated[bool, Form(description="tell when she leaves without company")] = True,
    home_by: Annotated[str | None, Form(description="HH:MM, local time", examples=["18:00"])] = None,
    not_seen_h: Annotated[float | None, Form(gt=0, le=24 * 30)] = None,
    quiet_from: Annotated[str | None, Form(description="she sleeps from then; HH:MM", examples=["21:00"])] = None,
    quiet_to: Annotated[str | None, Form(description="until then; HH:MM", examples=["06:30"])] = None,
    false_alerts_per_day: Annotated[float | None, Form(gt=0, le=10_000)] = None,
) -> Wishes:
    if bool(quiet_from) != bool(quiet_to):
        raise BadInput("quiet hours need both: `quiet_from` and `quiet_to`")
    return Wishes(
        guardian,
        tuple(each for each in exit_camera or () if each),
        parse_time(expires),
        alone,
        _minutes(home_by) if home_by else None,
        not_seen_h,
        (_minutes(quiet_from), _minutes(quiet_to)) if quiet_from and quiet_to else None,
        false_alerts_per_day,
    )


Wanted = Annotated[Wishes, Depends(_wishes)]


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
    wishes: Wanted,
    name: Annotated[str, Form(max_length=80)],
    community: Annotated[str, Form(max_length=64)],
    photo: Annotated[list[UploadFile], File(description="of the resident, each showing her alone")],
) -> ResidentOut:
    """Only with consent on record. Photos, vectors and where she was seen are erased when the enrolment ends."""
    wish = Enrolment(name, community, [content_of(each) for each in photo], consent, wishes)
    return _out(care, care.enrol(wish, caller))


@router.get("", responses=problems(401), summary="Residents in care, the last enrolled first")
def listed(care: Care) -> list[ResidentOut]:
    """Return residents; of those whose enrolment is over only the record of it is left."""
    return [_out(care, each) for each in care.register.all()]


@router.get("/{resident_id}", responses=problems(401, 404, 422), summary="One resident in care")
def one(resident_id: ResidentId, care: Care) -> ResidentOut:
    """Return a resident."""
    return _out(care, care.register.get(resident_id))


@router.put("/{resident_id}", responses=problems(401, 404, 422), summary="Change what is told of a resident")
def change(resident_id: ResidentId, care: Care, wishes: Wanted, purpose: Purposed) -> ResidentOut:
    """Put these wishes in the place of all there were. Name, photos, consent stay; who changed it and why is kept."""
    return _out(care, care.change(resident_id, wishes, purpose))


@router.post("/{resident_id}/photos", responses=problems(401, 404, 413, 422, 503), summary="Add photos of a resident")
def add_photos(
    resident_id: ResidentId,
    care: Care,
    caller: Caller,
    photo: Annotated[list[UploadFile], File(description="of the resident, each showing her alone")],
) -> ResidentOut:
    """She is known by how she looks: a photo in the clothes of today finds her better than one of last winter."""
    return _out(care, care.add_photos(resident_id, [content_of(each) for each in photo], caller))


@router.get(
    "/{resident_id}/photos/{place}",
    response_class=Response,
    responses={**JPEG_REPLY, **problems(401, 404, 422)},
    summary="A photo of a resident, cut to her",
)
def photo_of(resident_id: ResidentId, place: Annotated[int, Path(ge=0, le=99)], care: Care) -> Response:
    """Return a JPEG; there is none after the end of the enrolment."""
    return Response(care.register.crop((resident_id, "", place)), media_type="image/jpeg")


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
    return _out(care, care.add_companion(resident_id, name, contents, caller))


@router.delete("/{resident_id}/companions/{name:path}", responses=problems(401, 404, 422), summary="Remove a companion")
def remove_companion(
    resident_id: ResidentId,
    name: Annotated[str, Path(max_length=80)],
    care: Care,
    caller: Caller,
    reason: Annotated[str, Query(max_length=500, pattern=r"\S", description="why; kept in the log")],
) -> ResidentOut:
    """Erase a companion's photos and their description: leaving with them counts as leaving with a stranger."""
    return _out(care, care.remove_companion(resident_id, name, Purpose(caller, reason.strip())))


@router.get("/{resident_id}/sightings", responses=problems(401, 404, 422), summary="Where a resident was seen")
def sightings(
    resident_id: ResidentId, care: Care, caller: Caller, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[SeenOut]:
    """Return sightings taken for her, newest first. Who asks is kept in the search log."""
    exits = care.register.get(resident_id).exit_cameras
    return [seen_out(each, exits) for each in care.sightings(resident_id, caller, limit=limit)]


@router.post("/{resident_id}/withdraw", responses=problems(401, 404, 422), summary="End an enrolment")
def withdraw(resident_id: ResidentId, care: Care, purpose: Purposed) -> ResidentOut:
    """Erase photos, vectors and where she was seen, of her and of her companions."""
    return _out(care, care.withdraw(resident_id, purpose))


def _minutes(text: str) -> int:
    found = _HOUR.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text!r} is no time of day: write it like 18:00")
    return 60 * int(found[1]) + int(found[2])


def _out(care: CareService, resident: Resident) -> ResidentOut:
    last = care.last_seen(resident.id)
    return resident_out(resident, last, away=care.away(resident, last), now_ms=care.search.now_ms())
