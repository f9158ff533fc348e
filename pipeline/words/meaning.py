"""What a description turned out to mean, piece by piece."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.kinds import Kind
from pipeline.archive.contract import SightingFilter

Values = Mapping[str, frozenset[str]]


class Role(StrEnum):
    """What a piece of the text is for."""

    COLOUR = "colour"
    SHADE = "shade"
    LENGTH = "length"
    GARMENT = "garment"
    ATTRIBUTE = "attribute"
    WHO = "who"
    VEHICLE = "vehicle"
    TIME = "time"
    PLACE = "place"
    PLATE = "plate"
    REFUSED = "refused"
    NEGATION = "negation"
    OR = "or"
    FILLER = "filler"
    BREAK = "break"
    UNSEARCHED = "unsearched"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A camera or a community of the site, and the names people use for it."""

    id: str
    names: tuple[str, ...]
    is_camera: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece [start, end) of the text as written, and what it says, such as `upper_colour=red`."""

    start: int
    end: int
    text: str
    role: Role
    says: str


@dataclass(frozen=True, slots=True)
class Parse:
    """A description understood. Times are UTC epoch ms, half-open.

    `wanted` and `without` hold values by attribute. Several values of one attribute: any of them.
    Colours (black, white, grey, red, blue, yellow, orange, brown, green, purple, cyan, pink): upper_colour,
    lower_colour, any_colour (of clothes, the part not said), colour (of a vehicle), plate_colour, hair_colour,
    eye_colour, and hat_, bag_, shoe_, sock_, umbrella_, scarf_, glove_, tie_, belt_, mask_, glasses_colour.
    yes: hat, bag, umbrella, scarf, tie, gloves, glasses, mask, cane, wheelchair, pushchair, dog, phone, beard.
    upper_length, lower_length: short, long. lower_kind: skirt, trousers. age: elderly (60 on), adult, child (to 17).
    gender: female, male. hair: long, short, curly, white, bald. build: fat, thin. height: tall, short.
    pattern: striped, checked, flowered, dotted, printed, plain. type: car, suv, van, truck, bus, e_bike, bicycle,
    motorcycle, tricycle. brand: audi, bmw, …. Of a person's vehicle: vehicle (its type), vehicle_colour, vehicle_brand.
    plate: as it was said; `?` is a character that was not read, `*` any number of them.
    Every character of the text that is no space or punctuation is in one part.
    """

    text: str
    kind: Kind | None
    wanted: Values
    without: Values
    from_ms: int | None
    to_ms: int | None
    cameras: tuple[str, ...]
    communities: tuple[str, ...]
    plate: str | None
    parts: tuple[Part, ...]

    @property
    def unknown(self) -> tuple[Part, ...]:
        """What was not understood."""
        return tuple(part for part in self.parts if part.role is Role.UNKNOWN)

    @property
    def unsearched(self) -> tuple[Part, ...]:
        """What is known for a thing that nothing is searched by: a guitar, a height, a telephone number, a reward."""
        return tuple(part for part in self.parts if part.role is Role.UNSEARCHED)

    @property
    def refused(self) -> tuple[Part, ...]:
        """What is not searched for, on purpose: ethnicity, religion, health."""
        return tuple(part for part in self.parts if part.role is Role.REFUSED)

    @property
    def where(self) -> SightingFilter:
        """The filter the words amount to."""
        return SightingFilter(self.kind, self.from_ms, self.to_ms, self.cameras, self.communities)
