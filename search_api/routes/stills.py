"""The latest picture of a camera: what rules are drawn on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from camera_adapters.stream_state import Status
from pipeline.archive.contract import SearchRecord
from pipeline.errors import NoStill, UnknownCamera
from pipeline.stills import WAIT_S, Stills
from search_api.inputs import iso
from search_api.routes.dependencies import Caller, Service, problems

router = APIRouter(tags=["cameras"])
REASON = "picture of a camera, to draw rules on"
CameraId = Annotated[str, Path(max_length=64, examples=["north-gate"])]


def _stills(request: Request) -> Stills:
    stills: Stills = request.app.state.stills
    return stills


@router.get(
    "/v1/cameras/{camera}/still",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {}},
            "description": "the picture",
            "headers": {"Zhian-Captured-At": {"schema": {"type": "string"}, "description": "ISO 8601, UTC"}},
        },
        **problems(401, 404, 422, 503),
    },
    summary="The latest picture of a camera",
)
def still(camera: CameraId, service: Service, stills: Annotated[Stills, Depends(_stills)], caller: Caller) -> Response:
    """Return a JPEG whose pixels are those in which rules are drawn; of a camera that is down, the last one kept.

    It may show people: who looked when is kept in the search log.
    """
    found = next((report for report in service.cameras() if report.camera.id == camera), None)
    if found is None:
        raise UnknownCamera([camera], service.known_cameras())
    live = found.state.status is Status.LIVE
    latest = stills.latest(camera, WAIT_S if live else 0.0)
    if latest is None:
        raise NoStill(camera, "" if found.state.reason is None else str(found.state.reason))
    what = {"action": "still shown", "camera": camera}
    service.archive.record_search(SearchRecord(service.now_ms(), caller, REASON, what, 0))
    return Response(latest.jpeg, media_type="image/jpeg", headers={"Zhian-Captured-At": iso(latest.captured_at_ms)})
