"""The colours of a person's clothing: what is worn above and below the waist, by the names of GA/T 1400."""

from models.attributes import UNKNOWN
from models.clothing.colours import COLOUR_CODES, COLOURS
from models.clothing.reader import LOWER, UPPER, ClothingReader, load_clothing_reader

__all__ = ["COLOURS", "COLOUR_CODES", "LOWER", "UNKNOWN", "UPPER", "ClothingReader", "load_clothing_reader"]
