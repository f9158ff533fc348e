"""/v1/watches: standing queries (布控) that raise alerts until they expire or are withdrawn."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, Response, UploadFile, status

from models.kinds import Kind
from pipeline.alerting.alert import Severity
from pipeline.alerting.watches import WatchState
from pipeline.archive.contract import SightingFilter
from search_api.curve_picture import curve_svg
from search_api.errors import BadInput
from search_api.inputs import parse_box, parse_time
from search_api.routes.dependencies import JPEG_REPLY, Purposed, content_of, problems
from search_api.watch_service import WatchService, WatchWish
from search_api.wire.watches import CurveOut, WatchHitOut, WatchOut, curve_out, watch_hit_out, watch_out

router = APIRouter(prefix="/v1/watches", tags=["watches"])
FIELDS = {
    "photo", "sighting_id", "box", "words", "plate", "name", "reason", "expires", "from", "to", "camera", "community",
    "kind", "false_alerts_per_day", "again_after_s", "severity",
}  # fmt: skip
WatchId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["9f2c41d07a6b83e5"])]


def _watches(request: Request) -> WatchService:
    service: WatchService = request.app.state.watches
    return service


Watches = Annotated[WatchService, Depends(_watches)]


async def _only_known_fields(request: Request) -> None:
    unknown = sorted(set(await request.form()) - FIELDS)
    if unknown:
        raise BadInput(f"unknown field {', '.join(unknown)}: known are {', '.join(sorted(FIELDS))}")


def _where(
    from_: Annotated[str | None, Form(alias="from", description="watch only from then on; ISO 8601")] = None,
    to: Annotated[str | None, Form(description="watch only until then; ISO 8601")] = None,
    camera: Annotated[list[str] | None, Form(description="only these cameras")] = None,
    community: Annotated[list[str] | None, Form(description="only these communities")] = None,
    kind: Annotated[Kind | None, Form(description="person; with a plate motor_vehicle")] = None,
) -> SightingFilter:
    return SightingFilter(
        kind,
        parse_time(from_) if from_ else None,
        parse_time(to) if to else None,
        tuple(c for c in camera or () if c),
        tuple(c for c in community or () if c),
    )


def _wish(
    where: Annotated[SightingFilter, Depends(_where)],
    expires: Annotated[str, Form(description="when it ends by itself; ISO 8601", examples=["2026-05-08T12:00+08:00"])],
    photo: Annotated[list[UploadFile] | None, File(description="JPEG, PNG, BMP or WebP, at most 20 MB in all")] = None,
    sighting_id: Annotated[list[str] | None, Form(description="sightings that show the same one")] = None,
    box: Annotated[str | None, Form(description="left,top,right,bottom in the photo")] = None,
    words: Annotated[str, Form(max_length=500, description="clothes, as in a search; all must agree")] = "",
    plate: Annotated[str, Form(max_length=20, examples=["浙F12345"])] = "",
    name: Annotated[str, Form(max_length=80, description="unique; made up when left out")] = "",
    false_alerts_per_day: Annotated[float | None, Form(gt=0, le=10_000, description="how many can be borne")] = None,
    again_after_s: Annotated[float | None, Form(ge=0, le=86_400, description="a return after so long is told")] = None,
    severity: Annotated[str, Form(pattern="^(low|medium|high|critical)$")] = "high",
) -> WatchWish:
    return WatchWish(
        where,
        parse_time(expires),
        [content_of(each) for each in photo or ()],
        parse_box(box) if box else None,
        tuple(sighting_id or ()),
        words,
        plate,
        name,
        false_alerts_per_day,
        again_after_s,
        Severity[severity.upper()],
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(_only_known_fields)],
    responses=problems(401, 404, 409, 413, 422, 503),
    summary="Look out for somebody from now on",
)
def add(watches: Watches, wish: Annotated[WatchWish, Depends(_wish)], purpose: Purposed) -> WatchOut:
    """Send a photo or several of the same one, ids of sightings, words, a plate, or a combination: all must agree.

    Every sighting stored from now on is looked at within a second. A visit raises one alert; so does a return after
    `again_after_s`, and the first sighting at another camera. The threshold follows from `false_alerts_per_day`: see
    the curve. When the photo shows several people, send the `box` of one. The watch is kept in the search log.
    """
    watch = watches.add(wish, purpose)
    return watch_out(watch, watches.search.now_ms(), 0)


@router.get("", responses=problems(401, 422), summary="Watches, the youngest first")
def listed(
    watches: Watches,
    state: Annotated[WatchState | None, Query(description="only those in this state")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[WatchOut]:
    """Return watches; those that are over keep their record, without photos."""
    now_ms, alerts = watches.search.now_ms(), watches.alerts_raised()
    found = [watch_out(watch, now_ms, alerts.get(watch.id, 0)) for watch in watches.book.all()]
    return [each for each in found if state is None or each.state == state][:limit]


@router.get("/{watch_id}", responses=problems(401, 404, 422), summary="One watch")
def one(watch_id: WatchId, watches: Watches) -> WatchOut:
    """Return a watch."""
    alerts = watches.alerts_raised().get(watch_id, 0)
    return watch_out(watches.book.get(watch_id), watches.search.now_ms(), alerts)


@router.post("/{watch_id}/withdraw", responses=problems(401, 404, 422), summary="End a watch before its time")
def withdraw(watch_id: WatchId, watches: Watches, purpose: Purposed) -> WatchOut:
    """Erase its photos and their description, and look out no more. Who withdrew it and why is kept."""
    watch = watches.withdraw(watch_id, purpose)
    return watch_out(watch, watches.search.now_ms(), watches.alerts_raised().get(watch_id, 0))


@router.get("/{watch_id}/hits", responses=problems(401, 404, 422), summary="What a watch found")
def hits(watch_id: WatchId, watches: Watches, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[WatchHitOut]:
    """Return the sightings taken for the one looked for, newest first."""
    return [watch_hit_out(hit) for hit in watches.hits(watch_id, limit=limit)]


@router.get("/{watch_id}/curve", responses=problems(401, 404, 422), summary="What the budget of a watch means")
def curve(watch_id: WatchId, watches: Watches) -> CurveOut:
    """Return false alerts a day and expected hits over the threshold, and what they rest on."""
    watch = watches.book.get(watch_id)
    return curve_out(watch, watches.cost(watch))


@router.get(
    "/{watch_id}/curve.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problems(401, 404, 422)},
    summary="The curve as a picture",
)
def curve_picture(watch_id: WatchId, watches: Watches) -> Response:
    """Return an SVG."""
    watch = watches.book.get(watch_id)
    calibration = watches.cost(watch).calibration
    if calibration is None:
        raise BadInput("a watch without photos has no threshold and no curve")
    return Response(curve_svg(calibration, watch.name), media_type="image/svg+xml")


@router.get(
    "/{watch_id}/photos/{place}",
    response_class=Response,
    responses={**JPEG_REPLY, **problems(401, 404, 422)},
    summary="A photo of a watch, cut to the one looked for",
)
def photo(watch_id: WatchId, place: Annotated[int, Path(ge=0, le=99)], watches: Watches) -> Response:
    """Return a JPEG; there is none after the watch's end."""
    return Response(watches.book.crop(watch_id, place), media_type="image/jpeg")
