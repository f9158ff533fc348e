"""Coverage on the wire, the same over HTTP and in `--json`."""

from collections.abc import Mapping, Sequence
from heapq import nsmallest

from pydantic import BaseModel, ConfigDict, Field

from pipeline.coverage import CameraCoverage, State, Watching
from pipeline.coverage.sentences import sentence
from search_api.errors import BadInput
from search_api.wire.base import local_zone

MOST_CAMERAS = 100
MOST_INTERVALS = 500


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IntervalOut(_Wire):
    """[from, to) in one state; `reason` says why a camera was down, or in which way it is unknown."""

    from_ms: int
    to_ms: int
    state: State
    reason: str = ""


class CameraCoverageOut(_Wire):
    """How one camera fared: `intervals` cover the asked time without gap or overlap, UTC epoch ms."""

    camera: str
    name: str = ""
    share_watched: float = Field(description="0 to 1: live and indexed")
    watermark_ms: int | None = Field(description="sightings that began before are indexed; null without any record")
    intervals: list[IntervalOut]
    intervals_left_out: int = Field(
        default=0, description="over 500 are left out of a search's reply: ask /v1/coverage"
    )


class CoverageOut(_Wire):
    """What was watched. Only `live` is an answer to "not seen"; every other state means "not watched" or not all.

    `live`: watched and indexed. `shedding`: too many frames dropped. `behind`: filmed, not indexed. `down`: no
    pictures. `unknown`: no record, because the camera was not configured or zhian did not run.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_ms": 0,
                    "to_ms": 7200000,
                    "zh": "北门 09:00–09:40 断线（拒绝连接），有效看守 67 %。",
                    "en": "North gate 09:00–09:40 down (refused), watched 67 % of the time.",
                    "share_watched": 0.6667,
                    "cameras": [
                        {
                            "camera": "north-gate",
                            "name": "North gate",
                            "share_watched": 0.6667,
                            "watermark_ms": 7200000,
                            "intervals": [
                                {"from_ms": 0, "to_ms": 3600000, "state": "live", "reason": ""},
                                {
                                    "from_ms": 3600000,
                                    "to_ms": 6000000,
                                    "state": "down",
                                    "reason": "refused",
                                },
                                {"from_ms": 6000000, "to_ms": 7200000, "state": "live", "reason": ""},
                            ],
                        }
                    ],
                }
            ]
        }
    )

    from_ms: int | None = Field(description="the asked time, UTC epoch ms; null when no record tells what was meant")
    to_ms: int | None
    zh: str = Field(description="one line to read; times are those of the server's zone")
    en: str
    share_watched: float = Field(description="0 to 1, the mean over the cameras")
    cameras: list[CameraCoverageOut]
    cameras_left_out: int = Field(
        default=0, description="the best watched beyond 100, in the reply of a search; those of the pages behind this"
    )
    shortened: bool = Field(
        default=False, description="a search over very many camera-days: only the last part of its time is answered"
    )
    next: str | None = Field(default=None, description="`after` of the following page, null on the last")


def coverage_out(
    answers: Sequence[CameraCoverage], names: Mapping[str, str], *, limit: int | None = None, after: str = ""
) -> CoverageOut:
    """Return the wire form of the coverage of cameras that were asked about for the same time, in their order.

    Lines to read and `share_watched` are about all of them; `limit` cameras `after` one are listed. Raises BadInput.
    """
    ids = [each.camera_id for each in answers]
    if after and after not in ids:
        raise BadInput(f"after {after!r} is no camera of this answer: send the `next` of the page before")
    start = ids.index(after) + 1 if after else 0
    end = len(ids) if limit is None else min(start + limit, len(ids))
    shown = [_camera_out(each, names.get(each.camera_id, ""), len(each.intervals)) for each in answers[start:end]]
    following = {"cameras_left_out": len(ids) - end, "next": ids[end - 1] if end < len(ids) else None}
    return _head(answers, names, shown, shortened=False).model_copy(update=following)


def brief_coverage_out(watching: Watching, names: Mapping[str, str]) -> CoverageOut:
    """Return the wire form of what was watched where a search looked.

    The least watched cameras are first, and neither more than 100 nor more than 500 intervals of one are listed.
    """
    worst = nsmallest(MOST_CAMERAS, watching.cameras, key=lambda each: (each.share_watched, each.camera_id))
    shown = [_camera_out(each, names.get(each.camera_id, ""), MOST_INTERVALS) for each in worst]
    left_out = len(watching.cameras) - len(shown)
    head = _head(watching.cameras, names, shown, shortened=watching.shortened)
    return head.model_copy(update={"cameras_left_out": left_out})


def _head(
    answers: Sequence[CameraCoverage], names: Mapping[str, str], shown: list[CameraCoverageOut], *, shortened: bool
) -> CoverageOut:
    zone = local_zone()
    ends = (answers[0].from_ms, answers[0].to_ms) if answers else (None, None)
    return CoverageOut(
        from_ms=ends[0],
        to_ms=ends[1],
        zh=sentence(answers, "zh", zone, names, shortened=shortened),
        en=sentence(answers, "en", zone, names, shortened=shortened),
        share_watched=round(sum(each.share_watched for each in answers) / max(len(answers), 1), 4),
        cameras=shown,
        shortened=shortened,
    )


def _camera_out(answer: CameraCoverage, name: str, most: int) -> CameraCoverageOut:
    intervals = answer.intervals if len(answer.intervals) <= most else ()
    return CameraCoverageOut(
        camera=answer.camera_id,
        name=name,
        share_watched=round(answer.share_watched, 4),
        watermark_ms=answer.watermark_ms,
        intervals=[
            IntervalOut.model_construct(from_ms=each.from_ms, to_ms=each.to_ms, state=each.state, reason=each.reason)
            for each in intervals
        ],
        intervals_left_out=len(answer.intervals) - len(intervals),
    )
