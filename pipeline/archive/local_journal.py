"""The journal in the archive's database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from pipeline.archive.failures import archive_errors
from pipeline.archive.journal import STATES, Span, SpanState, SpanTable
from pipeline.archive.schema import IDS_AT_ONCE, coverage_spans, write

_given = upsert(coverage_spans)
_NOTE = _given.on_conflict_do_update(
    index_elements=["camera_id", "session", "from_ms", "state"],
    set_={name: func.max(coverage_spans.c[name], _given.excluded[name]) for name in ("to_ms", "indexed_ms")},
)
_STATES = {state.value: state for state in SpanState}
_SEPARATOR = "\x1f"
_CODES = " ".join(f"WHEN '{state.value}' THEN {code}" for code, state in enumerate(STATES))
# A camera a row, its spans joined in the database: ten thousand rows instead of a quarter of a million.
_JOINED = f"""
    SELECT asked.key, count(*), group_concat(from_ms), group_concat(to_ms), group_concat(indexed_ms),
        group_concat(CASE state {_CODES} END),
        group_concat(reason, '{_SEPARATOR}')
    FROM json_each(?) AS asked CROSS JOIN coverage_spans ON camera_id = asked.value AND to_ms > ?
    WHERE from_ms < ? GROUP BY asked.key
"""  # noqa: S608 - no text from elsewhere
# From name to name: a scan over all spans of a county's month would take seconds.
_CAMERAS = """
    WITH RECURSIVE known(camera_id) AS (
        SELECT min(camera_id) FROM coverage_spans
        UNION ALL
        SELECT (SELECT min(later.camera_id) FROM coverage_spans AS later WHERE later.camera_id > known.camera_id)
        FROM known WHERE known.camera_id IS NOT NULL
    )
    SELECT camera_id FROM known WHERE camera_id IS NOT NULL
"""


class LocalJournal:
    """A Journal on an open archive's engine; one opened for reading refuses to write with ArchiveError."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def note(self, spans: Sequence[Span]) -> None:
        """Store new spans, and how far known ones have grown; raises ArchiveFull."""
        if not spans:
            return
        with archive_errors(self._folder), write(self._engine) as connection:
            connection.execute(_NOTE, [_row_of(span) for span in spans])

    def spans(self, from_ms: int, to_ms: int, cameras: Sequence[str] = ()) -> list[Span]:
        """Return the spans that overlap [from_ms, to_ms), by camera and start; no cameras means all."""
        overlapping = (coverage_spans.c.from_ms < to_ms) & (coverage_spans.c.to_ms > from_ms)
        found: list[Span] = []
        with self._reading() as connection:
            for part in _parts(sorted(set(cameras))):
                chosen = select(coverage_spans).where(overlapping, *_of(part))
                ordered = chosen.order_by(coverage_spans.c.camera_id, coverage_spans.c.from_ms, coverage_spans.c.to_ms)
                # as the driver gives them: a month of many cameras is tens of thousands of rows
                cursor = connection.execute(ordered).cursor
                rows = cursor.fetchall() if cursor is not None else []
                found += [
                    Span(camera, session, _STATES[state], from_, to, indexed, reason)
                    for camera, session, from_, state, to, indexed, reason in rows
                ]
        return found

    def table(self, from_ms: int, to_ms: int, cameras: Sequence[str]) -> SpanTable:
        """Return the spans of these cameras that overlap [from_ms, to_ms) as columns."""
        with self._reading() as connection:
            rows = connection.exec_driver_sql(_JOINED, (json.dumps(list(cameras)), from_ms, to_ms)).fetchall()
        camera, counts, *numbers, said = zip(*rows, strict=True) if rows else ((),) * 7
        starts, ends, indexed, states = (np.fromstring(",".join(each), np.int64, sep=",") for each in numbers)
        told = _SEPARATOR.join(said).split(_SEPARATOR) if rows else []
        codes = {reason: code for code, reason in enumerate(dict.fromkeys(told))}
        return SpanTable(
            camera=np.repeat(np.array(camera, np.int64), np.array(counts, np.int64)),
            state=states,
            from_ms=starts,
            to_ms=ends,
            indexed_ms=indexed,
            reason=np.fromiter((codes[each] for each in told), np.int64, len(told)),
            reasons=tuple(codes),
        )

    def extent(self, cameras: Sequence[str] = ()) -> tuple[int, int] | None:
        """Return the first start and the last end of the cameras' spans; None when there is none."""
        ends: list[tuple[int, int]] = []
        with self._reading() as connection:
            for part in _parts(sorted(set(cameras))):
                chosen = select(func.min(coverage_spans.c.from_ms), func.max(coverage_spans.c.to_ms)).where(*_of(part))
                ends += [(first, last) for first, last in connection.execute(chosen) if first is not None]
        return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None

    def cameras(self) -> Sequence[str]:
        """Return the ids of all cameras with spans, sorted."""
        with self._reading() as connection:
            return [camera for (camera,) in connection.exec_driver_sql(_CAMERAS)]

    def forget(self, before_ms: int) -> int:
        """Drop the spans that ended before a time; return how many."""
        with archive_errors(self._folder), write(self._engine) as connection:
            return connection.execute(delete(coverage_spans).where(coverage_spans.c.to_ms < before_ms)).rowcount

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with archive_errors(self._folder), self._engine.connect() as connection:
            yield connection


def _row_of(span: Span) -> dict[str, object]:
    return {
        "camera_id": span.camera_id,
        "session": span.session,
        "from_ms": span.from_ms,
        "state": span.state.value,
        "to_ms": span.to_ms,
        "indexed_ms": span.indexed_ms,
        "reason": span.reason,
    }


def _of(cameras: Sequence[str]) -> list[ColumnElement[bool]]:
    return [coverage_spans.c.camera_id.in_(cameras)] if cameras else []


def _parts(cameras: Sequence[str]) -> list[Sequence[str]]:
    """Return the cameras in parts that fit one statement; one empty part, which means all, for none."""
    return [cameras[start : start + IDS_AT_ONCE] for start in range(0, len(cameras), IDS_AT_ONCE)] or [()]
