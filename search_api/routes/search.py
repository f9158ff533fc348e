"""POST /v1/search: by uploaded photos, by words, by both, or by sightings that are already stored."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile

from models.kinds import Kind
from pipeline.archive.contract import SightingFilter
from pipeline.errors import SeveralFound
from pipeline.search import Question, Reranking
from search_api.door import UPLOAD_LIMIT
from search_api.errors import BadInput, TooLarge
from search_api.inputs import parse_box, parse_time, parse_zone
from search_api.routes.dependencies import Purposed, Service, problems
from search_api.service import Upload
from search_api.wire.coverage import brief_coverage_out
from search_api.wire.search import SearchReply, search_reply, several_reply
from search_api.wire.sightings import picture_address

router = APIRouter(tags=["search"])
FILTER_FIELDS = {"from", "to", "camera", "community", "kind", "top", "reason"}
FIELDS = FILTER_FIELDS | {
    "photo",
    "box",
    "words",
    "sighting_id",
    "confirmed",
    "rejected",
    "coat_may_have_changed",
    "rerank",
    "grouped",
    "zone",
}
MOST_PHOTOS = 10
MOST_TOLD = 200


async def _only_known_fields(request: Request) -> None:
    unknown = sorted(set(await request.form()) - FIELDS)
    if unknown:
        # A misspelt filter that is passed over would widen a search without a word.
        raise BadInput(f"unknown field {', '.join(unknown)}: known are {', '.join(sorted(FIELDS))}")


def _filter(
    from_: Annotated[
        str | None, Form(alias="from", description="ISO 8601", examples=["2026-05-01T12:00+08:00"])
    ] = None,
    to: Annotated[str | None, Form(description="ISO 8601", examples=["2026-05-01T18:00+08:00"])] = None,
    camera: Annotated[list[str] | None, Form(description="only these cameras", examples=[["north-gate"]])] = None,
    community: Annotated[list[str] | None, Form(description="only these communities")] = None,
    kind: Annotated[Kind | None, Form(description="person unless a sighting says otherwise")] = None,
) -> SightingFilter:
    return SightingFilter(
        kind=kind,
        from_ms=parse_time(from_) if from_ else None,
        to_ms=parse_time(to) if to else None,
        cameras=tuple(c for c in camera or () if c),
        communities=tuple(c for c in community or () if c),
    )


def _question(
    where: Annotated[SightingFilter, Depends(_filter)],
    sighting_id: Annotated[
        str | None, Form(max_length=64, description="more like this one, instead of a photo")
    ] = None,
    confirmed: Annotated[
        list[str] | None, Form(max_length=MOST_TOLD, description="sightings that show the one meant")
    ] = None,
    rejected: Annotated[
        list[str] | None, Form(max_length=MOST_TOLD, description="sightings that do not: left out, and who looks so")
    ] = None,
    coat_may_have_changed: Annotated[
        bool, Form(description="look past what is worn above the waist; no hit is then said to be sure")
    ] = False,
    rerank: Annotated[
        Reranking, Form(description="how the best hits are put in order; `none`: by cosine alone")
    ] = Reranking.EXPANSION,
    grouped: Annotated[bool, Form(description="one hit for a visit, its other sightings in `shots`")] = True,
    top: Annotated[int, Form(ge=1, le=1000, description="how many hits at most")] = 20,
    zone: Annotated[
        str | None,
        Form(
            max_length=2000,
            description="only those whose best picture shows their feet in this part of the one camera's picture: "
            "left,top,right,bottom or corners `x,y x,y x,y`, as shares 0 to 1 of its width and height",
            examples=["0,0.5,1,1"],
        ),
    ] = None,
) -> Question:
    return Question(
        where=where,
        top=top,
        sighting_id=sighting_id,
        confirmed=tuple(filter(None, confirmed or ())),
        rejected=tuple(filter(None, rejected or ())),
        coat_may_have_changed=coat_may_have_changed,
        rerank=rerank,
        grouped=grouped,
        zone=parse_zone(zone) if zone else None,
    )


def _uploads(
    photo: Annotated[
        list[UploadFile] | None,
        File(description="JPEG, PNG, BMP or WebP; several show the same one; together at most 20 MB"),
    ] = None,
    box: Annotated[
        list[str] | None,
        Form(
            description="left,top,right,bottom in the photo; the n-th for the n-th photo", examples=[["10,20,110,320"]]
        ),
    ] = None,
) -> list[Upload]:
    photos, boxes = photo or [], box or []
    if boxes and not photos:
        raise BadInput("`box` belongs to a photo: leave it out without one")
    if len(boxes) > max(len(photos), 1):
        raise BadInput(f"{len(boxes)} boxes for {len(photos)} photos: send one for each photo, in their order")
    if len(photos) > MOST_PHOTOS:
        raise BadInput(f"{len(photos)} photos: send the {MOST_PHOTOS} best at most")
    contents = [each.file.read(UPLOAD_LIMIT + 1) for each in photos]
    if sum(map(len, contents)) > UPLOAD_LIMIT:
        raise TooLarge(UPLOAD_LIMIT)
    boxes = boxes + [""] * (len(contents) - len(boxes))
    return [Upload(content, parse_box(b) if b else None) for content, b in zip(contents, boxes, strict=True)]


@router.post(
    "/v1/search",
    dependencies=[Depends(_only_known_fields)],
    responses=problems(401, 404, 409, 413, 422, 503),
    summary="Find a person or a vehicle again",
)
def search(
    service: Service,
    question: Annotated[Question, Depends(_question)],
    purpose: Purposed,
    uploads: Annotated[list[Upload], Depends(_uploads)],
    words: Annotated[
        str | None,
        Form(max_length=500, description="how they look, when and where", examples=["红色上衣 黑裤子 昨天下午"]),
    ] = None,
) -> SearchReply:
    """Send photos, words, both, or ids of sightings.

    Words are Chinese or English; `understood` tells what they were taken for, and what was not understood. With a
    photo they narrow time and place and put those who look as described first.

    Tell which hits are right and which are wrong (`confirmed`, `rejected`) and ask again: what is confirmed counts as
    another photo, what is rejected is left out and those who look like it fall behind.

    When a photo shows several of the kind, the reply lists them in `people` and `photos` and has no hits: ask again
    with the `box` of one of them. Every search is kept in the log with the caller's name and the reason.

    `coverage` tells what was watched in the cameras and the time that were searched: somebody who is not found there
    was not seen, or passed where and when nobody watched.
    """
    words = words.strip() if words else None
    if bool(uploads) and question.sighting_id is not None:
        raise BadInput("send either photos or the field `sighting_id`, not both")
    if not (uploads or words or question.sighting_id or question.confirmed):
        raise BadInput("send either the file `photo`, the field `words` or both, or the field `sighting_id`")
    parsed = service.understood(words) if words else None
    try:
        answer = service.search(replace(question, words=parsed), purpose, uploads)
    except SeveralFound as several:
        return several_reply(several.detections, several.photo, len(uploads))
    covered = service.coverage_of(replace(question, words=parsed))
    coverage = brief_coverage_out(covered, service.camera_names())
    return search_reply(answer, parsed, picture_address, service.place_names()).model_copy(
        update={"coverage": coverage}
    )
