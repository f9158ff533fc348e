"""Rules as they are configured: one model a kind, in pixels of the picture, seconds and object heights."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from models.kinds import Kind
from pipeline.alerting.alert import Severity
from pipeline.alerting.rules.geometry import crossing_edges, polygon_area
from pipeline.alerting.rules.schedule import Hours

Point = tuple[FiniteFloat, FiniteFloat]
Seconds = Annotated[FiniteFloat, Field(ge=0, le=86_400)]
SeverityName = Literal["low", "medium", "high", "critical"]


def _segment(line: tuple[Point, Point]) -> tuple[Point, Point]:
    if line[0] == line[1]:
        raise ValueError("both ends are the same point: a line needs two different ones")
    return line


def _polygon(zone: tuple[Point, ...]) -> tuple[Point, ...]:
    if len(zone) > 1 and zone[0] == zone[-1]:
        zone = zone[:-1]  # some tools close a ring by repeating its first corner
    if len(zone) < 3:
        raise ValueError(f"a zone needs at least 3 corners, this one has {len(zone)}")
    for i, corner in enumerate(zone):
        if corner == zone[i - 1]:
            raise ValueError(f"corner {i + 1} repeats the one before it: leave it out")
    edges = crossing_edges(zone)
    if edges is not None:
        raise ValueError(f"edges {edges[0]} and {edges[1]} meet: list the corners in order around the zone")
    if polygon_area(np.asarray(zone, np.float64)) < 1.0:
        raise ValueError("the zone has no area")
    return zone


Line = Annotated[tuple[Point, Point], AfterValidator(_segment)]
Zone = Annotated[tuple[Point, ...], Field(max_length=64), AfterValidator(_polygon)]


class RuleSettings(BaseModel):
    """What all rules share.

    objects: kinds that count. min_height_px: smaller objects do not count. schedule: when the rule counts, None is
    always. severity None is the kind's own. enabled false keeps the rule without running it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    kind: str
    objects: tuple[Kind, ...] = Field(default=(Kind.PERSON,), min_length=1)
    min_height_px: FiniteFloat = Field(default=0.0, ge=0)
    schedule: Hours | None = None
    severity: SeverityName | None = None
    enabled: bool = True

    def severity_or(self, usual: Severity) -> Severity:
        """Return the configured severity, or the usual one of the kind."""
        return usual if self.severity is None else Severity[self.severity.upper()]

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point the rule names, to be checked against the picture."""
        drawn = (getattr(self, part, None) or () for part in ("line", "zone", "heading"))
        return tuple(point for part in drawn for point in part)


class LineCrossingSettings(RuleSettings):
    """Somebody crosses a line; `+` is towards the side where (b - a) x (p - a) is positive: right of a→b, y down."""

    kind: Literal["line_crossing"]
    line: Line
    direction: Literal["+", "-", "both"] = "both"


class CountingSettings(RuleSettings):
    """Counts who goes in (`in_direction`) and out over a line; an alert only when more than `limit` are inside."""

    kind: Literal["counting"]
    line: Line
    in_direction: Literal["+", "-"] = "+"
    limit: int | None = Field(default=None, ge=1)


class Night(Hours):
    """Hours in which a shorter stay is enough."""

    min_dwell_s: Seconds


class ZoneSettings(RuleSettings):
    """Somebody is in a zone for `min_dwell_s`; `min_moved`: and moved so many heights since the entry."""

    zone: Zone
    min_dwell_s: Seconds = 1.0
    min_moved: FiniteFloat = Field(default=0.0, ge=0)
    night: Night | None = None

    def needed_s(self, at_ms: int) -> float:
        """Return the dwell that counts at this moment (UTC epoch milliseconds)."""
        return self.night.min_dwell_s if self.night is not None and self.night.covers(at_ms) else self.min_dwell_s


class IntrusionSettings(ZoneSettings):
    """Somebody enters a zone."""

    kind: Literal["intrusion"]


class LoiteringSettings(ZoneSettings):
    """Somebody stays in a zone for long."""

    kind: Literal["loitering"]
    min_dwell_s: Seconds = 60.0


class FireLaneSettings(ZoneSettings):
    """A vehicle stands in a fire lane (消防通道占用): it moved at most `max_moved` heights for `min_dwell_s`."""

    kind: Literal["fire_lane_blocked"]
    objects: tuple[Kind, ...] = Field(default=(Kind.MOTOR_VEHICLE,), min_length=1)
    min_dwell_s: Seconds = 60.0
    max_moved: FiniteFloat = Field(default=0.5, gt=0)


class EBikeSettings(ZoneSettings):
    """An e-bike or another non-motor vehicle is in a doorway, hall or lift (电动车入楼)."""

    kind: Literal["e_bike_indoors"]
    objects: tuple[Kind, ...] = Field(default=(Kind.NON_MOTOR_VEHICLE,), min_length=1)


class CrowdSettings(RuleSettings):
    """At least `limit` stand in a zone for `min_dwell_s`; told again only after `calm_s` below the limit."""

    kind: Literal["crowd"]
    zone: Zone
    limit: int = Field(ge=2)
    min_dwell_s: Seconds = 3.0
    calm_s: Seconds = 30.0


class RunningSettings(RuleSettings):
    """Somebody is faster than `min_speed`, in object heights per second, for `min_dwell_s`."""

    kind: Literal["running"]
    zone: Zone | None = None
    min_speed: FiniteFloat = Field(default=1.6, gt=0, le=100)
    min_dwell_s: Seconds = 0.8


class WrongWaySettings(RuleSettings):
    """Somebody goes against `heading` (from, to) over `min_moved` heights, inside the zone where there is one."""

    kind: Literal["wrong_way"]
    heading: Line
    zone: Zone | None = None
    min_moved: FiniteFloat = Field(default=1.0, gt=0, le=100)


class FallSettings(RuleSettings):
    """Experimental: an upright person becomes a lying box within `within_s` and stays so for `min_dwell_s`."""

    kind: Literal["fall"]
    zone: Zone | None = None
    within_s: Seconds = 1.5
    min_dwell_s: Seconds = 2.0


class ObjectSettings(RuleSettings):
    """A thing was left behind, or taken away, and nobody is near it for `min_dwell_s`.

    min_area and max_area: parts of the picture. brought_within_s: somebody was near it so shortly before it came to
    rest; light and shadow come alone.
    """

    kind: Literal["abandoned_object", "removed_object"]
    zone: Zone | None = None
    min_dwell_s: Seconds = 10.0
    min_area: FiniteFloat = Field(default=0.0005, gt=0, lt=1)
    max_area: FiniteFloat = Field(default=0.05, gt=0, le=1)
    brought_within_s: Seconds = 30.0


AnyRule = Annotated[
    LineCrossingSettings
    | CountingSettings
    | IntrusionSettings
    | LoiteringSettings
    | FireLaneSettings
    | EBikeSettings
    | CrowdSettings
    | RunningSettings
    | WrongWaySettings
    | FallSettings
    | ObjectSettings,
    Field(discriminator="kind"),
]


class RuleList(BaseModel):
    """The rules of one camera, or of one recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[AnyRule, ...] = Field(min_length=1, max_length=256)

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        check_names(self.rules)
        return self


def check_names(rules: Sequence[RuleSettings]) -> None:
    """Raise ValueError when two rules have one name."""
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"rule {', '.join(f'`{n}`' for n in twice)} stands there twice: names must differ")


def as_array(points: tuple[Point, ...]) -> NDArray[np.float64]:
    """Return float64 (k, 2)."""
    return np.asarray(points, np.float64)
