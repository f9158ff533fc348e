"""The places and devices of a deployment: community, gate, camera."""

from dataclasses import dataclass, field
from typing import Literal

Transport = Literal["tcp", "udp"]
Pace = Literal["real_time", "fast"]


@dataclass(frozen=True, slots=True)
class Community:
    """A residential community (小区); `layout` tells a walled one from one with open road mouths."""

    id: str
    name: str = ""
    layout: Literal["closed", "open"] = "closed"


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the map: degrees in WGS 84, as GPS tells them (Chinese map services show GCJ-02, 300-500 m off)."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, as shares 0..1 of its width and height from the top left; left < right, top < bottom."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate (卡口) of a community; its cameras are where it is, unless they say otherwise."""

    id: str
    community: str = ""
    name: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How far it is on the ground from one camera to another, in metres; both ways unless `one_way`."""

    from_id: str
    to_id: str
    metres: float
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera as configured.

    `source` is an `rtsp://` or `rtsps://` address, or the path of a recording or of a folder of recordings.
    It may hold a password: it is left out of the repr, and only `camera_adapters.masking` may print it.
    `substream` is analysed instead of `source` when given. `start_ms` (UTC epoch milliseconds) is the wall-clock
    time of the first frame of a recording; None means the file's modification time less its duration.
    `far_region`: where people are small, looked at a second time from near.
    """

    id: str
    source: str = field(repr=False)
    community: str = ""
    gate: str = ""
    name: str = ""
    substream: str | None = field(default=None, repr=False)
    transport: Transport = "tcp"
    pace: Pace = "real_time"
    start_ms: int | None = None
    analysis_fps: float = 5.0
    position: Position | None = None
    far_region: Region | None = None

    @property
    def analysed_source(self) -> str:
        """The address that is decoded: the sub-stream where there is one."""
        return self.substream or self.source
