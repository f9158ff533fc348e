"""Was somebody watching? Per camera, for the time that was asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.archive.contract import Archive
from pipeline.archive.journal import Journal
from pipeline.coverage.intervals import Interval, State
from pipeline.coverage.lanes import Intervals, lanes
from pipeline.errors import BadTimeRange

MOST_CAMERA_DAYS = 10_000  # of one search's answer: a county's day takes about a second
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """How one camera fared in [from_ms, to_ms): `intervals` are a partition of it.

    Every sighting that began before `watermark_ms` is stored, except in intervals that say otherwise; None when there
    is no record of this camera in that time.
    """

    camera_id: str
    from_ms: int
    to_ms: int
    intervals: Intervals
    watermark_ms: int | None

    @property
    def watched_ms(self) -> int:
        """How long it was watched, in milliseconds."""
        return self.intervals.watched_ms

    @property
    def share_watched(self) -> float:
        """Return 0..1: the part of the asked time in which nobody can have passed unseen for want of watching."""
        return self.watched_ms / (self.to_ms - self.from_ms)

    @property
    def gaps(self) -> tuple[Interval, ...]:
        """The intervals in which "not seen" means nothing or little."""
        return tuple(each for each in self.intervals if each.state is not State.LIVE)


@dataclass(frozen=True, slots=True)
class Watching:
    """What was watched where a search looked; `shortened`: in the last part of a longer time only."""

    cameras: Sequence[CameraCoverage]
    shortened: bool = False


def coverage(journal: Journal, cameras: Sequence[str], from_ms: int, to_ms: int) -> list[CameraCoverage]:
    """Return the coverage of each camera asked for, in that order; raises BadTimeRange for an empty time.

    A camera without any record in the journal is answered too: unknown, never heard of.
    """
    if to_ms <= from_ms:
        raise BadTimeRange
    if not cameras:
        return []
    spans = journal.table(from_ms, to_ms, cameras)
    watermarks = np.full(len(cameras), -1, np.int64)
    np.maximum.at(watermarks, spans.camera, np.minimum(spans.indexed_ms, to_ms))
    heard = watermarks >= 0
    if not heard.all():
        known = set(journal.cameras())
        heard |= np.array([camera in known for camera in cameras])
    of_all = lanes(spans, len(cameras), from_ms, to_ms, heard)
    return [
        CameraCoverage(camera, from_ms, to_ms, Intervals(of_all, number), None if watermark < 0 else watermark)
        for number, (camera, watermark) in enumerate(zip(cameras, watermarks.tolist(), strict=True))
    ]


def archive_coverage(
    archive: Archive, cameras: Sequence[str], from_ms: int | None, to_ms: int | None, configured: Iterable[str] = ()
) -> list[CameraCoverage]:
    """Return what was watched of these cameras, or of all that are configured, seen or recorded.

    An open end is where the records begin or end; empty when there are none. Raises BadTimeRange.
    """
    journal = archive.journal
    chosen = cameras or sorted({*configured, *archive.cameras(), *journal.cameras()})
    asked = asked_time(journal, cameras, from_ms, to_ms)
    return [] if asked is None else coverage(journal, list(dict.fromkeys(chosen)), *asked)


def recent_coverage(
    archive: Archive, cameras: Sequence[str], from_ms: int | None, to_ms: int | None, configured: Sequence[str]
) -> Watching:
    """Return the same as `archive_coverage`, for no more than MOST_CAMERA_DAYS: of a longer time its last part."""
    chosen = list(dict.fromkeys(cameras or configured))
    time = asked_time(archive.journal, cameras, from_ms, to_ms)
    if time is None or not chosen:
        return Watching([])
    began_ms, ended_ms = time
    least_ms = ended_ms - round(_DAY_MS * MOST_CAMERA_DAYS / len(chosen))
    shortened = began_ms < least_ms
    return Watching(coverage(archive.journal, chosen, max(began_ms, least_ms), ended_ms), shortened)


def asked_time(
    journal: Journal, cameras: Sequence[str], from_ms: int | None, to_ms: int | None
) -> tuple[int, int] | None:
    """Return the time a question means that leaves an end open: from the first record on, up to the last.

    None when no record tells; a question with both ends is returned as it is.
    """
    if from_ms is not None and to_ms is not None:
        return from_ms, to_ms
    extent = journal.extent(cameras) or journal.extent()
    if extent is None:
        return None
    first = extent[0] if from_ms is None else from_ms
    last = extent[1] if to_ms is None else to_ms
    return (first, last) if first < last else None
