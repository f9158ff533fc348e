"""Words of a description, Chinese or English, made into a filter and wanted looks."""

from pipeline.words.meaning import Parse, Part, Place
from pipeline.words.parsing import parse

__all__ = ["Parse", "Part", "Place", "parse"]
