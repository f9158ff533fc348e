"""The part of the configuration that says where things are: positions, gates, paths and how people travel."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from camera_adapters.site import Gate, Position, Region, Way
from models.kinds import Kind
from pipeline.trajectory.travel import SPEEDS, Speed, Travel

Identifier = Annotated[str, Field(pattern=r"^[\w.\-]{1,64}$", description="letters, digits, _ . -; Chinese is welcome")]
_KMH = 3.6


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PositionSettings(_Strict):
    """Degrees in WGS 84, as GPS tells them."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)

    def position(self) -> Position:
        """Return the position as the floors below know it."""
        return Position(self.lon, self.lat)


class RegionSettings(_Strict):
    """A part of the picture, as shares of its width and height from the top left."""

    left: float = Field(default=0.0, ge=0, lt=1)
    top: float = Field(default=0.0, ge=0, lt=1)
    right: float = Field(default=1.0, gt=0, le=1)
    bottom: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("left must be less than right, and top less than bottom")
        return self

    def region(self) -> Region:
        """Return the region as the floors below know it."""
        return Region(self.left, self.top, self.right, self.bottom)


class GateSettings(_Strict):
    """A gate of a community; cameras that name it are where it is."""

    id: Identifier
    community: str = ""
    name: str = ""
    position: PositionSettings | None = None

    def gate(self) -> Gate:
        """Return the gate as the floors below know it."""
        return Gate(self.id, self.community, self.name, self.position.position() if self.position else None)


class PathSettings(_Strict):
    """How far it is from one camera to another on the ground."""

    from_: Identifier = Field(alias="from")
    to: Identifier
    metres: float = Field(ge=0, le=1_000_000)
    one_way: bool = False

    def way(self) -> Way:
        """Return the path as the floors below know it."""
        return Way(self.from_, self.to, self.metres, self.one_way)


class SpeedSettings(_Strict):
    """Speeds of one kind between cameras, in km/h."""

    usual_kmh: float = Field(gt=0, le=300)
    fastest_kmh: float = Field(gt=0, le=300)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fastest_kmh < self.usual_kmh:
            raise ValueError("the fastest speed is below the usual one: exchange them")
        return self


class TravelSettings(_Strict):
    """What is assumed where the site does not say: detours, speeds, and how far clocks differ."""

    detour: float = Field(default=1.3, ge=1, le=5)
    clock_slack_s: float = Field(default=5.0, ge=0, le=600)
    speeds: dict[Kind, SpeedSettings] = {}

    def travel(self) -> Travel:
        """Return the assumptions as the trajectory knows them."""
        told = {kind: Speed(s.usual_kmh / _KMH, s.fastest_kmh / _KMH) for kind, s in self.speeds.items()}
        return Travel(self.detour, self.clock_slack_s, {**SPEEDS, **told})
