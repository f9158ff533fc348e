"""What every archive refuses, whatever it is built on."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from models.embeddings import EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive.contract import Query
from pipeline.sighting import Record

FLOAT32 = np.dtype(np.float32)
LENGTH_TOLERANCE = 1e-3
SAFE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")  # it becomes part of a file name and of an address


def check_records(records: Sequence[Record]) -> None:
    """Raise ValueError for an unusable id, an empty picture, or a vector that is not of its space and of length 1."""
    for record in records:
        if not SAFE_ID.fullmatch(record.sighting.id):
            name = record.sighting.id
            raise ValueError(f"sighting id {name!r} cannot be used: letters, digits, - and _ only, at most 64")
        if not record.picture:
            raise ValueError(f"sighting {record.sighting.id} has an empty picture")
        _check_vector(record)


def _check_vector(record: Record) -> None:
    vector, dim = record.vector, record.space.dim
    if vector.dtype != FLOAT32 or vector.shape != (dim,):
        name = record.sighting.id
        raise ValueError(f"sighting {name} has a {vector.dtype} vector {vector.shape}: expected float32 ({dim},)")
    length = math.sqrt(vector.dot(vector))  # faster one by one than stacked, for one record and for thousands
    if not abs(length - 1.0) <= LENGTH_TOLERANCE:  # written so that a NaN is refused too
        raise ValueError(f"sighting {record.sighting.id} has a vector of length {length:.4f}: expected 1")


def check_space(query: Query, used: Mapping[Kind, Sequence[EmbeddingSpace]]) -> None:
    """Raise SpaceMismatch when the archive holds what is asked for in other spaces only."""
    kind = query.where.kind
    known = [space for each, spaces in used.items() if kind in (None, each) for space in spaces]
    if known and query.vectors.space not in known:
        made_with = ", ".join(dict.fromkeys(f"{space.name} ({space})" for space in known))
        raise SpaceMismatch(query.vectors.space, f"this archive, which was made with {made_with},")
