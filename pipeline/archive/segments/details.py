"""All that a hit shows of a row, kept in the segment: a search need not look its hits up in the database."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kinds import Kind
from pipeline.archive.look_columns import LookColumns
from pipeline.archive.making import made
from pipeline.archive.rows import looks_of
from pipeline.archive.segments.runs import RunName
from pipeline.sighting import Shot, Sighting, TrackletKey

DETAIL = np.dtype(
    [
        ("session", "<u4"),
        ("track_id", "<i8"),
        ("first_seen_ms", "<i8"),
        ("shot_at_ms", "<i8"),
        ("left", "<f8"),
        ("top", "<f8"),
        ("right", "<f8"),
        ("bottom", "<f8"),
        ("shot_score", "<f8"),
        ("shot_quality", "<f8"),
        ("frame_width", "<i4"),
        ("frame_height", "<i4"),
        ("frames", "<i4"),
        ("open", "?"),
        ("whole", "?"),  # nothing else is known of the row
    ]
)
DetailArray = NDArray[np.void]
DETAIL_COLUMNS = DETAIL.names[1:-1] if DETAIL.names else ()  # those that are in the database as they are here
_KINDS = {kind.value: kind for kind in Kind}


def detail_rows(sessions: Sequence[int], columns: Sequence[Sequence[Any]], attributes: Sequence[str]) -> DetailArray:
    """Return the details of rows: numbers of sessions, DETAIL_COLUMNS and what the column of attributes says."""
    rows = np.zeros(len(sessions), DETAIL)
    rows["session"] = sessions
    for name, column in zip(DETAIL_COLUMNS, columns, strict=True):
        rows[name] = column
    rows["whole"] = [_all_sure(text) for text in attributes]
    return rows


def _all_sure(attributes: str) -> bool:
    """Tell whether every attribute has its confidence and no other has: then looks by number say it all."""
    values, confidence = looks_of(attributes)
    return values.keys() == confidence.keys()


class Details:
    """What is said of the rows of a segment; `sessions` by number, looks as columns."""

    def __init__(self, rows: DetailArray, sessions: NDArray[np.bytes_], looks: LookColumns) -> None:
        self._rows = rows
        self._sessions = sessions
        self._looks = [
            (name, numbers, ["", *(table.names[value] for value in table.value[1:].tolist())], table.sure.tolist())
            for name, (numbers, table) in looks.items()
        ]

    def sightings(
        self,
        places: NDArray[np.int64],
        ids: Sequence[str],
        revisions: Sequence[int],
        last_ms: Sequence[int],
        runs: Sequence[RunName],
    ) -> list[Sighting | None]:
        """Return the sightings at some places, one at least; None for one that only the database knows wholly."""
        count = len(places)
        rows = self._rows.take(places, mode="clip").tolist()
        session, track_id, first_ms, shot_at_ms, *rest = zip(*rows, strict=True)
        left, top, right, bottom, score, quality, width, height, frames, is_open, whole = rest
        kinds, communities, cameras = zip(*runs, strict=True)
        keys = made(TrackletKey, count, cameras, [self._sessions[number].decode() for number in session], track_id)
        shots = made(Shot, count, shot_at_ms, zip(left, top, right, bottom, strict=True), score, quality)
        found = made(
            Sighting,
            count,
            ids,
            keys,
            map(_KINDS.__getitem__, kinds),
            communities,
            first_ms,
            last_ms,
            shots,
            zip(width, height, strict=True),
            frames,
            revisions,
            is_open,
            *self._worn(places),
        )
        return [each if known else None for each, known in zip(found, whole, strict=True)]

    def _worn(self, places: NDArray[np.int64]) -> tuple[list[dict[str, str]], list[dict[str, float]]]:
        """Return attributes and their confidence."""
        attributes: list[dict[str, str]] = [{} for _ in range(len(places))]
        confidence: list[dict[str, float]] = [{} for _ in range(len(places))]
        for name, numbers, values, sure in self._looks:
            for said, how_sure, number in zip(
                attributes, confidence, numbers.take(places, mode="clip").tolist(), strict=True
            ):
                if number:
                    said[name] = values[number]
                    how_sure[name] = sure[number]
        return attributes, confidence
