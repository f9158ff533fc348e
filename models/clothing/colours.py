"""Names and codes of colours: ColorType of GA/T 1400.3, as CoatColor and TrousersColor carry it."""

from collections.abc import Mapping
from types import MappingProxyType

COLOURS = (
    "black",
    "white",
    "grey",
    "red",
    "blue",
    "yellow",
    "orange",
    "brown",
    "green",
    "purple",
    "cyan",
    "pink",
)
# The standard counts them from 1 in this order. "unknown" has no code: an optional field that was not seen is left out.
COLOUR_CODES: Mapping[str, int] = MappingProxyType({name: number for number, name in enumerate(COLOURS, start=1)})
