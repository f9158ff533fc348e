"""The configuration of one running zhian, as pydantic models; `pipeline.settings_file` reads it from YAML."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from camera_adapters.masking import mask
from camera_adapters.site import Camera, Community
from models.kinds import Kind
from pipeline.alerting.camera_health.settings import HealthSettings
from pipeline.alerting.rules.settings import AnyRule, check_names
from pipeline.alerting.settings import AlertingSettings
from pipeline.site_settings import (
    GateSettings,
    Identifier,
    PathSettings,
    PositionSettings,
    RegionSettings,
    TravelSettings,
)

MEMORY = "memory"
REDIS_SCHEMES = ("redis://", "rediss://")


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance 2026-05-01T12:00:00+08:00")
    return moment


ZonedTime = Annotated[datetime, AfterValidator(_with_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CommunitySettings(_Strict):
    """A residential community."""

    id: Identifier
    name: str = ""
    layout: Literal["closed", "open"] = "closed"


class CameraSettings(_Strict):
    """A camera: where it is, how it is reached and how often it is analysed."""

    id: Identifier
    name: str = ""
    community: str = ""
    gate: str = ""
    source: str = Field(min_length=1, repr=False)
    substream: str | None = Field(default=None, repr=False)
    transport: Literal["tcp", "udp"] = "tcp"
    pace: Literal["real_time", "fast"] = "real_time"
    start: ZonedTime | None = None
    analysis_fps: float = Field(default=5.0, gt=0, le=60)
    position: PositionSettings | None = None
    far_region: RegionSettings | None = None
    rules: tuple[AnyRule, ...] = Field(default=(), max_length=256)
    rules_file: Path | None = None

    @model_validator(mode="after")
    def _one_place_for_rules(self) -> Self:
        if self.rules and self.rules_file is not None:
            raise ValueError("`rules` and `rules_file` exclude each other: keep one")
        check_names(self.rules)
        return self

    @field_validator("source", "substream")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        if value and "://" in value and value.split("://", 1)[0].lower() not in {"rtsp", "rtsps", "file"}:
            raise ValueError(f"{mask(value)} is neither rtsp:// nor rtsps:// nor a path")
        return value

    def camera(self) -> Camera:
        """Return the camera as the adapters know it."""
        return Camera(
            id=self.id,
            source=self.source,
            community=self.community,
            gate=self.gate,
            name=self.name,
            substream=self.substream,
            transport=self.transport,
            pace=self.pace,
            start_ms=None if self.start is None else round(self.start.timestamp() * 1000),
            analysis_fps=self.analysis_fps,
            position=self.position.position() if self.position else None,
            far_region=self.far_region.region() if self.far_region else None,
        )


class ModelSettings(_Strict):
    """Which networks on which engine; None or auto lets the host decide."""

    detector: str | None = None
    person_embedder: str | None = None
    engine: Literal["auto", "onnxruntime", "openvino"] = "auto"
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "tf32"] = "auto"
    threads: int = Field(default=0, ge=0, le=256)


class MotionGateSettings(_Strict):
    """When nothing happens, pictures of live cameras are compared instead of analysed.

    `heartbeat_s`: one picture is analysed this often all the same; above 2 s those who rest are lost. `linger_s`: how
    long after the last movement every picture still is. `key_frames`: decode only key frames meanwhile, where one comes
    every 2.5 s.
    """

    enabled: bool = True
    key_frames: bool = True
    heartbeat_s: float = Field(default=1.5, ge=0.2, le=60)
    linger_s: float = Field(default=2.0, ge=0.5, le=60)


class AnalysisSettings(_Strict):
    """Batching and what counts as a sighting.

    `close_ups`: where a sub-stream is analysed, the best pictures are taken from key frames of the main stream.
    """

    batch_size: int = Field(default=8, ge=1, le=64)
    batch_deadline_ms: int = Field(default=40, ge=0, le=1000)
    min_score: float = Field(default=0.1, ge=0.01, le=0.9)
    min_frames: int = Field(default=3, ge=1)
    min_height_px: int = Field(default=24, ge=8)
    update_every_s: float = Field(default=30.0, gt=0)
    shots: int = Field(default=4, ge=1, le=16)
    motion_gate: MotionGateSettings = MotionGateSettings()
    close_ups: bool = True


class ArchiveSettings(_Strict):
    """Where sightings are kept and for how long: all kinds alike, but for those named in `retention_days_by_kind`."""

    path: Path
    retention_days: int = Field(default=30, ge=1, le=3650)
    retention_days_by_kind: dict[Kind, Annotated[int, Field(ge=1, le=3650)]] = {}


class CoverageSettings(_Strict):
    """The record of what was watched: how often it is written, and which share of dropped frames is too much."""

    beat_s: float = Field(default=10.0, ge=1, le=300)
    shedding_share: float = Field(default=0.5, gt=0, lt=1)


class ApiSettings(_Strict):
    """The HTTP door: loopback unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)
    token_file: Path | None = None


