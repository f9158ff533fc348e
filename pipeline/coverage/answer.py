"""Was somebody watching? Per camera, for the time that was asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.archive.contract import Archive
from pipeline.archive.journal import Journal
from pipeline.coverage.intervals import NEVER_HEARD_OF, NO_RECORD, Interval, State, partition
from pipeline.errors import BadTimeRange


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """How one camera fared in [from_ms, to_ms): `intervals` are a partition of it.

    Every sighting that began before `watermark_ms` is stored, except in intervals that say otherwise; None when there
    is no record of this camera in that time.
    """

    camera_id: str
    from_ms: int
    to_ms: int
    intervals: tuple[Interval, ...]
    watermark_ms: int | None

    @property
    def watched_ms(self) -> int:
        """How long it was watched, in milliseconds."""
        return sum(each.length_ms for each in self.intervals if each.state is State.LIVE)

    @property
    def share_watched(self) -> float:
        """Return 0..1: the part of the asked time in which nobody can have passed unseen for want of watching."""
        return self.watched_ms / (self.to_ms - self.from_ms)

    @property
    def gaps(self) -> tuple[Interval, ...]:
        """The intervals in which "not seen" means nothing or little."""
        return tuple(each for each in self.intervals if each.state is not State.LIVE)


def coverage(journal: Journal, cameras: Sequence[str], from_ms: int, to_ms: int) -> list[CameraCoverage]:
    """Return the coverage of each camera asked for, in that order; raises BadTimeRange for an empty time.

    A camera without any record in the journal is answered too: unknown, never heard of.
    """
    if to_ms <= from_ms:
        raise BadTimeRange
    if not cameras:
        return []
    spans = journal.spans(from_ms, to_ms, cameras)
    by_camera = {camera: list(group) for camera, group in groupby(spans, key=lambda span: span.camera_id)}
    known = by_camera.keys() if len(by_camera) == len(cameras) else set(journal.cameras())
    answers = []
    for camera in cameras:
        of_camera = by_camera.get(camera, [])
        otherwise = NO_RECORD if camera in known else NEVER_HEARD_OF
        intervals = partition(of_camera, from_ms, to_ms, otherwise=otherwise)
        watermark = max((min(span.indexed_ms, to_ms) for span in of_camera), default=None)
        answers.append(CameraCoverage(camera, from_ms, to_ms, intervals, watermark))
    return answers


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
