"""POST /v1/search: by an uploaded photo, by words, by both, or by a sighting that is already stored."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile

from models.kinds import Kind
from pipeline.archive.contract import SightingFilter
from pipeline.errors import SeveralFound
from pipeline.sighting import Box
from pipeline.words import Parse
from search_api.door import UPLOAD_LIMIT
from search_api.errors import BadInput, TooLarge
from search_api.inputs import parse_box, parse_time
from search_api.routes.dependencies import Caller, Service, problems
from search_api.schemas import HitOut, SearchReply, hit_out, people_out, picture_address, understood_out
from search_api.service import Purpose, SearchService

router = APIRouter(tags=["search"])
FIELDS = {"photo", "sighting_id", "box", "from", "to", "camera", "community", "kind", "top", "reason", "words"}


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


def _purpose(
    caller: Caller,
    reason: Annotated[
        str,
        Form(
            max_length=500,
            pattern=r"\S",
            description="what for; kept in the log",
            examples=["case 2026-117, lost child"],
        ),
    ],
) -> Purpose:
    return Purpose(caller, reason.strip())


@router.post(
    "/v1/search",
    dependencies=[Depends(_only_known_fields)],
    responses=problems(401, 404, 409, 413, 422, 503),
    summary="Find a person or a vehicle again",
)
def search(
    service: Service,
    where: Annotated[SightingFilter, Depends(_filter)],
    purpose: Annotated[Purpose, Depends(_purpose)],
    photo: Annotated[UploadFile | None, File(description="JPEG, PNG, BMP or WebP, at most 20 MB")] = None,
    sighting_id: Annotated[
        str | None, Form(max_length=64, description="more like this one, instead of a photo")
    ] = None,
    box: Annotated[
        str | None, Form(description="left,top,right,bottom in the photo", examples=["10,20,110,320"])
    ] = None,
    words: Annotated[
        str | None,
        Form(max_length=500, description="how they look, when and where", examples=["红色上衣 黑裤子 昨天下午"]),
    ] = None,
    top: Annotated[int, Form(ge=1, le=1000, description="how many hits at most")] = 20,
) -> SearchReply:
    """Send a photo, words, both, or the id of a sighting.

    Words are Chinese or English; `understood` tells what they were taken for, and what was not understood. With a
    photo they narrow time and place and put those who look as described first.

    When the photo shows several of the kind, the reply lists them in `people` and has no hits: ask again with the
    `box` of one of them. Every search is kept in the log with the caller's name and the reason.
    """
    words = words.strip() if words else None
    if (photo is None and words is None) == (sighting_id is None):
        raise BadInput("send either the file `photo`, the field `words` or both, or the field `sighting_id`")
    if sighting_id is not None:
        if box is not None:
            raise BadInput("`box` belongs to a photo: leave it out with `sighting_id`")
        hits = service.by_sighting(sighting_id, where, top, purpose)
        return _reply([hit_out(h, picture_address(h.sighting.id)) for h in hits])
    parsed = service.understood(words) if words else None
    if photo is not None:
        reply = _by_photo(service, photo, where, top, purpose, parse_box(box) if box else None, parsed)
    else:
        if box is not None:
            raise BadInput("`box` belongs to a photo: leave it out without one")
        assert parsed is not None
        hits = service.by_words(parsed, where, top, purpose)
        reply = _reply([hit_out(h, picture_address(h.sighting.id)) for h in hits])
    return reply if parsed is None else reply.model_copy(update={"understood": understood_out(parsed)})


def _by_photo(
    service: SearchService,
    photo: UploadFile,
    where: SightingFilter,
    top: int,
    purpose: Purpose,
    box: Box | None,
    words: Parse | None,
) -> SearchReply:
    content = photo.file.read(UPLOAD_LIMIT + 1)
    if len(content) > UPLOAD_LIMIT:
        raise TooLarge(UPLOAD_LIMIT)
    try:
        found = service.by_photo(content, where, top, purpose, box, words)
    except SeveralFound as several:
        people = people_out(several.detections)
        message = f"the photo shows {len(people)}: ask again with the box of one of them"
        return SearchReply(message=message, box=None, people=people, hits=[])
    reply = _reply([hit_out(h, picture_address(h.sighting.id)) for h in found.hits])
    return reply.model_copy(update={"box": found.box, "people": people_out(found.detections)})


def _reply(hits: list[HitOut]) -> SearchReply:
    message = "nothing in the archive fits" if not hits else "best first"
    return SearchReply(message=message, box=None, people=[], hits=hits)