class WatchSettings(_Strict):
    """Watches (布控): how long one may last, and what is taken where it says nothing itself."""

    longest_days: float = Field(default=90, gt=0, le=3660)
    false_alerts_per_day: float = Field(default=1.0, gt=0, le=10_000)
    again_after_s: float = Field(default=600, ge=0, le=86_400)


class CareSettings(_Strict):
    """Residents in care: how long an enrolment may last, and when it is decided that somebody left alone."""

    longest_days: float = Field(default=366, gt=0, le=3660)
    false_alerts_per_day: float = Field(default=1.0, gt=0, le=10_000)
    decide_after_s: float = Field(default=45, ge=5, le=600)


class Settings(_Strict):
    """Everything `zhian run` needs."""

    communities: tuple[CommunitySettings, ...] = ()
    gates: tuple[GateSettings, ...] = ()
    cameras: tuple[CameraSettings, ...] = Field(min_length=1)
    paths: tuple[PathSettings, ...] = ()
    travel: TravelSettings = TravelSettings()
    archive: ArchiveSettings
    models: ModelSettings = ModelSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    coverage: CoverageSettings = CoverageSettings()
    alerting: AlertingSettings = AlertingSettings()
    health: HealthSettings = HealthSettings()
    watches: WatchSettings = WatchSettings()
    care: CareSettings = CareSettings()
    bus: str = Field(default=MEMORY, repr=False)
    api: ApiSettings = ApiSettings()

    @field_validator("bus")
    @classmethod
    def _known_bus(cls, value: str) -> str:
        if value != MEMORY and not value.startswith(REDIS_SCHEMES):
            raise ValueError(f"{mask(value)} is no bus: write `memory` or `redis://HOST:PORT`")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        for name, ids in (("camera", [c.id for c in self.cameras]), ("community", [c.id for c in self.communities])):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{name} {', '.join(twice)} stands there twice: ids must differ")
        known = {c.id for c in self.communities}
        for camera in self.cameras:
            if camera.community and camera.community not in known:
                raise ValueError(f"camera {camera.id} names the community {camera.community}, which is not listed")
        self._check_places(known)
        return self

    def _check_places(self, communities: set[str]) -> None:
        cameras = {camera.id for camera in self.cameras}
        for gate in self.gates:
            if gate.community and gate.community not in communities:
                raise ValueError(f"gate {gate.id} names the community {gate.community}, which is not listed")
        for path in self.paths:
            strangers = [end for end in (path.from_, path.to) if end not in cameras]
            if strangers:
                raise ValueError(f"a path leads to {strangers[0]}, which is no camera here: paths join cameras by id")

    @property
    def site(self) -> tuple[tuple[Community, ...], tuple[Camera, ...]]:
        """Communities and cameras as the adapters know them."""
        communities = tuple(Community(c.id, c.name, c.layout) for c in self.communities)
        return communities, tuple(c.camera() for c in self.cameras)
